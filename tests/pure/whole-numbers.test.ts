// Whole numbers on their way: a long has 64 bits, a number of JavaScript has 53.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codecOf, expectUndecodable, HEADER_LENGTH } from "./bytes.ts";
import "./given.ts"; // The seed of the examples.

describe("a whole number", () => {
  const counted = codecOf<{ n: number }>([
    { type: "record", name: "R", fields: [{ name: "n", type: "long" }] },
  ]);

  it("comes back exactly, or is refused when it is said: it is never changed on the way", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        let bytes: Buffer;
        try {
          bytes = counted.encode({ n });
        } catch (error) {
          expect(error).toEqual(new TypeError("R.n does not fit its schema"));
          return;
        }
        expect(counted.decode(bytes)).toEqual({ n });
      }),
    );
  });

  it("is refused when another writer's is beyond what comes back exactly", () => {
    const header = counted.encode({ n: 0 }).subarray(0, HEADER_LENGTH);
    for (const n of [2n ** 53n - 1n, 2n ** 62n, -(2n ** 52n) - 1n, -(2n ** 53n) + 3n, -(2n ** 63n)]) {
      expectUndecodable(() => counted.decode(Buffer.concat([header, varint(n)])));
    }
    for (const n of [2n ** 53n - 2n, -(2n ** 52n), -1n]) {
      expect(counted.decode(Buffer.concat([header, varint(n)]))).toEqual({ n: Number(n) });
    }
  });

  it("keeps its sign when it is read as a float, which may round it", () => {
    const record = (type: string) => ({ type: "record", name: "R", fields: [{ name: "n", type }] });
    const header = codecOf<{ n: number }>([record("long")])
      .encode({ n: 0 })
      .subarray(0, HEADER_LENGTH);
    const reader = codecOf<{ n: number }>([record("long"), record("double")]);
    for (const n of [2n ** 62n, -(2n ** 62n), -(2n ** 52n) - 1n, 5n, -5n]) {
      const read = reader.decode(Buffer.concat([header, varint(n)]));
      expect(Math.abs(read.n - Number(n))).toBeLessThanOrEqual(1);
    }
  });

  it("comes back exactly up to 2^52 in both directions, and up to 2^53 - 2 when it counts something", () => {
    for (const n of [0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 52, -(2 ** 52), 2 ** 53 - 2]) {
      expect(counted.decode(counted.encode({ n }))).toEqual({ n });
    }
  });
});

/** A long as Avro writes it. */
function varint(n: bigint): Buffer {
  const bytes: number[] = [];
  let rest = n < 0 ? -2n * n - 1n : 2n * n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}
