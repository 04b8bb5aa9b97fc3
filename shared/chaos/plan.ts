// What goes wrong, with whom, when and for how long: all of it follows from the seed.

import type { Chance } from "../flow/simulate/chance.ts";

/** How many of a hundred faults are of each kind, more or less; those that cost much are rare. */
const WEIGHTS = {
  "service killed": 40,
  "NATS killed": 16,
  "service frozen": 10,
  "NATS frozen": 4,
  "events repeated": 9,
  "garbage sent": 5,
  "clock set": 6,
  "disk full": 5,
  "store rolled back": 2,
  "database deleted": 3,
} as const;

/** What may go wrong. */
export type Kind = keyof typeof WEIGHTS;

/** All kinds, the most frequent first. */
export const kinds = Object.keys(WEIGHTS) as Kind[];

/** One thing that goes wrong. */
export interface Fault {
  readonly kind: Kind;
  /** It begins when this many orders were placed. */
  readonly at: number;
  /** The service that it happens to, where it happens to one. */
  readonly service: string;
  /** How long it lasts, or by how much a clock is wrong, in milliseconds. */
  readonly ms: number;
  /** The seed of whatever else is left to chance. */
  readonly seed: number;
}

/** What a plan is made for. */
export interface Occasion {
  readonly orders: number;
  readonly faults: number;
  readonly services: readonly string[];
  /** The kinds that this machine can carry out. */
  readonly possible: readonly Kind[];
}

const FROZEN_MS = [1_000, 15_000] as const;
const FULL_MS = [1_000, 6_000] as const;
/** How long NATS goes on after the copy that it is rolled back to. */
const LOST_MS = [500, 4_000] as const;
/** Less than any deadline. */
const WRONG_MS = [1_000, 15 * 60_000] as const;
const LAST_SEED = 2 ** 32 - 1;

/** The plan: each kind once, as far as there is room, the rest by weight, in the order in which they begin. */
export function planOf(chance: Chance, { orders, faults, services, possible }: Occasion): Fault[] {
  const bag = possible.flatMap((kind) => Array<Kind>(WEIGHTS[kind]).fill(kind));
  const dealt = Array.from({ length: faults }, (_, index) => possible[index] ?? chance.of(bag));
  return dealt
    .map((kind) => ({
      kind,
      at: chance.between(1, orders),
      service: chance.of(services),
      ms: milliseconds(kind, chance),
      seed: chance.between(0, LAST_SEED),
    }))
    .sort((one, other) => one.at - other.at);
}

function milliseconds(kind: Kind, chance: Chance): number {
  if (kind === "clock set") return chance.spread(...WRONG_MS) * chance.of([1, -1]);
  if (kind === "disk full") return chance.spread(...FULL_MS);
  return kind === "store rolled back" ? chance.spread(...LOST_MS) : chance.spread(...FROZEN_MS);
}
