// What the commands that try the real stack have in common: they tell how it goes, end when they are told to, and judge.

import { randomInt } from "node:crypto";
import { CannotRun } from "../cannot-run.ts";
import { SEEDS } from "../flow/simulate/simulate.ts";
import { whole } from "./arguments.ts";
import { FOUND_FAULT, runCommand } from "./command-line.ts";
import { stopSignal } from "./end.ts";

/** A way to try the stack. */
export interface Trial<Wanted, Run extends { readonly broken: readonly string[] }> {
  /** What the arguments ask for. Throws `CannotRun`. */
  readonly optionsOf: (args: readonly string[]) => { readonly wanted: Wanted; readonly json: boolean };
  readonly run: (wanted: Wanted, say: (line: string) => void, signal: AbortSignal) => Promise<Run>;
  readonly reportOf: (run: Run) => string;
}

/**
 * Runs a command line: progress goes to standard error, the report to standard output. The exit code is 0 when all is
 * well, 1 with something broken, 2 when it can't run.
 */
export function runTrial<Wanted, Run extends { readonly broken: readonly string[] }>({
  optionsOf,
  run,
  reportOf,
}: Trial<Wanted, Run>): Promise<void> {
  return runCommand(async (args, { out, err }) => {
    const signal = stopSignal();
    const { wanted, json } = optionsOf(args);
    try {
      const ran = await run(wanted, err, signal);
      out(json ? JSON.stringify(ran, null, 2) : `\n${reportOf(ran)}`);
      return ran.broken.length > 0 ? FOUND_FAULT : 0;
    } catch (error) {
      throw signal.aborted ? new CannotRun((error as Error).message) : error;
    }
  });
}

/** The seed that was asked for, or another one each time. Throws `CannotRun`. */
export function seedIn(text: string | undefined): number {
  return text === undefined ? randomInt(SEEDS) : whole("--seed", text, 0, SEEDS - 1);
}
