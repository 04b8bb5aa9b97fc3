// A database that can't store now and then, as when the disk is full.

import BetterSqlite, { type Database } from "better-sqlite3";
import type { Setting } from "./setting.ts";

/** Where it may fail: at the end of a transaction, or in the midst of it. */
const MAY_FAIL = /^(COMMIT|INSERT INTO outbox)/;

/** The same database, seen by a service: to store a fact may fail, which ends the transaction as in SQLite, and so may a commit. */
export function brittle(db: Database, setting: Setting): Database {
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    if (!MAY_FAIL.test(sql)) return statement;
    const run = (...values: unknown[]) => {
      if (setting.chance.is(setting.faults.failedWrite)) {
        setting.trace.count("failed writes");
        if (sql !== "COMMIT") db.exec("ROLLBACK");
        throw new BetterSqlite.SqliteError("database or disk is full", "SQLITE_FULL");
      }
      return statement.run(...values);
    };
    return { run };
  };
  return Object.create(db, { prepare: { value: prepare } });
}
