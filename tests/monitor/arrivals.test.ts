// What came into the stream between two looks: counted where it is few, estimated where it is many.

import { expect, it } from "vitest";
import { arrivals } from "../../apps/monitor/arrivals.ts";
import { Chance } from "../../shared/flow/simulate/chance.ts";
import type { Stored } from "../../shared/nats/observer.ts";

/** A stream of facts of these types, in order; the first is number 1. It counts how much was read of it. */
function streamOf(types: readonly string[]) {
  let messages = 0;
  const read = async (seq: number, count: number): Promise<Stored[]> => {
    const page = types
      .slice(seq - 1, seq - 1 + count)
      .map((type, index) => ({ seq: seq + index, subject: `${type}.x` }));
    messages += page.length;
    return page as Stored[];
  };
  return { read, count: () => messages };
}

const repeat = (type: string, times: number) => Array.from({ length: times }, () => type);

it("few facts are counted, those before and after left out", async () => {
  const { read } = streamOf(["a.b", "a.b", "c.d", "a.b", "c.d"]);

  expect(await arrivals(1, 4, read)).toEqual({
    total: 3,
    isExact: true,
    byType: new Map([
      ["a.b", 2],
      ["c.d", 1],
    ]),
  });
});

it("nothing is read where nothing came in, or where the stream was put back", async () => {
  const { read, count } = streamOf(repeat("a.b", 10));

  expect((await arrivals(10, 10, read)).total).toBe(0);
  expect((await arrivals(10, 5, read)).total).toBe(0);
  expect(count()).toBe(0);
});

it("many facts are estimated from 64 of them, though they come in batches of one type", async () => {
  const batch = [...repeat("a.b", 500), ...repeat("c.d", 500), ...repeat("e.f", 1_000)];
  const { read, count } = streamOf(Array.from({ length: 8 }, () => batch).flat());
  const { total, isExact, byType } = await arrivals(0, 16_000, read, () => 0.5);

  expect({ total, isExact }).toEqual({ total: 16_000, isExact: false });
  expect(count()).toBe(64);
  expect([...byType.values()].reduce((sum, n) => sum + n, 0)).toBeCloseTo(16_000);
  expect(byType.get("e.f")).toBeGreaterThan(4_000);
});

it("facts that follow each other in step are no trap: each type is found about as often as it is there", async () => {
  const chance = new Chance(7);
  for (let total = 257; total < 1_500; total++) {
    const { read } = streamOf(Array.from({ length: total }, (_, n) => ["a.b", "c.d", "e.f", "g.h"][n % 4]!));
    const { byType } = await arrivals(0, total, read, () => chance.random());
    for (const type of ["a.b", "c.d", "e.f", "g.h"]) {
      const share = (byType.get(type) ?? 0) / total;
      expect(share, `${type} of ${total}`).toBeGreaterThan(0.05);
      expect(share, `${type} of ${total}`).toBeLessThan(0.5);
    }
  }
});
