// The short run of `npm run chaos`: every kind of fault at least once, while some two hundred orders are under way.

import { expect, onTestFailed, test } from "vitest";
import { kinds } from "../../shared/chaos/plan.ts";
import { chaos } from "../../shared/stack/chaos.ts";

const SHORT = { seed: 315, orders: 150, kills: 8 };

test("every order ends, and nothing is lost or doubled, whatever goes wrong on the way", async () => {
  const lines: string[] = [];
  onTestFailed(() => console.error(lines.join("\n")));

  const run = await chaos(SHORT, (line) => lines.push(line));

  expect(run.broken).toEqual([]);
  expect(sum(run.ends)).toBe(SHORT.orders);
  expect(sum(run.kinds)).toBe(SHORT.kills + run.others);
  expect([...Object.keys(run.kinds), ...run.leftOut].sort()).toEqual([...kinds].sort());
}, 900_000);

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((all, one) => all + one, 0);
}
