// The commands of `npm run -s flow`: each takes its arguments and returns what to print.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import { stringify } from "yaml";
import { allServices } from "../../apps/services.ts";
import { loadConfig, natsUrl } from "../config.ts";
import { asyncApi } from "../flow/asyncapi.ts";
import { flowMap } from "../flow/map.ts";
import { flowSvg } from "../flow/svg.ts";
import { flowTable, markdownTable } from "../flow/table.ts";
import { natsConf } from "../nats/conf.ts";
import { projectRoot } from "./project.ts";

/** The command line can't be understood: the sentence says why. */
export class Misuse extends Error {}

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

/** The options of a command, as `parseArgs` reads them; `takes` says in words which there are. Throws `Misuse`. */
export function options<const Known extends NonNullable<ParseArgsConfig["options"]>>(
  takes: string,
  args: readonly string[],
  known: Known,
) {
  try {
    return parseArgs({ args: [...args], options: known, strict: true }).values;
  } catch (error) {
    throw new Misuse(`${takes}: ${(error as Error).message.split("\n")[0]}`);
  }
}

/** The whole number that an option has, between two bounds. Throws `Misuse`. */
export function whole(option: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < from || number > to)
    throw new Misuse(`${option} takes a whole number from ${from} to ${to}, not ${text}.`);
  return number;
}

/** The option that was given, one at most. Throws `Misuse`. */
export function flag<Known extends string>(
  command: string,
  args: readonly string[],
  known: readonly Known[],
) {
  const [option, extra] = args as Known[];
  const takes = known.length > 0 ? `takes ${known.join(" or ")}` : "takes no options";
  if (option !== undefined && !known.includes(option))
    throw new Misuse(`${command} ${takes}, not ${option}.`);
  if (extra !== undefined) throw new Misuse(`${command} takes one option at most, not ${extra} as well.`);
  return option;
}

function json(value: unknown): string {
  return JSON.stringify(value, null, 2);
}
