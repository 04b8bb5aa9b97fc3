// Messages that are put aside: why, in which lane, what waits behind them, and whether the stream PARKED says so as well.

import { hash } from "node:crypto";
import type { Database } from "better-sqlite3";
import { reshape } from "./reshape.ts";

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

/** The most messages that are tried again at the same time, and the most that PARKED is told of, with their bytes. */
const MOVED_AT_ONCE = 500;
const TOLD_AT_ONCE = 50;

/**
 * `failed` and `waiting` until an operator redrives it, `redriven` until it is known how that ends, `ended` until PARKED
 * says so as well.
 */
export type ParkedState = "failed" | "waiting" | "redriven" | "ended";

/** Which PARKED says the same as a row, and under which number there: none does as long as both are null. */
export const PARKED_TABLE = `
  CREATE TABLE IF NOT EXISTS parked (
    place    TEXT PRIMARY KEY,
    sequence INTEGER NOT NULL,
    key      TEXT NOT NULL,
    state    TEXT NOT NULL,
    why      TEXT NOT NULL,
    told_in  TEXT,
    told_as  INTEGER,
    message  BLOB
  );
  CREATE INDEX IF NOT EXISTS parked_lanes ON parked (key, sequence);
  CREATE INDEX IF NOT EXISTS parked_states ON parked (state);
`;

/** Apart, since an older build's table has no such columns until it is reshaped. */
const TOLD_INDEX = "CREATE INDEX IF NOT EXISTS parked_told ON parked (told_in, told_as)";

/** A message as its lane has it now. */
export interface Kept extends Origin {
  readonly state: ParkedState;
  /** Why it is put aside, as JSON. */
  readonly why: string;
  /** Its bytes; null when it has ended, and when only PARKED has them. */
  readonly message: Uint8Array | null;
  readonly told_in: string | null;
  readonly told_as: number | null;
}

/** The lanes of one service: the messages of a key that are put aside, in the order of the stream. */
export class ParkedLanes {
  readonly #statements: ReturnType<typeof prepare>;
  /** Whether there may be any at all: most services never have one. */
  #any: boolean;

  /** The table has to be there, be it an older build's. */
  constructor(db: Database) {
    reshape(db, "parked", PARKED_TABLE);
    db.exec(TOLD_INDEX);
    this.#statements = prepare(db);
    this.#any = this.#statements.any.get() === 1;
  }

  /** Puts a message, and its bytes, into its lane, or says of one that is there already why it has failed again. */
  put({ place, sequence, key }: Origin, why: Omit<Parked, "redrives">, message: Uint8Array): Parked {
    const earlier = this.#statements.find.get(place) as Row | undefined;
    const before = earlier && (JSON.parse(earlier.why) as Parked);
    const isAgain = earlier?.state === "redriven" && !before?.isWaiting;
    const parked = { ...why, redrives: (before?.redrives ?? 0) + (isAgain ? 1 : 0) };
    this.restore({ place, sequence, key }, parked, message);
    return parked;
  }

