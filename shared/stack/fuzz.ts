// `npm run fuzz`: the real stack under messages and requests that make no sense, while good orders go on.

import { randomInt } from "node:crypto";
import { fileURLToPath } from "node:url";
import { reportOf } from "../chaos/fuzz/report.ts";
import { type FuzzOptions, type FuzzRun, runFuzz } from "../chaos/fuzz/run.ts";
import { SEEDS } from "../flow/simulate/simulate.ts";
import { orderFlow } from "./chaos.ts";
import { Misuse, options, whole } from "./flow-commands.ts";

const MOST = 10_000_000;

/** Fuzzes the order flow; see `runFuzz`. */
export function fuzz(
  wanted: FuzzOptions,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<FuzzRun> {
  return runFuzz(orderFlow, wanted, say, signal);
}

/** Runs a command line, and returns the exit code: 0 when all is well, 1 with something broken, 2 when it can't run. */
async function main(args: readonly string[]): Promise<number> {
  const stop = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => stop.abort());
  try {
    const { json, ...wanted } = optionsOf(args);
    const run = await fuzz(wanted, (line) => console.error(line), stop.signal);
    console.log(json ? JSON.stringify(run, null, 2) : `\n${reportOf(run)}`);
    return run.broken.length > 0 ? 1 : 0;
  } catch (error) {
    const { message, stack } = error as Error;
    console.error(error instanceof Misuse || stop.signal.aborted ? message : stack);
    return 2;
  }
}

/** What the arguments ask for; a seed of its own where none is given. Throws `Misuse`. */
function optionsOf(args: readonly string[]): FuzzOptions & { json: boolean } {
  const { seed, messages, bodies, json } = options(
    "fuzz takes --seed, --messages, --bodies and --json",
    args,
    {
      seed: { type: "string" },
      messages: { type: "string", default: "10000" },
      bodies: { type: "string", default: "1000" },
      json: { type: "boolean", default: false },
    },
  );
  return {
    seed: seed === undefined ? randomInt(SEEDS) : whole("--seed", seed, 0, SEEDS - 1),
    messages: whole("--messages", messages, 1, MOST),
    bodies: whole("--bodies", bodies, 1, MOST),
    json,
  };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) process.exit(await main(process.argv.slice(2)));
