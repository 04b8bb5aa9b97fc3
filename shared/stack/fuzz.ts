// `npm run fuzz`: the real stack under messages and requests that make no sense, while good orders go on.

import { fileURLToPath } from "node:url";
import { reportOf } from "../chaos/fuzz/report.ts";
import { type FuzzOptions, type FuzzRun, runFuzz } from "../chaos/fuzz/run.ts";
import { options, whole } from "./arguments.ts";
import { orderFlow } from "./chaos.ts";
import { runTrial, seedIn } from "./trial.ts";

const MOST = 10_000_000;

/** Fuzzes the order flow; see `runFuzz`. */
export function fuzz(
  wanted: FuzzOptions,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<FuzzRun> {
  return runFuzz(orderFlow, wanted, say, signal);
}

/** What the arguments ask for; a seed of its own where none is given. Throws `CannotRun`. */
function optionsOf(args: readonly string[]): { wanted: FuzzOptions; json: boolean } {
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
  const wanted = {
    seed: seedIn(seed),
    messages: whole("--messages", messages, 1, MOST),
    bodies: whole("--bodies", bodies, 1, MOST),
  };
  return { wanted, json };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await runTrial({ optionsOf, run: fuzz, reportOf });
