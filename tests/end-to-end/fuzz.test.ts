// The short run of `npm run fuzz`: two thousand messages that are no events, five hundred requests that make no sense, and
// good orders in between.

import { expect, onTestFailed, test } from "vitest";
import { fuzz } from "../../shared/stack/fuzz.ts";

const SHORT = { seed: 1, messages: 2_000, bodies: 500 };

test("whatever can't be read is parked or refused, nobody dies of it, and good orders end", async () => {
  const lines: string[] = [];
  onTestFailed(() => console.error(lines.join("\n")));

  const run = await fuzz(SHORT, (line) => lines.push(line));

  expect(run.broken).toEqual([]);
  expect(run.stored + run.refused).toBe(SHORT.messages);
  expect(sum(run.kinds)).toBe(SHORT.messages);
  expect(run.parked).toBeGreaterThan(run.stored);
  expect(sum(run.requests)).toBe(SHORT.bodies);
  expect(Object.keys(run.answers).filter((status) => !/^4|^cut off$/.test(status))).toEqual([]);
  expect(run.orders).toBe(9);
}, 600_000);

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
