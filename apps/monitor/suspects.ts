// Which orders are looked at to find out what is wrong: there may be thousands that wait, and each look costs.

import type { Note } from "../../shared/parked/board.ts";
import type { ConsumerStand } from "./poll.ts";

/** The most orders that are looked at each time: those that something points at, the oldest, those found stuck, and others in turn. */
const POINTED_AT = 12;
const OLDEST = 8;
const KEPT = 4;
const IN_TURN = 8;
/** How far late orders are counted. */
const COUNTED = 100;

/** All that are looked at, at most. */
export const LOOKED_AT = POINTED_AT + OLDEST + KEPT + IN_TURN;

/** An order that is younger is on its way. */
const YOUNG_MS = 5_000;

/** Where suspects are found. */
export interface Places {
  /** Orders that have not ended and wait for no person, oldest first; undefined when nobody can tell. */
  pending(limit: number, after?: string): Promise<{ orders: Pending[]; next?: string } | undefined>;
  /** The key of the event at a place in the stream. */
  keyAt(seq: number): Promise<string | undefined>;
}

/** An order in a list. */
export interface Pending {
  readonly orderId: string;
  readonly placedAt: string;
}

/** Whom to look at, and how many wait for longer than five seconds, as far as was counted. */
export interface Suspected {
  readonly ids: readonly string[];
  readonly late: number;
  readonly hasMore: boolean;
  /** Whether nobody can tell which orders wait. */
  readonly isBlind: boolean;
}

/** Chooses whom to look at, and goes on through the others where it left off. */
export class Suspects {
  readonly #places: Places;
  #turn: string | undefined;
  #stuck: readonly string[] = [];

  constructor(places: Places) {
    this.#places = places;
  }

  /** Those to look at now, each once. What is parked, and where services stand, points at some. */
  async choose(notes: readonly Note[], consumers: readonly ConsumerStand[]): Promise<Suspected> {
    const [pointed, page] = await Promise.all([
      this.#pointedAt(notes, consumers),
      this.#places.pending(COUNTED),
    ]);
    const late = lateIn(page?.orders);
    const isAllLate = page !== undefined && late.length === page.orders.length;
    const hasMore = isAllLate && page.next !== undefined;
    const oldest = late.slice(0, OLDEST);
    const others = late.length > OLDEST ? await this.#inTurn(oldest.at(-1)!) : [];
    const ids = [...new Set([...pointed, ...this.#stuck, ...oldest, ...others])];
    return { ids, late: late.length, hasMore, isBlind: page === undefined };
  }

  /** Those that were found stuck are looked at again the next time. */
  keep(stuck: readonly string[]): void {
    this.#stuck = stuck.slice(0, KEPT);
  }

  /** The order that each service is held up at, and the first of each kind of parked message. */
  async #pointedAt(notes: readonly Note[], consumers: readonly ConsumerStand[]): Promise<string[]> {
    const behind = consumers.flatMap(({ oldest }) => oldest ?? []);
    const held = await Promise.all(behind.map(({ seq }) => this.#places.keyAt(seq).catch(() => undefined)));
    const failed = notes.filter(({ state }) => state === "failed");
    const kinds = new Map(
      failed.toReversed().map((note) => [`${note.service} ${note.fingerprint}`, note.key]),
    );
    const found = [...held, ...[...kinds.values()].toReversed()].filter((key) => key !== undefined);
    return [...new Set(found)].filter(isLateOrder).slice(0, POINTED_AT);
  }

  async #inTurn(after: string): Promise<string[]> {
    const from = this.#turn !== undefined && this.#turn > after ? this.#turn : after;
    const page = await this.#places.pending(IN_TURN, from);
    const late = lateIn(page?.orders);
    const isEnd = late.length < IN_TURN || page?.next === undefined;
    this.#turn = isEnd ? undefined : late.at(-1);
    return late;
  }
}

function lateIn(orders: readonly Pending[] = []): string[] {
  const before = Date.now() - YOUNG_MS;
  return orders.filter(({ placedAt }) => Date.parse(placedAt) < before).map(({ orderId }) => orderId);
}

const ORDER = /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12}$/;

function isLateOrder(key: string): boolean {
  return ORDER.test(key) && placedAt(key) < Date.now() - YOUNG_MS;
}

/** The time in the id of an order, which is a UUID of version 7, in milliseconds since 1970. */
export function placedAt(orderId: string): number {
  return Number.parseInt(orderId.replaceAll("-", "").slice(0, 12), 16);
}
