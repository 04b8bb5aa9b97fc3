// The commands of `npm run -s flow`: each takes its arguments and returns what to print.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { stringify } from "yaml";
import { allServices } from "../../apps/services.ts";
import { loadConfig, natsUrl } from "../config.ts";
import { asyncApi } from "../flow/asyncapi.ts";
import { flowMap } from "../flow/map.ts";
import { flowSvg } from "../flow/svg.ts";
import { flowTable, markdownTable } from "../flow/table.ts";
import { natsConf } from "../nats/conf.ts";
import { flag } from "./arguments.ts";
import { projectRoot } from "./project.ts";

const services = allServices(loadConfig({}));

/** Prints the flow as Mermaid or as SVG, or writes both to where they are kept. */
export async function map(args: readonly string[]) {
  const option = flag("map", args, ["--svg", "--write"]);
  if (option === "--svg") return flowSvg(services);
  return option === "--write" ? write() : flowMap(services);
}

async function write() {
  const readme = join(projectRoot, "README.md");
  const svg = join(projectRoot, "docs", "flow.svg");
  const text = readFileSync(readme, "utf8");
  writeFileSync(
    readme,
    text.replace(/```mermaid\n[^`]*```/, () => `\`\`\`mermaid\n${flowMap(services)}\n\`\`\``),
  );
  mkdirSync(dirname(svg), { recursive: true });
  writeFileSync(svg, await flowSvg(services));
  return "README.md and docs/flow.svg are up to date.";
}

/** Prints the reaction tables of all services as one. */
export function table(args: readonly string[]) {
  return flag("table", args, ["--json"]) ? json(flowTable(services)) : markdownTable(services);
}

/** Prints the AsyncAPI document. */
export function asyncapi(args: readonly string[]) {
  const { version } = JSON.parse(readFileSync(join(projectRoot, "package.json"), "utf8"));
  const document = asyncApi(services, { version, host: new URL(natsUrl(loadConfig({}))).host });
  return flag("asyncapi", args, ["--json"])
    ? json(document)
    : stringify(document, { aliasDuplicateObjects: false });
}

/** Prints the users of nats.conf and what each may do. */
export function permissions(args: readonly string[]) {
  flag("permissions", args, []);
  const conf = natsConf(services);
  return conf.slice(conf.search(/^authorization \{/m));
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