  /** Puts a message into its lane as PARKED knows it; its bytes can be read there. */
  restore({ place, sequence, key }: Origin, parked: Parked, message: Uint8Array | null = null): void {
    this.#any = true;
    const state = parked.isWaiting ? "waiting" : "failed";
    this.#statements.put.run({ place, sequence, key, state, why: JSON.stringify(parked), message });
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
  redrive({ place, sequence, key }: Origin): void {
    this.#any = true;
    this.#statements.redrive.run({ place, sequence, key, why: UNKNOWN });
  }

  /** Takes a message out of its lane, and lets go of its bytes; the next one follows if it has only waited. */
  end({ place, sequence, key }: Origin): void {
    this.#any = true;
    this.#statements.end.run({ place, sequence, key, why: UNKNOWN });
    this.#statements.follow.run(key);
  }

  /** Has whatever waits behind nothing tried: what it has waited for ended when nobody could note it here. */
  follow(): void {
    this.#statements.followNothing.run();
  }

  /** What is to be tried again now, {@link MOVED_AT_ONCE} at most. */
  due(): Origin[] {
    return this.#any ? (this.#statements.due.all() as Origin[]) : [];
  }

  /** All that is known of a message that is put aside, or was until now. */
  get(place: string): Kept | undefined {
    return this.#any ? (this.#statements.get.get(place) as Kept | undefined) : undefined;
  }

  /** What PARKED does not say yet; {@link TOLD_AT_ONCE} at most. */
  untold(): Origin[] {
    return this.#any ? (this.#statements.untold.all() as Origin[]) : [];
  }

  /** Notes which PARKED says the same of a message, and under which number; not if the message has moved on meanwhile. */
  told({ place, state, why }: Kept, told_in: string, told_as: number): void {
    this.#statements.told.run({ place, state, why, told_in, told_as });
  }

  /** Takes a message's bytes from PARKED. */
  keep(place: string, message: Uint8Array): void {
    this.#statements.keep.run(message, place);
  }

  /** What PARKED was told of last. */
  newest(): Kept | undefined {
    return this.#any ? (this.#statements.newest.get() as Kept | undefined) : undefined;
  }

  /** What only another PARKED was told of has to be told again. Returns how many messages that are. */
  untellOthers(stream: string): number {
    return this.#statements.untellOthers.run(stream, stream).changes;
  }

  /** The newest so many have to be told again. */
  untell(many: number): number {
    return this.#statements.untell.run(many).changes;
  }

  /**
   * Of the places between two, ends what was put aside before that time, and returns it: what waits behind it goes on. Nothing
   * is ended from behind what stays.
   */
  expire(page: { after: string; end: string; before: number }): Origin[] {
    const expired = this.#statements.expired.all(page) as Origin[];
    for (const origin of expired) this.end(origin);
    return expired;
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

/** The first message of its lane. */
const HEADS = `NOT EXISTS
  (SELECT 1 FROM parked WHERE key = one.key AND sequence < one.sequence AND state != 'ended')`;

const NEWEST = "told_in IS NOT NULL ORDER BY told_in DESC, told_as DESC";

interface Row {
  readonly state: string;
  readonly why: string;
}

function prepare(db: Database) {
  const first = "SELECT place FROM parked WHERE key = ? AND state != 'ended' ORDER BY sequence LIMIT 1";
  const origins = "SELECT place, sequence, key FROM parked one";
  const old = "state IN ('failed', 'waiting') AND why ->> 'lastAt' < :before";
  return {
    any: db.prepare("SELECT EXISTS (SELECT 1 FROM parked)").pluck(),
    put: db.prepare(`INSERT OR REPLACE INTO parked (place, sequence, key, state, why, message)
      VALUES (:place, :sequence, :key, :state, :why, :message)`),
    find: db.prepare("SELECT state, why FROM parked WHERE place = ?"),
    ahead: db
      .prepare(
        "SELECT why FROM parked WHERE key = ? AND sequence < ? AND state != 'ended' ORDER BY sequence LIMIT 1",
      )
      .pluck(),
    redrive: db.prepare(`INSERT INTO parked (place, sequence, key, state, why)
      VALUES (:place, :sequence, :key, 'redriven', :why) ON CONFLICT DO UPDATE SET state = 'redriven'`),
    end: db.prepare(`INSERT INTO parked (place, sequence, key, state, why)
      VALUES (:place, :sequence, :key, 'ended', :why)
      ON CONFLICT DO UPDATE SET state = 'ended', told_in = NULL, told_as = NULL, message = NULL`),
    follow: db.prepare(`UPDATE parked SET state = 'redriven' WHERE state = 'waiting' AND place = (${first})`),
    followNothing: db.prepare(
      `UPDATE parked AS one SET state = 'redriven' WHERE state = 'waiting' AND ${HEADS}`,
    ),
    due: db.prepare(`${origins} WHERE state = 'redriven' AND ${HEADS} LIMIT ${MOVED_AT_ONCE}`),
    get: db.prepare("SELECT * FROM parked WHERE place = ?"),
    // Of what was redriven without its bytes, only PARKED has something to say.
    untold: db.prepare(`${origins} WHERE told_in IS NULL AND (state != 'redriven' OR message IS NOT NULL)
      LIMIT ${TOLD_AT_ONCE}`),
    told: db.prepare(`UPDATE parked SET told_in = :told_in, told_as = :told_as
      WHERE place = :place AND state = :state AND why = :why`),
    keep: db.prepare("UPDATE parked SET message = ? WHERE place = ? AND state != 'ended'"),
    newest: db.prepare(`SELECT * FROM parked WHERE ${NEWEST} LIMIT 1`),
    untellOthers: db.prepare(
      `UPDATE parked SET told_in = NULL, told_as = NULL WHERE told_in < ? OR told_in > ?`,
    ),
    untell: db.prepare(`UPDATE parked SET told_in = NULL, told_as = NULL
      WHERE place IN (SELECT place FROM parked WHERE ${NEWEST} LIMIT ?)`),
    expired: db.prepare(`${origins} WHERE place > :after AND place <= :end AND ${old} AND NOT EXISTS (
      SELECT 1 FROM parked WHERE key = one.key AND sequence < one.sequence AND state != 'ended' AND NOT (${old}))`),
    forget: db.prepare("DELETE FROM parked WHERE place = ? AND state = 'ended'"),
    count: db.prepare("SELECT state, count(*) FROM parked GROUP BY state").raw(),
  };
}
