// Rows of numbers are found again, and two different ones are never taken for one.

import fc from "fast-check";
import { expect, it } from "vitest";
import { Rows } from "../../shared/flow/check/numbers.ts";
import "../pure/given.ts";

it("numbers rows as a map of their texts does, however many there are", () => {
  const cell = fc.integer({ min: 0, max: 40 });
  fc.assert(
    fc.property(
      fc.array(fc.tuple(cell, cell, cell), { minLength: 1, maxLength: 30_000, size: "max" }),
      (all) => {
        const rows = new Rows(3);
        const expected = new Map<string, number>();
        for (const row of all) {
          const number = expected.get(row.join()) ?? expected.size;
          expected.set(row.join(), number);
          if (rows.add(row) !== number) throw new Error(`${row} is not number ${number}`);
        }
        for (const [text, number] of expected) expect(rows.at(number).join()).toBe(text);
        expect(rows.size).toBe(expected.size);
      },
    ),
    { numRuns: 20 },
  );
});

it("tells rows apart whose numbers are large, or in another order", () => {
  const rows = new Rows(2);
  const all = [
    [0, 1],
    [1, 0],
    [2 ** 31 - 1, -1],
    [-1, 2 ** 31 - 1],
  ];

  expect(all.map((row) => rows.add(row))).toEqual([0, 1, 2, 3]);
  expect(all.map((row) => rows.add(row))).toEqual([0, 1, 2, 3]);
});
