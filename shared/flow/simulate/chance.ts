// Chance that can be repeated: all of a simulation comes from one seed.

const WORD = 2 ** 32;

/**
 * A stream of random numbers: xoshiro128** by Blackman and Vigna, begun by SplitMix64 as they advise
 * (https://prng.di.unimi.it). Equal seeds give equal streams, on every machine.
 */
export class Chance {
  readonly #state: Uint32Array;

  /** `seed` is a whole number from 0 to 2^32 - 1. */
  constructor(seed: number) {
    const [one, two] = splitMix64(BigInt(seed));
    this.#state = new Uint32Array(new BigUint64Array([one, two]).buffer);
  }

  /** A number from 0 up to, but not including, 1. */
  random(): number {
    return this.#next() / WORD;
  }

  /** A whole number from `from` to `to`, both included. */
  between(from: number, to: number): number {
    return from + Math.floor(this.random() * (to - from + 1));
  }

  /** True with this probability: never at 0, always at 1. */
  is(probability: number): boolean {
    return probability > 0 && this.random() < probability;
  }

  /** One of several. */
  of<T>(some: readonly T[]): T {
    return some[Math.floor(this.random() * some.length)]!;
  }

  /** A wait, in milliseconds, for something that happens every `mean` milliseconds on average, at no special time. */
  wait(mean: number): number {
    return Math.ceil(-Math.log(1 - this.random()) * mean);
  }

  /** Milliseconds between two bounds, with short ones as likely as ones ten times as long. */
  spread(from: number, to: number): number {
    return Math.round(from * (to / from) ** this.random());
  }

  #next(): number {
    const s = this.#state;
    const result = Math.imul(rotate(Math.imul(s[1]!, 5), 7), 9) >>> 0;
    const t = s[1]! << 9;
    s[2]! ^= s[0]!;
    s[3]! ^= s[1]!;
    s[1]! ^= s[2]!;
    s[0]! ^= s[3]!;
    s[2]! ^= t;
    s[3] = rotate(s[3]!, 11);
    return result;
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by));
}

function splitMix64(seed: bigint): [bigint, bigint] {
  const next = (count: bigint) => {
    let z = BigInt.asUintN(64, seed + count * 0x9e3779b97f4a7c15n);
    z = BigInt.asUintN(64, (z ^ (z >> 30n)) * 0xbf58476d1ce4e5b9n);
    z = BigInt.asUintN(64, (z ^ (z >> 27n)) * 0x94d049bb133111ebn);
    return z ^ (z >> 31n);
  };
  return [next(1n), next(2n)];
}
