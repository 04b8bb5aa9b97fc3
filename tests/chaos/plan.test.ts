// What goes wrong in a chaos run: the plan that follows from the seed, and how it is carried out.

import { describe, expect, it } from "vitest";
import { type Fault, isKill, kinds, planOf } from "../../shared/chaos/plan.ts";
import { Strikes } from "../../shared/chaos/strikes.ts";
import { Chance } from "../../shared/flow/simulate/chance.ts";

const occasion = { orders: 1_000, kills: 200, services: ["orders", "risk"], possible: kinds };
const plan = (seed: number, change = {}) => planOf(new Chance(seed), { ...occasion, ...change });

describe("a plan", () => {
  it("is the same for the same seed, and another one for another", () => {
    expect(plan(1)).toEqual(plan(1));
    expect(plan(1)).not.toEqual(plan(2));
  });

  it("kills as often as is asked for, services most often, and half as many other things go wrong", () => {
    const faults = plan(3);
    const count = (kind: string) => faults.filter((fault) => fault.kind === kind).length;

    expect(faults.filter(({ kind }) => isKill(kind))).toHaveLength(200);
    expect(faults.filter(({ kind }) => !isKill(kind))).toHaveLength(100);
    expect(count("service killed")).toBeGreaterThan(count("NATS killed"));
  });

  it("has each kind that is possible, however few kills there are, and no other", () => {
    const possible = kinds.filter((kind) => kind !== "disk full");
    const dealt = new Set(plan(4, { kills: 2, possible }).map(({ kind }) => kind));

    expect([...dealt].toSorted()).toEqual(possible.toSorted());
  });

  it("is empty where nothing is to be killed", () => {
    expect(plan(5, { kills: 0 })).toEqual([]);
  });

  it("begins its faults in order, while orders are placed", () => {
    const times = plan(5).map(({ at }) => at);

    expect(times).toEqual(times.toSorted((a, b) => a - b));
    expect(times[0]).toBeGreaterThanOrEqual(1);
    expect(times.at(-1)).toBeLessThanOrEqual(occasion.orders);
  });
});

describe("strikes", () => {
  const fault = (at: number, service: string) => ({ kind: "service killed", at, service }) as Fault;

  it("begin when their time has come, one after the other where they have the same victim", async () => {
    const told: string[] = [];
    const carryOut = async ({ at, service }: Fault) => {
      told.push(`${service} ${at}`);
      await new Promise((resolve) => setTimeout(resolve, 10));
      told.push(`${service} ${at} is over`);
    };
    const some = [fault(1, "risk"), fault(2, "risk"), fault(2, "orders"), fault(3, "orders")];
    const strikes = new Strikes(some, carryOut, ({ service }) => [service]);

    await strikes.due(2);
    await strikes.ended();

    expect(told.indexOf("risk 1 is over")).toBeLessThan(told.indexOf("risk 2"));
    expect(told.indexOf("orders 2")).toBeLessThan(told.indexOf("risk 1 is over"));
    expect(told).not.toContain("orders 3");
  });

  it("that can't be carried out are heard of", async () => {
    const strikes = new Strikes(
      [fault(1, "risk")],
      () => Promise.reject(new Error("no such disk")),
      () => [],
    );
    await strikes.due(1);

    await expect(strikes.ended()).rejects.toThrow("no such disk");
  });
});
