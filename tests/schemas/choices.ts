// Where random schemas and data get their choices from: a tape of bytes that fast-check can shorten, or a seed.

import fc from "fast-check";

/** Tapes of so many bytes at least and at most. */
export function tapes(least: number, most: number): fc.Arbitrary<Choices> {
  const bytes = fc.noBias(fc.uint8Array({ minLength: least, maxLength: most, size: "max" }));
  return bytes.map((tape) => Choices.onTape(tape));
}

/** Makes choices. The first of several is the plainest: a tape that has run out always takes it. */
export class Choices {
  readonly #next: () => number;

  private constructor(next: () => number) {
    this.#next = next;
  }

  /** One choice for each byte. */
  static onTape(bytes: Uint8Array): Choices {
    let position = 0;
    return new Choices(() => bytes[position++] ?? 0);
  }

  /** Choices without end, the same ones for the same seed: Mulberry32. */
  static seeded(seed: number): Choices {
    let state = seed;
    return new Choices(() => {
      state = (state + 0x6d2b79f5) | 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return (mixed ^ (mixed >>> 14)) & 0xff;
    });
  }

  /** A whole number from 0, and less than `count`, which is 256 at most. */
  below(count: number): number {
    return this.#next() % count;
  }

  /** True in about so many cases of a hundred; false is the plainer. */
  chance(percent: number): boolean {
    return this.below(100) >= 100 - percent;
  }

  among<Item>(items: readonly Item[]): Item {
    return items[this.below(items.length)]!;
  }
}
