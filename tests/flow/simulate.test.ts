// The simulation repeats itself to the letter, and finds what is planted in the kit and in the services.

import { describe, expect, it } from "vitest";
import { laws } from "../../apps/proof/laws.ts";
import { traffic } from "../../apps/proof/traffic.ts";
import { outside, type World } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { type FactType, fact } from "../../shared/contracts/events.ts";
import { mutants } from "../../shared/flow/check/mutants.ts";
import { reportOf } from "../../shared/flow/simulate/report.ts";
import { type RunOptions, runOnce } from "../../shared/flow/simulate/run.ts";
import type { Simulated } from "../../shared/flow/simulate/setting.ts";
import { type Simulation, simulateFlow } from "../../shared/flow/simulate/simulate.ts";
import type { AnyService } from "../../shared/service/define.ts";
import { main } from "../../shared/stack/flow.ts";
import { faultyKits } from "./kits.ts";
import { withReaction } from "./planted.ts";

const services = allServices(loadConfig({}));
const flow: Simulated<World> = { services, outside, laws, traffic };
const runs = (of: Simulated<World>) => (options: RunOptions) => runOnce(of, options);
const heavy = { seed: 1, orders: 100, level: "heavy" } as const;

/** Simulates with a few seeds, up to the first at which something breaks. */
async function find(planted: Partial<Simulated<World>>, orders = 100): Promise<Simulation> {
  let found: Simulation | undefined;
  for (let seed = 1; seed <= 8 && !found?.failure; seed++)
    found = await simulateFlow(runs({ ...flow, ...planted }), { ...heavy, seed, orders });
  return found!;
}

/** The services with one reaction changed: the one of `name` to `event`. */
function planted(name: string, event: FactType, change: object): AnyService[] {
  return withReaction(services, name, event, () => change);
}

/** The services without one part of their tables, as `flow check --without` has it. */
function without(part: string): readonly AnyService[] {
  return mutants(services).find(({ id }) => id === part)!.services;
}

describe("a simulation", () => {
  it.each(["none", "light", "heavy"] as const)("finds nothing with %s faults", async (level) => {
    const { failure, endings, counts } = await simulateFlow(runs(flow), { seed: 9, orders: 150, level });

    expect(failure).toBeUndefined();
    expect(Object.values(endings).reduce((sum, count) => sum + count)).toBe(150);
    if (level === "none") expect(counts).not.toHaveProperty("retried");
    else expect(counts).toMatchObject({ kills: expect.any(Number), retried: expect.any(Number) });
  });

  it("is the same for the same seed, and another for another", async () => {
    const once = await simulateFlow(runs(flow), heavy);

    expect(await simulateFlow(runs(flow), heavy)).toEqual(once);
    expect(once.hash).toMatch(/^[0-9a-f]{64}$/);
    for (const other of [{ seed: 2 }, { orders: 99 }, { level: "light" as const }])
      expect((await simulateFlow(runs(flow), { ...heavy, ...other })).hash).not.toBe(once.hash);
  });

  it("tells of a fault, how it came about, and how to see it again", async () => {
    const found = await find({
      services: planted("inventory", "order.cancelled", { decide: () => [] }),
    });
    const { seed, broken, story } = found.failure!;
    const key = /order-\d+/.exec(broken[0]!)![0];

    const report = reportOf(found, 1_000);

    expect(report).toContain(`Fault: ${key} is cancelled, and its stock is still reserved`);
    expect(report).toContain(`Again: npm run -s flow -- simulate --seed ${seed} --orders 100 --faults heavy`);
    expect(story[0]).toContain(`a customer places ${key}`);
    expect(story.join("\n")).toContain("orders says order.cancelled, and it is stored");
  });
});

describe("many runs", () => {
  it("are numbered on from the seed, and end with the first that fails, whatever is done at once", async () => {
    const asked: RunOptions[] = [];
    const told = (orders: number, atOnce: number) =>
      simulateFlow(
        async (options) => {
          asked.push(options);
          const { seed, orders } = options;
          const broken = seed === 1 ? ["order-1 is broken", "and more"] : [];
          const nothing = {
            facts: 2,
            endings: { completed: 1 },
            counts: {},
            virtualMs: 1,
            brokenKey: undefined,
          };
          return { ...nothing, seed, orders, hash: `${seed}`, broken, story: [] };
        },
        { seed: 2 ** 32 - 1, orders, level: "heavy" },
        atOnce,
      );

    const one = await told(3_500, 1);
    expect(asked.map(({ seed, orders }) => [seed, orders])).toEqual([
      [2 ** 32 - 1, 1_000],
      [0, 1_000],
      [1, 1_000],
    ]);
    expect(one).toMatchObject({ runs: 3, orders: 3_000, facts: 6, endings: { completed: 3 } });
    expect(one.failure).toMatchObject({ seed: 1, orders: 1_000, broken: ["order-1 is broken", "and more"] });
    expect(await told(3_500, 4)).toEqual(one);
    expect(await told(2_001, 1)).toMatchObject({ failure: { seed: 1, orders: 1 } });
    expect(await told(1_001, 1)).toMatchObject({ failure: undefined, orders: 1_001, runs: 2 });
  });
});

