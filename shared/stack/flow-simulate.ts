// The command `simulate` of `npm run -s flow`: many orders at random, all of it from one seed.

import { randomInt } from "node:crypto";
import { availableParallelism } from "node:os";
import { laws } from "../../apps/proof/laws.ts";
import { traffic } from "../../apps/proof/traffic.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../config.ts";
import type { Level } from "../flow/simulate/faults.ts";
import { Pool, serveRuns } from "../flow/simulate/pool.ts";
import { commandOf, reportOf } from "../flow/simulate/report.ts";
import { type RunOptions, runOnce } from "../flow/simulate/run.ts";
import { type Options, ORDERS_A_RUN, SEEDS, simulateFlow } from "../flow/simulate/simulate.ts";
import type { Out } from "./flow.ts";
import { Misuse } from "./flow-commands.ts";

const LEVELS: readonly string[] = ["none", "light", "heavy"] satisfies Level[];
const OPTIONS: readonly string[] = ["--seed", "--orders", "--faults"];
const MOST_ORDERS = 1_000_000;

/** One run of the whole flow. */
const run = (options: RunOptions) =>
  runOnce({ services: allServices(loadConfig({})), outside, laws, traffic }, options);

serveRuns(run);

/** Simulates orders; 0 when all laws hold, 1 with a fault, 2 when it could not run. Throws `Misuse`. */
export async function simulate(args: readonly string[], out: Out): Promise<number> {
  const { json, ...options } = optionsOf(args);
  const begun = performance.now();
  const runs = Math.ceil(options.orders / ORDERS_A_RUN);
  const threads = Math.min(runs, availableParallelism());
  const pool = threads > 1 ? new Pool(new URL(import.meta.url), threads) : undefined;
  try {
    const simulation = await simulateFlow(pool?.run ?? run, options, threads);
    const again = simulation.failure ?? options;
    const ms = performance.now() - begun;
    out(
      json
        ? JSON.stringify({ ...simulation, ms, again: commandOf(again) }, null, 2)
        : reportOf(simulation, ms),
    );
    return simulation.failure ? 1 : 0;
  } catch (error) {
    console.error(`The simulation could not run, with seed ${options.seed}: ${(error as Error).stack}`);
    return 2;
  } finally {
    await pool?.close();
  }
}

/** What the arguments ask for; a seed of its own where none is given. Throws `Misuse`. */
function optionsOf(args: readonly string[]): Options & { json: boolean } {
  const given: Record<string, string> = {};
  for (let at = 0; at < args.length; at++) {
    const option = args[at]!;
    if (option === "--json") given[option] = "yes";
    else if (!OPTIONS.includes(option))
      throw new Misuse(`simulate takes ${OPTIONS.join(", ")} and --json, not ${option}.`);
    else if (args[++at] === undefined) throw new Misuse(`${option} needs a value.`);
    else given[option] = args[at]!;
  }
  const { "--seed": seed, "--orders": orders = "1000", "--faults": level = "heavy", "--json": json } = given;
  if (!LEVELS.includes(level)) throw new Misuse(`--faults takes none, light or heavy, not ${level}.`);
  return {
    seed: seed === undefined ? randomInt(SEEDS) : whole("--seed", seed, 0, SEEDS - 1),
    orders: whole("--orders", orders, 1, MOST_ORDERS),
    level: level as Level,
    json: json !== undefined,
  };
}

function whole(option: string, text: string, from: number, to: number): number {
  const number = Number(text);
  if (!/^\d+$/.test(text) || number < from || number > to)
    throw new Misuse(`${option} takes a whole number from ${from} to ${to}, not ${text}.`);
  return number;
}
