// The commands of `npm run -s flow`: each takes its arguments and returns what to print.

import { readFileSync } from "node:fs";
import { join } from "node:path";
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
import { renew } from "./renew.ts";

const services = allServices(loadConfig({}));

/** Prints the flow as Mermaid or as SVG, or writes both to where they are kept. */
export async function map(args: readonly string[]) {
  const option = flag("map", args, ["--svg", "--write"]);
  if (option === "--svg") return flowSvg(services);
  return option === "--write" ? write() : flowMap(services);
}

async function write() {
  const picture = `\`\`\`mermaid\n${flowMap(services)}\n\`\`\``;
  const text = readFileSync(join(projectRoot, "README.md"), "utf8");
  const readme = renew(
    "README.md",
    text.replace(/```mermaid\n[^`]*```/, () => picture),
  );
  return `${readme}\n${renew("docs/flow.svg", await flowSvg(services))}`;
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