describe("a simulation finds a kit", () => {
  it.each(Object.entries(faultyKits))("%s", async (_, [sentence, assemble]) => {
    const { failure } = await find({ assemble });

    expect(failure?.broken.join("\n")).toMatch(sentence);
  });

  it("whose deadlines strike again and again", async () => {
    const seen = new Map<string, { key: string; at: number }>();
    const again = services.map((service) => ({
      ...service,
      deadlines: service.deadlines.map((deadline) => ({
        ...deadline,
        open: (store: unknown, limit: number) => {
          for (const wait of deadline.open(store, limit)) seen.set(wait.key, wait);
          return [...seen.values()].sort((one, other) => one.at - other.at).slice(0, limit);
        },
      })),
    }));

    const { failure } = await find({ services: again });

    expect(failure?.broken.join("\n")).toMatch(/can't end the wait|a person is asked/);
  });
});

describe("a simulation finds that", () => {
  const silent = { decide: () => [] };
  const oversold = {
    decide: (_: unknown, { key: orderId }: { key: string }) => [
      fact("stock.reserved", { orderId, lines: [{ sku: "TEA", quantity: 1_000 }] }),
    ],
  };

  it.each([
    [
      "goods are not given back",
      /its stock is still reserved/,
      planted("inventory", "order.cancelled", silent),
    ],
    ["money is not given back", /its money is held/, without("payments:order.cancelled")],
    ["a booking is not called off", /a carrier is booked/, without("shipping:order.cancelled")],
    [
      "goods leave after they were withdrawn",
      /shipment\.\w+ and shipment\.\w+|goods of order order-\d+ left|after its stock was committed|money was taken for order/,
      without("shipping:order.created:isOpen"),
    ],
    ["a completed order is never closed", /never ends|nobody does/, without("orders:payment.captured")],
    ["more is sold than there is", /has no answer/, planted("inventory", "order.created", oversold)],
    [
      "an order is cancelled twice",
      /order\.cancelled and order\.cancelled|was cancelled after|order\.cancelled twice/,
      without("orders:stock.rejected:isOpen"),
    ],
  ] as const)("%s", async (_, sentence, changed) => {
    const { failure } = await find({ services: changed }, 200);

    expect(failure?.broken.join("\n")).toMatch(sentence);
  });
});

describe("flow simulate", () => {
  async function flow(...args: string[]) {
    const said = { out: "", err: "" };
    const code = await main(["simulate", ...args], {
      out: (text) => {
        said.out += text;
      },
      err: (text) => {
        said.err += text;
      },
    });
    return { code, ...said };
  }

  it("prints what came of it, and the same to the letter when it is asked again", async () => {
    const { code, out, err } = await flow("--seed", "5", "--orders", "20", "--faults", "light");
    const again = await flow("--faults", "light", "--orders", "20", "--seed", "5");

    expect({ code, err }).toEqual({ code: 0, err: "" });
    expect(out).toMatch(/^seed +5, faults: light\norders +20: /);
    expect(out).toContain("All laws hold");
    const withoutTime = (text: string) => text.replace(/real time.*/, "");
    expect(withoutTime(again.out)).toBe(withoutTime(out));
  });

  it("takes a seed of its own when none is given, and says so", async () => {
    const { out } = await flow("--orders", "1", "--json");

    const { seed, again, hash } = JSON.parse(out);
    expect(again).toBe(`npm run -s flow -- simulate --seed ${seed} --orders 1 --faults heavy`);
    expect(JSON.parse((await flow("--orders", "1", "--json", "--seed", `${seed}`)).out).hash).toBe(hash);
  });

  it.each([
    [["--seed"], "Option '--seed <value>' argument missing"],
    [["--seed=-1"], "--seed takes a whole number from 0 to 4294967295, not -1."],
    [["--seed", "4294967296"], "--seed takes a whole number from 0 to 4294967295, not 4294967296."],
    [["--orders", "0"], "--orders takes a whole number from 1 to 1000000, not 0."],
    [["--orders", "1e3"], "--orders takes a whole number from 1 to 1000000, not 1e3."],
    [["--faults", "some"], "--faults takes none, light or heavy, not some."],
    [["--fault", "none"], "simulate takes --seed, --orders, --faults and --json: Unknown option '--fault'"],
    [["12"], "simulate takes --seed, --orders, --faults and --json: Unexpected argument '12'"],
  ])("refuses %j in one sentence", async (args, sentence) => {
    expect(await flow(...args)).toEqual({ code: 2, out: "", err: expect.stringContaining(sentence) });
  });
});
