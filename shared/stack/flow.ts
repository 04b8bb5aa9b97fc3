// `npm run -s flow -- …`: what the reaction tables say, as pictures, tables and documents, and the proof of the flow.

import { fileURLToPath } from "node:url";
import { commandIn, type Io, type Out, refuse, runCommand } from "./command-line.ts";
import { check, replay } from "./flow-check.ts";
import { asyncapi, map, permissions, table } from "./flow-commands.ts";
import { simulate } from "./flow-simulate.ts";

/** A command of the table below. */
interface Command {
  /** Its options, and what it does. */
  readonly usage: readonly [options: string, does: string];
  /** What it prints; or the exit code, when it prints by itself. Throws `CannotRun` at arguments that it does not know. */
  readonly run: (args: readonly string[], out: Out) => string | number | Promise<string | number>;
}

const commands: Readonly<Record<string, Command>> = {
  check: {
    usage: [
      "[--json] [--without PART | --mutate]",
      "explores every way an order may go; exits 1 at a fault, 2 when it can't run",
    ],
    run: check,
  },
  replay: {
    usage: ["FILE", "repeats a fault that check found; exits 1 if it happens again, 3 at another fault"],
    run: replay,
  },
  map: {
    usage: ["[--svg | --write]", "the flow as Mermaid or SVG; --write updates README.md and docs/flow.svg"],
    run: map,
  },
  table: { usage: ["[--json]", "every reaction, command and deadline as Markdown"], run: table },
  asyncapi: { usage: ["[--json]", "an AsyncAPI 3.0 document in YAML"], run: asyncapi },
  permissions: { usage: ["", "who may do what in NATS, as in nats.conf"], run: permissions },
  simulate: {
    usage: [
      "[--seed N] [--orders N] [--faults none|light|heavy] [--json]",
      "runs many orders in virtual time with random faults, and says how to repeat it",
    ],
    run: simulate,
  },
};

function usage(): string {
  const rows = Object.entries(commands).map(
    ([name, { usage }]) => [`${name} ${usage[0]}`, usage[1]] as const,
  );
  const width = Math.max(...rows.map(([call]) => call.length));
  return [
    "npm run -s flow -- COMMAND",
    "",
    ...rows.map(([call, does]) => `  ${call.padEnd(width)}  ${does}`),
  ].join("\n");
}

/** Runs a command line, and returns the exit code: 2 when it can't be understood, or can't run. */
export async function main(args: readonly string[], io: Io): Promise<number> {
  try {
    const command = commandIn({ name: "flow", usage: usage(), commands }, args, io);
    if (!command) return 0;
    const answer = await command.run(args.slice(1), io.out);
    if (typeof answer === "number") return answer;
    io.out(answer.trimEnd());
    return 0;
  } catch (error) {
    return refuse(error, io);
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runCommand(main);
