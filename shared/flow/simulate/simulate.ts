// Many runs, one after the other: so any number of orders fits into memory, and a fault has a small run of its own.

import { createHash } from "node:crypto";
import type { Level } from "./faults.ts";
import { type Run, runOnce } from "./run.ts";
import type { Simulated } from "./setting.ts";

/** The most orders of one run: they share services, goods and faults. */
export const ORDERS_A_RUN = 1_000;

/** The seeds there are: whole numbers from 0 up to, but not including, this. */
export const SEEDS = 2 ** 32;

/** What is to be simulated. */
export interface Options {
  readonly seed: number;
  readonly orders: number;
  readonly level: Level;
}

/** What all runs came to, or those up to the first that failed. */
export interface Simulation extends Options {
  readonly runs: number;
  readonly facts: number;
  readonly endings: Readonly<Record<string, number>>;
  readonly counts: Readonly<Record<string, number>>;
  readonly virtualMs: number;
  /** The same for the same options, on every machine. */
  readonly hash: string;
  readonly failure: Failure | undefined;
}

/** The first run that failed, and how it is repeated. */
export interface Failure extends Options {
  readonly broken: readonly string[];
  /** What happened to what the first sentence is about, line by line. */
  readonly story: readonly string[];
}

/**
 * Simulates the orders in runs of {@link ORDERS_A_RUN} at most: the first has the seed itself, the next one the number
 * after it, and so on. Stops at the first run that breaks something.
 */
export async function simulateFlow<World>(
  flow: Simulated<World>,
  { seed, orders, level }: Options,
): Promise<Simulation> {
  const hash = createHash("sha256");
  const endings: Record<string, number> = {};
  const counts: Record<string, number> = {};
  let [done, runs, facts, virtualMs] = [0, 0, 0, 0];
  let failure: Failure | undefined;
  while (done < orders && !failure) {
    const options = {
      seed: (seed + runs) % SEEDS,
      orders: Math.min(ORDERS_A_RUN, orders - done),
      level,
    };
    const run = await runOnce(flow, options);
    runs++;
    done += run.orders;
    facts += run.facts;
    virtualMs += run.virtualMs;
    hash.update(run.hash);
    add(endings, run.endings);
    add(counts, run.counts);
    if (run.broken.length > 0)
      failure = { ...options, broken: run.broken, story: await storyOf(flow, options, run) };
  }
  return {
    seed,
    orders: done,
    level,
    runs,
    facts,
    endings,
    counts,
    virtualMs,
    hash: hash.digest("hex"),
    failure,
  };
}

/** Runs it again, and takes down what happens to what is broken. */
async function storyOf<World>(flow: Simulated<World>, options: Options, { brokenKey }: Run) {
  if (brokenKey === undefined) return [];
  return (await runOnce(flow, { ...options, watch: brokenKey })).story;
}

function add(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count;
}
