// Opens a service's database: one SQLite file that only that service touches.

import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import BetterSqlite, { type Database } from "better-sqlite3";

/**
 * Opens or creates the file, durable by default: a commit is on disk before anyone hears of it. `relaxed` leaves
 * the fsync to the operating system: a killed process loses nothing, a power cut may lose the last commits, and then the
 * service has to be rebuilt.
 */
export function openDatabase(file: string, durability: "strict" | "relaxed" = "strict"): Database {
  if (file !== ":memory:") mkdirSync(dirname(file), { recursive: true });
  const db = new BetterSqlite(file);
  db.pragma("journal_mode = WAL");
  db.pragma(`synchronous = ${durability === "strict" ? "FULL" : "NORMAL"}`);
  db.pragma("foreign_keys = ON");
  db.pragma("busy_timeout = 5000");
  return db;
}

const FAULTS =
  /^SQLITE_(BUSY|CANTOPEN|CORRUPT|FULL|INTERRUPT|IOERR|LOCKED|NOMEM|NOTADB|PERM|PROTOCOL|READONLY)(_|$)/;

/**
 * Whether the database could not do its work, whatever it was given: disk full, I/O error, lock. The transaction may be gone
 * with it. Any other error is about what it was given, such as a constraint, or a value of the wrong type.
 */
export function isDatabaseFault(error: unknown): boolean {
  return error instanceof BetterSqlite.SqliteError && FAULTS.test(error.code);
}
