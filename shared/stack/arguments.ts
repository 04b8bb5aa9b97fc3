// What commands make of their arguments, and how they say that they can't.

import { type ParseArgsConfig, parseArgs } from "node:util";
import { CannotRun } from "../cannot-run.ts";
import { refuse } from "./command-line.ts";

/** The options of a command, as `parseArgs` reads them; `takes` says in words which there are. Throws `CannotRun`. */
export function options<const Known extends NonNullable<ParseArgsConfig["options"]>>(
  takes: string,
  args: readonly string[],
  known: Known,
) {
  return parse(takes, { args: [...args], options: known }).values;
}

/** What `parseArgs` makes of a command line; `takes` says in words what there is. Throws `CannotRun`. */
export function parse<const Wanted extends ParseArgsConfig>(takes: string, wanted: Wanted) {
  try {
    return parseArgs(wanted);
  } catch (error) {
    const [sentence] = (error as Error).message.split(/\.\s|\.$|\n/); // Node goes on with how to write it otherwise.
    throw new CannotRun(`${takes}: ${sentence}.`);
  }
}

/** What this process's arguments ask for; where they can't be understood, it says why, and ends with exit code 2. */
export function understood<Wanted>(read: (args: string[]) => Wanted): Wanted {
  try {
    return read(process.argv.slice(2));
  } catch (error) {
    if (!(error instanceof CannotRun)) throw error;
    process.exit(refuse(error, { err: console.error }));
  }
}

/** The whole number that an option has, between two bounds. Throws `CannotRun`. */
export function whole(option: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < from || number > to)
    throw new CannotRun(`${option} takes a whole number from ${from} to ${to}, not ${text}.`);
  return number;
}

/** The option that was given, one at most. Throws `CannotRun`. */
export function flag<Known extends string>(
  command: string,
  args: readonly string[],
  known: readonly Known[],
) {
  const [option, extra] = args as Known[];
  const takes = known.length > 0 ? `takes ${known.join(" or ")}` : "takes no options";
  if (option !== undefined && !known.includes(option))
    throw new CannotRun(`${command} ${takes}, not ${option}.`);
  if (extra !== undefined) throw new CannotRun(`${command} takes one option at most, not ${extra} as well.`);
  return option;
}

/** The order that a command is about, and whether it answers in JSON. Throws `CannotRun`. */
export function orderIn(command: string, args: readonly string[]): { orderId: string; json: boolean } {
  const takes = `${command} takes the id of one order, and --json`;
  const known = { json: { type: "boolean", default: false } } as const;
  const { values, positionals } = parse(takes, { args: [...args], options: known, allowPositionals: true });
  const [orderId] = positionals;
  if (positionals.length !== 1 || !/^[\w-]{1,64}$/.test(orderId!)) throw new CannotRun(`${takes}.`);
  return { orderId: orderId!.toLowerCase(), json: values.json };
}
