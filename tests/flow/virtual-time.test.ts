// Virtual time and seeded chance, on which a simulation stands.

import { describe, expect, it } from "vitest";
import { Chance } from "../../shared/flow/simulate/chance.ts";
import { Scheduler } from "../../shared/flow/simulate/scheduler.ts";

describe("virtual time", () => {
  it("makes calls by their times, and those of one time in the order in which they were asked for", async () => {
    const scheduler = new Scheduler();
    const chance = new Chance(7);
    const planned = Array.from({ length: 1_000 }, (_, number) => ({ number, inMs: chance.between(0, 50) }));
    const made: { number: number; inMs: number }[] = [];
    for (const call of planned)
      scheduler.after(call.inMs, () => {
        expect(scheduler.now).toBe(call.inMs);
        made.push(call);
      });

    await scheduler.run(() => false);

    const byTime = (one: (typeof planned)[0], other: (typeof planned)[0]) =>
      one.inMs - other.inMs || one.number - other.number;
    expect(made).toEqual(planned.toSorted(byTime));
    expect(scheduler.made).toBe(1_000);
  });

  it("lets promises go on as far as they can between two calls, and no time pass meanwhile", async () => {
    const scheduler = new Scheduler();
    const told: string[] = [];
    const go = async (name: string) => {
      for (let step = 1; step <= 3; step++) {
        told.push(`${name}${step} at ${scheduler.now}`);
        await new Promise<void>((resolve) => queueMicrotask(resolve));
      }
    };
    for (const name of ["a", "b"]) scheduler.after(5, () => void go(name));

    await scheduler.run(() => false);

    expect(told).toEqual(["a1", "a2", "a3", "b1", "b2", "b3"].map((step) => `${step} at 5`));
  });

  it("makes no call that was cancelled, and knows which errands are still to be run", async () => {
    const scheduler = new Scheduler();
    const made: string[] = [];
    const cancelled = scheduler.errand(1, () => made.push("cancelled"));
    scheduler.errand(2, () => made.push(`errand, of ${scheduler.errands} more`));
    scheduler.errand(3, () => made.push(`errand, of ${scheduler.errands} more`)).cancel();
    const timer = scheduler.after(4, () => made.push("timer"));
    expect(scheduler.errands).toBe(2);
    cancelled.cancel();
    cancelled.cancel();

    await scheduler.run(() => false);
    timer.cancel();

    expect(made).toEqual(["errand, of 0 more", "timer"]);
    expect(scheduler.errands).toBe(0);
  });

  it("stops before a call when it is over, and at a call that throws", async () => {
    const scheduler = new Scheduler();
    let made = 0;
    for (let call = 0; call < 100; call++) scheduler.after(call, () => made++);
    await scheduler.run(() => made === 10);
    expect(made).toBe(10);

    scheduler.after(0, () => {
      throw new Error("a bug");
    });
    await expect(scheduler.run(() => false)).rejects.toThrow("a bug");
  });
});

describe("seeded chance", () => {
  it("is the same for the same seed, and another for its neighbours", () => {
    const numbers = (seed: number) => {
      const chance = new Chance(seed);
      return Array.from({ length: 50 }, () => chance.between(0, 1_000_000));
    };

    expect(numbers(2 ** 32 - 1)).toEqual(numbers(2 ** 32 - 1));
    expect(new Set([0, 1, 2, 3].flatMap(numbers)).size).toBeGreaterThan(190);
  });

  it("keeps its bounds, reaches them, and is about as likely as it says", () => {
    const chance = new Chance(1);
    const many = <T>(draw: () => T) => Array.from({ length: 10_000 }, draw);
    const share = (of: readonly boolean[]) => of.filter(Boolean).length / of.length;

    expect([...new Set(many(() => chance.between(2, 4)))].sort()).toEqual([2, 3, 4]);
    expect(share(many(() => chance.is(0.3)))).toBeCloseTo(0.3, 1);
    expect([share(many(() => chance.is(0))), share(many(() => chance.is(1)))]).toEqual([0, 1]);
    const spread = many(() => chance.spread(10, 1_000));
    expect(Math.min(...spread)).toBe(10);
    expect(Math.max(...spread)).toBeLessThanOrEqual(1_000);
    expect(share(spread.map((ms) => ms < 100))).toBeCloseTo(0.5, 1);
    const waits = many(() => chance.wait(1_000));
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(0);
    expect(waits.reduce((sum, ms) => sum + ms) / waits.length / 1_000).toBeCloseTo(1, 1);
  });
});
