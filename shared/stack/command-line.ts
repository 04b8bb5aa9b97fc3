// How command lines run: what a command says and where, how it refuses, and the exit code that it ends with.

import { CannotRun } from "../cannot-run.ts";
import { end } from "./end.ts";

/** Prints a line, or several. */
export type Out = (text: string) => void;

/** Where a command says what it has found, and why it can't. */
export interface Io {
  readonly out: Out;
  readonly err: Out;
}

/** The exit codes beside 0. */
export const FOUND_FAULT = 1;
export const COULD_NOT_RUN = 2;

/** Commands that share a name, such as `npm run -s flow -- check`. */
export interface Family<Command> {
  readonly name: string;
  readonly usage: string;
  readonly commands: Readonly<Record<string, Command>>;
}

/** Runs this process's command line, and ends with the exit code that it returns, or as `refuse` has it. */
export async function runCommand(
  run: (args: string[], io: Io) => number | Promise<number>,
  trouble?: string,
): Promise<void> {
  process.stdout.on("error", () => {}); // Whoever reads this may stop early, as head does.
  const io: Io = {
    out: (text) => process.stdout.write(`${text}\n`),
    err: (text) => process.stderr.write(`${text}\n`),
  };
  try {
    end(await run(process.argv.slice(2), io));
  } catch (error) {
    end(refuse(error, io, trouble));
  }
}

/** Says why a command could not run: what went wrong is told after `trouble` or, without it, with its stack. */
export function refuse(error: unknown, { err }: Pick<Io, "err">, trouble?: string): number {
  const { message, stack } = error as Error;
  if (error instanceof CannotRun) err(message);
  else err(trouble === undefined ? String(stack) : `${trouble}: ${message}`);
  return COULD_NOT_RUN;
}

/** The command of a family that is asked for; none once its help was given. Throws `CannotRun`. */
export function commandIn<Command>(
  { name, usage, commands }: Family<Command>,
  args: readonly string[],
  { out }: Pick<Io, "out">,
): Command | undefined {
  const [asked] = args;
  if (args.includes("--help")) {
    out(usage);
    return undefined;
  }
  if (asked === undefined) throw new CannotRun(usage);
  if (Object.hasOwn(commands, asked)) return commands[asked];
  const known = Object.keys(commands).join(", ");
  throw new CannotRun(
    `There is no command "${asked}". The commands are: ${known}. See npm run -s ${name} -- --help.`,
  );
}
