// `npm run -s schemas -- …`: the command about event schemas. Its words are in USAGE.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { isAbsolute, join, relative, resolve, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { CannotRun } from "../cannot-run.ts";
import { commandIn, type Io as Outputs, refuse, runCommand } from "../stack/command-line.ts";
import { projectRoot } from "../stack/project.ts";
import { check, exitCode } from "./check.ts";
import { type Comparison, compareSources } from "./compare.ts";
import { explain } from "./explain.ts";
import { GENERATED, generate } from "./generate.ts";
import { release } from "./release.ts";
import { count, findingText, text } from "./report/text.ts";
import { type Format, formats } from "./report.ts";
import { readSchema } from "./source.ts";

const USAGE = `\
npm run -s schemas -- COMMAND

  check [EVENT…]          every version against every other that its event's mode names, the lock, and git
    --base REF            the commit that has what was released (default: HEAD, and HEAD^)
    --format FORMAT       text, json, junit or github (default: text)
    --folder DIR          the versioned folder (default: the project's schemas)
  compare READER WRITER   whether READER can read what WRITER writes, by the Avro specification alone
    --format FORMAT       text or json (default: text)
  release                 adds new versions to the lock, if a check finds nothing
    --folder DIR          as above
  generate                writes the TypeScript types of all events
    --check               writes nothing, and says whether they are up to date
  explain [RULE]          what a rule forbids, and why; without RULE, all of them

Exit code: 0 clean, 1 findings, 2 could not run or a schema is not valid Avro.`;

/** Where a command runs and what it says. */
export interface Io extends Outputs {
  /** What relative paths start from. */
  readonly cwd: string;
}

/** What a command was asked for, besides its name. */
interface Call {
  readonly positionals: readonly string[];
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
}

interface Command {
  readonly options: Readonly<Record<string, { type: "string" | "boolean" }>>;
  /** The most arguments it takes. */
  readonly most: number;
  /** Returns the exit code. */
  readonly run: (call: Call, io: Io) => number;
}

const commands: Readonly<Record<string, Command>> = {
  check: {
    options: { base: { type: "string" }, format: { type: "string" }, folder: { type: "string" } },
    most: Number.POSITIVE_INFINITY,
    run: runCheck,
  },
  compare: { options: { format: { type: "string" } }, most: 2, run: runCompare },
  release: { options: { folder: { type: "string" } }, most: 0, run: runRelease },
  generate: { options: { check: { type: "boolean" } }, most: 0, run: runGenerate },
  explain: { options: {}, most: 1, run: runExplain },
};

/** Runs a command line, and returns the exit code. */
export function main(args: readonly string[], io: Io): number {
  try {
    const command = commandIn({ name: "schemas", usage: USAGE, commands }, args, io);
    return command ? command.run(parse(command, args), io) : 0;
  } catch (error) {
    return refuse(explained(error), io);
  }
}

function explained(error: unknown): unknown {
  if (!(error instanceof RangeError && /call stack/.test(error.message))) return error;
  return new CannotRun("A schema's types refer to each other through too many others to be followed.");
}

function runCheck({ positionals, values }: Call, io: Io): number {
  const format = formatOf(values, formats) as Format;
  const report = check({
    ...folderOf(values, io),
    events: positionals,
    base: values.base as string | undefined,
  });
  io.out(formats[format](report));
  return exitCode(report.findings);
}

function runCompare({ positionals, values }: Call, io: Io): number {
  const [reader, writer] = positionals;
  if (!reader || !writer) throw new CannotRun("compare needs two files: compare READER WRITER.");
  const format = formatOf(values, comparisonFormats);
  const read = (file: string) => readSchema(resolve(io.cwd, file), file);
  const comparison = compareSources(read(reader), read(writer));
  io.out(comparisonFormats[format](comparison));
  return { COMPATIBLE: 0, INCOMPATIBLE: 1, INVALID: 2 }[comparison.verdict];
}

const comparisonFormats = {
  text: ({ verdict, findings }: Comparison) =>
    [...findings.map((finding) => `${findingText(finding)}\n`), verdict].join("\n"),
  json: (comparison: Comparison) => JSON.stringify(comparison, null, 2),
};

function runRelease({ values }: Call, io: Io): number {
  const { folder, shown } = folderOf(values, io);
  const report = check({ folder, shown });
  if (report.findings.length > 0) {
    io.out(text(report));
    io.err("Nothing is released while there are findings.");
    return exitCode(report.findings);
  }
  if (report.unreleased.length === 0) {
    io.out("There is nothing to release: the lock has every version.");
    return 0;
  }
  release(folder, report);
  const names = report.unreleased.map(({ event, version }) => `  ${event} v${version}`);
  io.out([`Released ${count(names.length, "version")}:`, ...names].join("\n"));
  return 0;
}

function runGenerate({ values }: Call, io: Io): number {
  const file = join(projectRoot, GENERATED);
  const module = generated();
  if (existsSync(file) && readFileSync(file, "utf8") === module) {
    io.out(`${GENERATED} is up to date.`);
    return 0;
  }
  if (values.check) {
    io.out(`${GENERATED} does not match the schemas: run \`npm run -s schemas -- generate\`.`);
    return 1;
  }
  writeFileSync(file, module);
  io.out(`${GENERATED} is written.`);
  return 0;
}

function generated(): string {
  try {
    return generate(join(projectRoot, "schemas"));
  } catch (error) {
    throw new CannotRun(`The types can't be generated: ${(error as Error).message}`);
  }
}

function runExplain({ positionals }: Call, io: Io): number {
  io.out(explain(positionals[0]));
  return 0;
}

function parse({ options, most }: Command, [name = "", ...args]: readonly string[]): Call {
  const call = parseStrictly(name, options, args);
  const extra = call.positionals[most];
  if (extra !== undefined)
    throw new CannotRun(`${name} does not know what to do with "${extra}"; see --help.`);
  return call;
}

function parseStrictly(name: string, options: Command["options"], args: string[]): Call {
  try {
    return parseArgs({ args, options, allowPositionals: true });
  } catch (error) {
    const sentence = (error as Error).message.split(/\.(?:\s|$)|\n/)[0];
    const its = Object.keys(options).map((option) => `--${option}`);
    throw new CannotRun(`${sentence}. ${name} knows ${its.join(", ") || "no options"}.`);
  }
}

function formatOf<Formats extends object>({ format = "text" }: Call["values"], of: Formats): keyof Formats {
  if (Object.hasOwn(of, format as string)) return format as keyof Formats;
  throw new CannotRun(`There is no format "${format}". The formats are: ${known(of)}.`);
}

/** The versioned folder, and what findings call it: relative to where the command was called, if it is below. */
function folderOf({ folder }: Call["values"], { cwd }: Io): { folder: string; shown: string } {
  const path = folder === undefined ? join(projectRoot, "schemas") : resolve(cwd, folder as string);
  const below = relative(cwd, path) || ".";
  const outside = below.split(sep)[0] === ".." || isAbsolute(below);
  return { folder: path, shown: (outside ? path : below).split(sep).join("/") };
}

function known(of: object): string {
  return Object.keys(of).join(", ");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await runCommand((args, io) => main(args, { ...io, cwd: process.env.INIT_CWD ?? process.cwd() }));
}
