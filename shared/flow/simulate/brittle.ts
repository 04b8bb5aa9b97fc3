// A database whose commits may fail, as they do when the disk is full.

import BetterSqlite, { type Database } from "better-sqlite3";
import type { Setting } from "./setting.ts";

/** The same database, seen by a service: a `COMMIT` may fail, with nothing stored. */
export function brittle(db: Database, setting: Setting): Database {
  const prepare = (sql: string) => {
    const statement = db.prepare(sql);
    if (sql !== "COMMIT") return statement;
    const run = () => {
      if (setting.chance.is(setting.faults.failedCommit)) {
        setting.trace.count("failed commits");
        throw new BetterSqlite.SqliteError("database or disk is full", "SQLITE_FULL");
      }
      return statement.run();
    };
    return { run };
  };
  return Object.create(db, { prepare: { value: prepare } });
}
