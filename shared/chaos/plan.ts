// What goes wrong, with whom, when and for how long: all of it follows from the seed.

import type { Chance } from "../flow/simulate/chance.ts";

/** What is asked for by number, and how often of seven times, more or less. */
const KILLS = { "service killed": 5, "NATS killed": 2 } as const;

/** What comes on top, and how often of a hundred times, more or less; what costs much is rare. */
const OTHERS = {
  "service frozen": 16,
  "NATS frozen": 7,
  "events repeated": 14,
  "garbage sent": 12,
  "orders refused": 15,
  "clock set": 9,
  "disk full": 8,
  "service's disk slow": 6,
  "NATS's disk slow": 3,
  "consumer deleted": 6,
  "stream deleted": 2,
  "store rolled back": 3,
  "database deleted": 3,
} as const;

/** What may go wrong. */
export type Kind = keyof typeof KILLS | keyof typeof OTHERS;

const kills = Object.keys(KILLS) as (keyof typeof KILLS)[];
const others = Object.keys(OTHERS) as (keyof typeof OTHERS)[];

/** All kinds. */
export const kinds: readonly Kind[] = [...kills, ...others];

/** Whether a fault is a `kill -9`. */
export function isKill(kind: Kind): boolean {
  return kind in KILLS;
}

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
  /** How many times something is killed. */
  readonly kills: number;
  readonly services: readonly string[];
  /** The kinds that this machine can carry out. */
  readonly possible: readonly Kind[];
}

const FROZEN_MS = [1_000, 15_000] as const;
const FULL_MS = [1_000, 6_000] as const;
const REFUSED_MS = [500, 3_000] as const;
const SLOW_MS = [1_000, 8_000] as const;
/** How long NATS goes on after the copy that it is rolled back to. */
const LOST_MS = [500, 4_000] as const;
/** Less than any deadline. */
const WRONG_MS = [1_000, 15 * 60_000] as const;
const LAST_SEED = 2 ** 32 - 1;

/** For so many kills there is one other fault. */
const KILLS_EACH = 2;

/**
 * The plan, in the order in which its faults begin: as many kills as are asked for, and half as many others, but each kind that
 * is possible at least once. Without kills there are no others.
 */
export function planOf(chance: Chance, { orders, kills: killed, services, possible }: Occasion): Fault[] {
  const rest = others.filter((kind) => possible.includes(kind));
  const more = killed === 0 ? 0 : Math.max(rest.length, Math.round(killed / KILLS_EACH));
  const dealt = [...deal(chance, kills, KILLS, killed), ...deal(chance, rest, OTHERS, more)];
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

/** So many of these kinds: each of them once, as far as there is room, the rest by weight. */
function deal<Some extends Kind>(
  chance: Chance,
  some: readonly Some[],
  weights: Readonly<Record<Some, number>>,
  count: number,
): Some[] {
  const bag = some.flatMap((kind) => Array<Some>(weights[kind]).fill(kind));
  return Array.from({ length: count }, (_, index) => some[index] ?? chance.of(bag));
}

function milliseconds(kind: Kind, chance: Chance): number {
  if (kind === "clock set") return chance.spread(...WRONG_MS) * chance.of([1, -1]);
  if (kind === "disk full") return chance.spread(...FULL_MS);
  if (kind === "orders refused") return chance.spread(...REFUSED_MS);
  if (kind.endsWith("disk slow")) return chance.spread(...SLOW_MS);
  return kind === "store rolled back" ? chance.spread(...LOST_MS) : chance.spread(...FROZEN_MS);
}
