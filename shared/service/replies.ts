// What was answered to each Idempotency-Key, so that a repeated command gets the same answer and no second effect.

import { hash } from "node:crypto";
import type { Database } from "better-sqlite3";

/** The answers a service has given, in its own database. */
export interface Replies {
  /** The answer given to a command; "mismatch" when it was given to another request under the same key. */
  find(asked: Asked): unknown;
  remember(asked: Asked, answer: unknown): void;
}

/** A command that was asked for under an Idempotency-Key; `request` is the hash of what it asks. */
export interface Asked {
  readonly command: string;
  readonly key: string;
  readonly request: string;
}

/** Returned by {@link Replies.find} when the key was used for another request. */
export const MISMATCH = Symbol("another request had this Idempotency-Key");

/** A command under `key`, whose request is that text. */
export function asked(command: string, key: string, request: string): Asked {
  return { command, key, request: hash("sha256", request) };
}

/** The cause of the facts that the command leads to: the stream tells by it what was asked. */
export function causeOf({ command, key, request }: Asked): string {
  return `${command} ${key} ${request}`;
}

/** What was asked, if that was the cause of a fact. */
export function askedBy(causationId: string): Asked | undefined {
  const [, command, key, request] = /^(\S+) (\S+) ([\da-f]{64})$/.exec(causationId) ?? [];
  return command && key && request ? { command, key, request } : undefined;
}

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
    find({ command, key, request }) {
      const row = select.get(`${command} ${key}`) as { request: string; answer: string } | undefined;
      if (!row) return undefined;
      return row.request === request ? JSON.parse(row.answer) : MISMATCH;
    },
    remember({ command, key, request }, answer) {
      insert.run(`${command} ${key}`, request, JSON.stringify(answer ?? null), now());
    },
  };
}
