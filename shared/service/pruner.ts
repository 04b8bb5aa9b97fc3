// Forgets what nobody can need any more, a page of rows at a time, in between deliveries.

import type { Database } from "better-sqlite3";
import { type Clock, realClock, type Timer } from "./clock.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Origin, ParkedLanes } from "./parked.ts";

/** How long things are kept, in milliseconds. */
export interface Retention {
  /** What was handled, said and answered: longer than any event may still come again. */
  readonly recordsMs: number;
  /** What is put aside: as long as PARKED has it. */
  readonly parkedMs: number;
  /**
   * The broker's time, as far as the service has heard of it, in milliseconds since 1970. It is the broker that decides what may
   * still come again: a clock of the service's own that is ahead lets nothing be forgotten.
   */
  readonly brokerTime: () => number;
}

/** The most rows that are looked at in one transaction: about a millisecond. */
const PAGE = 500;
/** How soon the next page follows: at once where there was something to forget, later where there was not. */
const NEXT_MS = 50;
const CALM_MS = 1_000;
/** How long nothing is looked at after all tables were. */
const REST_MS = 60_000;

/**
 * The tables that grow, the key in whose order each is looked through, and the condition for a row to go. No index says which
 * rows are old: it would have to be kept with every delivery. The newest published row of the outbox stays, since it says
 * where the numbers go on. What is parked goes by its lanes.
 */
const TABLES = [
  { table: "inbox", key: "event_id", old: "at < :before" },
  { table: "outbox", key: "id", old: "time < :before AND id < (SELECT through FROM published)" },
  { table: "replies", key: "key", old: "at < :before" },
  { table: "attempts", key: "event_id", old: "last_at < :before" },
  { table: "parked", key: "place" },
] as const;

/** What the pruner works with. */
export interface PrunerParts {
  readonly db: Database;
  readonly commits: GroupCommit;
  readonly lanes: ParkedLanes;
  readonly retention: Retention;
  /** Told which parked messages have gone unseen: their orders go on without them. */
  readonly onExpired: (messages: readonly Origin[]) => void;
  readonly clock?: Clock | undefined;
}

/** Forgets in one service's database. */
export class Pruner {
  readonly #parts: PrunerParts;
  readonly #tables: ReturnType<typeof prepare>[];
  readonly #clock: Clock;
  #current = 0;
  /** The key of the last row that was looked at. */
  #after: unknown;
  #timer: Timer | undefined;
  #stopped = false;

  /** The tables have to be there. */
  constructor(parts: PrunerParts) {
    this.#parts = parts;
    this.#tables = TABLES.map((table) => prepare(parts.db, table));
    this.#clock = parts.clock ?? realClock;
  }

  /** Looks on and on, until `stop`. */
  start(): void {
    this.#lookIn(CALM_MS);
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
  }

  #lookIn(milliseconds: number): void {
    if (this.#stopped) return; // A page may still have been under way.
    this.#timer = this.#clock.after(milliseconds, () => this.#look());
  }

  #look(): void {
    let forgotten = 0;
    let expired: readonly Origin[] = [];
    this.#parts.commits.add({
      run: () => {
        expired = [];
        forgotten = this.#prunePage((origins) => {
          expired = origins;
        });
        return forgotten > 0;
      },
      committed: () => {
        if (expired.length > 0) this.#parts.onExpired(expired);
        this.#lookIn(this.#isAround ? REST_MS : forgotten > 0 ? NEXT_MS : CALM_MS);
      },
      failed: () => this.#lookIn(REST_MS),
    });
  }

  /** Whether all tables were looked through. */
  get #isAround(): boolean {
    return this.#current === 0 && this.#after === undefined;
  }

  /** Forgets what is old in the next page, and returns how many rows that were; `onExpired` hears of what was parked. */
  #prunePage(onExpired: (origins: readonly Origin[]) => void): number {
    const { first, last, forget } = this.#tables[this.#current]!;
    const { lanes, retention } = this.#parts;
    const after = this.#after ?? first;
    const end = last.get({ after });
    this.#after = end ?? undefined;
    if (end === null) {
      this.#current = (this.#current + 1) % this.#tables.length;
      return 0;
    }
    const now = Math.min(this.#clock.now(), retention.brokerTime());
    if (forget) return forget.run({ after, end, before: now - retention.recordsMs }).changes;
    const expired = lanes.expire({ after: `${after}`, end: `${end}`, before: now - retention.parkedMs });
    onExpired(expired);
    return expired.length;
  }
}

function prepare(db: Database, { table, key, ...rest }: (typeof TABLES)[number]) {
  const page = `SELECT ${key} AS end FROM ${table} WHERE ${key} > :after ORDER BY ${key} LIMIT ${PAGE}`;
  return {
    first: key === "id" ? 0 : "",
    last: db.prepare(`SELECT max(end) FROM (${page})`).pluck(),
    forget:
      "old" in rest
        ? db.prepare(`DELETE FROM ${table} WHERE ${key} > :after AND ${key} <= :end AND ${rest.old}`)
        : undefined,
  };
}
