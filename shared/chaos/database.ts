// Looks into the databases of services that are running, or were.

import { existsSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite, { type Database } from "better-sqlite3";
import type { Row } from "../flow/check/scenario.ts";

/** The database file of a service. */
export function stateFile(folder: string, service: string): string {
  return join(folder, service, "state.db");
}

/** Hands the database to `look`, for reading only. */
export function lookInto<Seen>(file: string, look: (db: Database) => Seen): Seen {
  const db = new BetterSqlite(file, { readonly: true });
  try {
    return look(db);
  } finally {
    db.close();
  }
}

/** All rows of a table; none where there is no such file. */
export function rowsOf(file: string, table: string): Row[] {
  return existsSync(file)
    ? lookInto(file, (db) => db.prepare(`SELECT * FROM "${table}"`).all() as Row[])
    : [];
}

/** The newest fact that a service has said, whether it is stored in the stream or not. */
export function newestSaid(folder: string, service: string): { id: string; subject: string } | undefined {
  return lookInto(
    stateFile(folder, service),
    (db) =>
      db
        .prepare("SELECT event_id AS id, type || '.' || key AS subject FROM outbox ORDER BY id DESC LIMIT 1")
        .get() as { id: string; subject: string } | undefined,
  );
}
