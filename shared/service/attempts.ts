// How often each event was tried in vain: kept in the service's database, so that a restart does not begin anew.

import type { Database } from "better-sqlite3";

/** The tries of one event so far. Times are milliseconds since 1970. */
export interface Tried {
  readonly times: number;
  readonly firstAt: number;
}

export const ATTEMPTS_TABLE = `
  CREATE TABLE IF NOT EXISTS attempts (
    event_id TEXT PRIMARY KEY,
    times    INTEGER NOT NULL,
    first_at INTEGER NOT NULL,
    last_at  INTEGER NOT NULL,
    cause    TEXT NOT NULL
  ) WITHOUT ROWID;
`;

/** Counts tries; every change is part of the caller's transaction. */
export class Attempts {
  readonly #add;
  readonly #find;
  readonly #forget;

  /** The table has to be there. */
  constructor(db: Database) {
    this.#add = db.prepare(`
      INSERT INTO attempts VALUES (:id, :times, :now, :now, :cause) ON CONFLICT DO UPDATE
        SET times = times + excluded.times, last_at = excluded.last_at, cause = excluded.cause
      RETURNING times, first_at AS firstAt`);
    this.#find = db.prepare("SELECT times, first_at AS firstAt FROM attempts WHERE event_id = ?");
    this.#forget = db.prepare("DELETE FROM attempts WHERE event_id = ?");
  }

  /** Notes that an event was tried `times` times more, the last of them now, and why it failed. */
  add(id: string, times: number, cause: string, now: number): Tried {
    return this.#add.get({ id, times, cause, now }) as Tried;
  }

  /** The tries of an event, if there were any in vain. */
  find(id: string): Tried | undefined {
    return this.#find.get(id) as Tried | undefined;
  }

  /** Counts anew from now on. */
  forget(id: string): void {
    this.#forget.run(id);
  }
}
