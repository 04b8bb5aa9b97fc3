// What the commands that try the real stack have in common: they tell how it goes, end when they are told to, and judge.

import { randomInt } from "node:crypto";
import { SEEDS } from "../flow/simulate/simulate.ts";
import { Misuse, whole } from "./arguments.ts";

/** A way to try the stack. */
export interface Trial<Wanted, Run extends { readonly broken: readonly string[] }> {
  /** What the arguments ask for. Throws `Misuse`. */
  readonly optionsOf: (args: readonly string[]) => { readonly wanted: Wanted; readonly json: boolean };
  readonly run: (wanted: Wanted, say: (line: string) => void, signal: AbortSignal) => Promise<Run>;
  readonly reportOf: (run: Run) => string;
}

/**
 * Runs a command line: progress goes to standard error, the report to standard output. Returns the exit code: 0 when all is
 * well, 1 with something broken, 2 when it can't run.
 */
export async function runTrial<Wanted, Run extends { readonly broken: readonly string[] }>(
  { optionsOf, run, reportOf }: Trial<Wanted, Run>,
  args: readonly string[],
): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  try {
    const { wanted, json } = optionsOf(args);
    const ran = await run(wanted, (line) => console.error(line), stop.signal);
    console.log(json ? JSON.stringify(ran, null, 2) : `\n${reportOf(ran)}`);
    return ran.broken.length > 0 ? 1 : 0;
  } catch (error) {
    const { message, stack } = error as Error;
    console.error(error instanceof Misuse || stop.signal.aborted ? message : stack);
    return 2;
  }
}

/** The seed that was asked for, or another one each time. Throws `Misuse`. */
export function seedIn(text: string | undefined): number {
  return text === undefined ? randomInt(SEEDS) : whole("--seed", text, 0, SEEDS - 1);
}
