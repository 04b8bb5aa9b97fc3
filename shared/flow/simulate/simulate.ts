// Many runs: so any number of orders fits into memory, and a fault has a small run of its own.

import { createHash } from "node:crypto";
import type { Level } from "./faults.ts";
import type { Run, RunOptions } from "./run.ts";

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
 * after it, and so on. `run` carries out one run; `atOnce` of them are under way at a time, which changes nothing but the
 * time it takes. Ends with the first run that breaks something.
 */
export async function simulateFlow(
  run: (options: RunOptions) => Promise<Run>,
  { seed, orders, level }: Options,
  atOnce = 1,
): Promise<Simulation> {
  const hash = createHash("sha256");
  const endings: Record<string, number> = {};
  const counts: Record<string, number> = {};
  const ahead: Promise<Run>[] = [];
  let [done, begun, runs, facts, virtualMs] = [0, 0, 0, 0, 0];
  let failure: Failure | undefined;
  while (done < orders && !failure) {
    for (; ahead.length < atOnce && begun * ORDERS_A_RUN < orders; begun++) {
      const size = Math.min(ORDERS_A_RUN, orders - begun * ORDERS_A_RUN);
      const next = run({ seed: (seed + begun) % SEEDS, orders: size, level });
      next.catch(() => {}); // It is looked at when its turn comes.
      ahead.push(next);
    }
    const one = await ahead.shift()!;
    runs++;
    done += one.orders;
    facts += one.facts;
    virtualMs += one.virtualMs;
    hash.update(one.hash);
    add(endings, one.endings);
    add(counts, one.counts);
    if (one.broken.length > 0)
      failure = await explain(run, { seed: one.seed, orders: one.orders, level }, one);
  }
  await Promise.allSettled(ahead);
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
async function explain(
  run: (options: RunOptions) => Promise<Run>,
  options: Options,
  { broken, brokenKey }: Run,
): Promise<Failure> {
  const story = brokenKey === undefined ? [] : (await run({ ...options, watch: brokenKey })).story;
  return { ...options, broken, story };
}

function add(sums: Record<string, number>, more: Readonly<Record<string, number>>): void {
  for (const [name, count] of Object.entries(more)) sums[name] = (sums[name] ?? 0) + count;
}
