// The command `simulate` of `npm run -s flow`: many orders at random, all of it from one seed.

import { availableParallelism } from "node:os";
import { laws } from "../../apps/proof/laws.ts";
import { traffic } from "../../apps/proof/traffic.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { CannotRun } from "../cannot-run.ts";
import { loadConfig } from "../config.ts";
import type { Level } from "../flow/simulate/faults.ts";
import { Pool, serveRuns } from "../flow/simulate/pool.ts";
import { commandOf, reportOf } from "../flow/simulate/report.ts";
import { type RunOptions, runOnce } from "../flow/simulate/run.ts";
import { type Options, ORDERS_A_RUN, simulateFlow } from "../flow/simulate/simulate.ts";
import { options, whole } from "./arguments.ts";
import type { Out } from "./command-line.ts";
import { seedIn } from "./trial.ts";

const LEVELS: readonly string[] = ["none", "light", "heavy"] satisfies Level[];
const MOST_ORDERS = 1_000_000;
/** Runs take from one second to two: no thread waits for a slow one in another as long as there is a next one for it. */
const RUNS_A_THREAD = 2;

/** One run of the whole flow. */
const run = (one: RunOptions) =>
  runOnce({ services: allServices(loadConfig({})), outside, laws, traffic }, one);

serveRuns(run);

/** Simulates orders; 0 when all laws hold, 1 with a fault, 2 when it could not run. Throws `CannotRun`. */
export async function simulate(args: readonly string[], out: Out): Promise<number> {
  const { json, ...wanted } = optionsOf(args);
  const begun = performance.now();
  const runs = Math.ceil(wanted.orders / ORDERS_A_RUN);
  const threads = Math.min(runs, availableParallelism());
  const pool = threads > 1 ? new Pool(new URL(import.meta.url), threads) : undefined;
  try {
    const simulation = await simulateFlow(pool?.run ?? run, wanted, RUNS_A_THREAD * threads);
    const again = simulation.failure ?? wanted;
    const ms = performance.now() - begun;
    out(
      json
        ? JSON.stringify({ ...simulation, ms, again: commandOf(again) }, null, 2)
        : reportOf(simulation, ms),
    );
    return simulation.failure ? 1 : 0;
  } catch (error) {
    console.error(`The simulation could not run, with seed ${wanted.seed}: ${(error as Error).stack}`);
    return 2;
  } finally {
    await pool?.close();
  }
}

/** What the arguments ask for; a seed of its own where none is given. Throws `CannotRun`. */
function optionsOf(args: readonly string[]): Options & { json: boolean } {
  const { seed, orders, faults, json } = options(
    "simulate takes --seed, --orders, --faults and --json",
    args,
    {
      seed: { type: "string" },
      orders: { type: "string", default: "1000" },
      faults: { type: "string", default: "heavy" },
      json: { type: "boolean", default: false },
    },
  );
  if (!LEVELS.includes(faults)) throw new CannotRun(`--faults takes none, light or heavy, not ${faults}.`);
  return {
    seed: seedIn(seed),
    orders: whole("--orders", orders, 1, MOST_ORDERS),
    level: faults as Level,
    json,
  };
}
