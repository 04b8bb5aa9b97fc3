// What was answered to each Idempotency-Key, so that a repeated command gets the same answer and no second effect.

import { hash } from "node:crypto";
import type { Database } from "better-sqlite3";

/** The answers a service has given, in its own database. */
export interface Replies {
  /** The answer given under `key`; "mismatch" when it was given to a request with another body. */
  find(key: string, request: string): unknown;
  remember(key: string, request: string, answer: unknown): void;
}

/** Returned by {@link Replies.find} when the key was used for another request. */
export const MISMATCH = Symbol("another request had this Idempotency-Key");

/** Opens the answers kept in `db`. */
export function openReplies(db: Database, now: () => number = Date.now): Replies {
  db.exec(`
    CREATE TABLE IF NOT EXISTS replies (
      key     TEXT PRIMARY KEY,
      request TEXT NOT NULL,
      answer  TEXT NOT NULL,
      at      INTEGER NOT NULL
    ) WITHOUT ROWID`);
  const select = db.prepare("SELECT request, answer FROM replies WHERE key = ?");
  const insert = db.prepare("INSERT INTO replies VALUES (?, ?, ?, ?)");
  return {
    find(key, request) {
      const row = select.get(key) as { request: string; answer: string } | undefined;
      if (!row) return undefined;
      return row.request === hash("sha256", request) ? JSON.parse(row.answer) : MISMATCH;
    },
    remember(key, request, answer) {
      insert.run(key, hash("sha256", request), JSON.stringify(answer), now());
    },
  };
}
