// Messages that are put aside: why, in which lane, and what waits behind them. Their bytes are in the stream PARKED.

import { hash } from "node:crypto";
import type { Database } from "better-sqlite3";

/** Where a message came from: its name for as long as it is put aside. */
export interface Origin {
  /** Its place in the stream, and the nanosecond in which it was stored there. */
  readonly place: string;
  readonly sequence: number;
  /** What it is about: the last token of its subject. */
  readonly key: string;
}

/** Why a message is put aside. Times are milliseconds since 1970. */
export interface Parked {
  readonly cause: string;
  readonly stack: string;
  /** The same for causes that differ only in ids, numbers and quoted words; of what only waits, that of what it waits for. */
  readonly fingerprint: string;
  readonly attempts: number;
  /** When it was tried for the first time, and for the last. */
  readonly firstAt: number;
  readonly lastAt: number;
  /** Whether it was not tried, since an earlier message of the same key is put aside. */
  readonly isWaiting: boolean;
  /** How often an operator has had it tried again in vain. */
  readonly redrives: number;
}

/** Eight letters that stand for what failed, with what kind of error, in which words, and where in the code. */
export function fingerprintOf(what: string, { name, message, stack }: Error): string {
  const words = message.replace(/"[^"]*"|'[^']*'/g, "…").replace(/[\w-]*\d[\w.-]*/g, "#");
  const place = /\n\s+at (?:async )?([\w.#<> ]+)/.exec(stack ?? "")?.[1] ?? "";
  return hash("sha1", [what, name, words, place].join("\n")).slice(0, 8);
}

/** The most messages that are tried again, or noted in PARKED, at the same time. */
const MOVED_AT_ONCE = 500;

/**
 * `failed` and `waiting` until an operator redrives it, `redriven` until it is known how that ends, `ended` until PARKED
 * says so as well.
 */
export type ParkedState = "failed" | "waiting" | "redriven" | "ended";

export const PARKED_TABLE = `
  CREATE TABLE IF NOT EXISTS parked (
    place    TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    key      TEXT NOT NULL,
    state    TEXT NOT NULL,
    why      TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS parked_lanes ON parked (key, sequence);
  CREATE INDEX IF NOT EXISTS parked_states ON parked (state);
`;

/** The lanes of one service: the messages of a key that are put aside, in the order of the stream. */
export class ParkedLanes {
  readonly #statements: ReturnType<typeof prepare>;
  /** Whether there may be any at all: most services never have one. */
  #any: boolean;

  /** The table has to be there. */
  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#any = this.#statements.any.get() === 1;
  }

  /** Puts a message into its lane, or says of one that is there already why it has failed again. */
  put({ place, sequence, key }: Origin, why: Omit<Parked, "redrives">): Parked {
    const earlier = this.#statements.find.get(place) as Row | undefined;
    const before = earlier && (JSON.parse(earlier.why) as Parked);
    const isAgain = earlier?.state === "redriven" && !before?.isWaiting;
    const parked = { ...why, redrives: (before?.redrives ?? 0) + (isAgain ? 1 : 0) };
    this.restore({ place, sequence, key }, parked);
    return parked;
  }

  /** Puts a message into its lane as PARKED knows it. */
  restore({ place, sequence, key }: Origin, parked: Parked): void {
    this.#any = true;
    const state = parked.isWaiting ? "waiting" : "failed";
    this.#statements.put.run({ place, sequence, key, state, why: JSON.stringify(parked) });
  }

  /** Why a message was put aside, if it was and nobody has redriven it. */
  find(place: string): Parked | undefined {
    const row = this.#any ? (this.#statements.find.get(place) as Row | undefined) : undefined;
    return row && ["failed", "waiting"].includes(row.state) ? JSON.parse(row.why) : undefined;
  }

  /** Why the first message of the key's lane was put aside, if it comes before this one. */
  ahead({ key, sequence }: Origin): Parked | undefined {
    if (!this.#any) return undefined;
    const why = this.#statements.ahead.get(key, sequence) as string | undefined;
    return why === undefined ? undefined : JSON.parse(why);
  }

  /** Has a message tried again as soon as it is the first of its lane; also one that only PARKED knows of. */
  redrive(origin: Origin): void {
    this.#move(origin, "redriven");
  }

  /** Takes a message out of its lane; the next one follows if it has only waited. */
  end(origin: Origin): void {
    this.#move(origin, "ended");
    this.#statements.follow.run(origin.key);
  }

  #move(origin: Origin, state: ParkedState): void {
    this.#any = true;
    this.#statements.move.run({ ...origin, state, why: UNKNOWN });
  }

  /** What is to be tried again now, {@link MOVED_AT_ONCE} at most. */
  due(): Origin[] {
    return this.#any ? (this.#statements.due.all() as Origin[]) : [];
  }

  /** What has left its lane, as long as PARKED does not say so; {@link MOVED_AT_ONCE} at most. */
  ended(): Origin[] {
    return this.#any ? (this.#statements.ended.all() as Origin[]) : [];
  }

  /** Of the places between two, forgets what was put aside before that time: what waits behind it goes on. Returns how many. */
  expire(page: { after: string; end: string; before: number }): number {
    const expired = this.#statements.expired.all(page) as Origin[];
    for (const { place, key } of expired) {
      this.#statements.remove.run(place);
      this.#statements.follow.run(key);
    }
    return expired.length;
  }

  /** How many messages there are, by state. */
  count(): Record<ParkedState, number> {
    const counted = this.#any ? (this.#statements.count.all() as [ParkedState, number][]) : [];
    return { failed: 0, waiting: 0, redriven: 0, ended: 0, ...Object.fromEntries(counted) };
  }

  /** Forgets what has left its lane. */
  forget(place: string): void {
    this.#statements.forget.run(place);
  }
}

/** Why something is put aside that this database does not know of. */
const UNKNOWN = JSON.stringify({ cause: "unknown", fingerprint: "unknown", redrives: 0 });

interface Row {
  readonly state: string;
  readonly why: string;
}

function prepare(db: Database) {
  const first = "SELECT place FROM parked WHERE key = ? AND state != 'ended' ORDER BY sequence LIMIT 1";
  const origins = "SELECT place, sequence, key FROM parked one";
  return {
    any: db.prepare("SELECT EXISTS (SELECT 1 FROM parked)").pluck(),
    put: db.prepare("INSERT OR REPLACE INTO parked VALUES (:place, :sequence, :key, :state, :why)"),
    find: db.prepare("SELECT state, why FROM parked WHERE place = ?"),
    ahead: db
      .prepare(
        "SELECT why FROM parked WHERE key = ? AND sequence < ? AND state != 'ended' ORDER BY sequence LIMIT 1",
      )
      .pluck(),
    move: db.prepare(`INSERT INTO parked VALUES (:place, :sequence, :key, :state, :why)
      ON CONFLICT DO UPDATE SET state = excluded.state`),
    follow: db.prepare(`UPDATE parked SET state = 'redriven' WHERE state = 'waiting' AND place = (${first})`),
    due: db.prepare(`${origins} WHERE state = 'redriven' AND NOT EXISTS
      (SELECT 1 FROM parked WHERE key = one.key AND sequence < one.sequence AND state != 'ended')
      LIMIT ${MOVED_AT_ONCE}`),
    ended: db.prepare(`${origins} WHERE state = 'ended' LIMIT ${MOVED_AT_ONCE}`),
    expired: db.prepare(`${origins} WHERE place > :after AND place <= :end
      AND state IN ('failed', 'waiting') AND why ->> 'lastAt' < :before`),
    forget: db.prepare("DELETE FROM parked WHERE place = ? AND state = 'ended'"),
    remove: db.prepare("DELETE FROM parked WHERE place = ?"),
    count: db.prepare("SELECT state, count(*) FROM parked GROUP BY state").raw(),
  };
}
