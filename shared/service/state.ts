// What a service's database holds, as one hash; and where two databases differ.

import { createHash } from "node:crypto";
import type { Database } from "better-sqlite3";

/** A table in which two databases differ. */
export interface Difference {
  readonly table: string;
  /** How many keys have other rows, or rows in one of the two only; and the first of them. */
  readonly keys: number;
  readonly some: readonly string[];
}

/** What of the kit's own tables is state: not when something was handled, or how often it was tried. */
const KIT: Readonly<Record<string, string | undefined>> = {
  inbox: "event_id",
  outbox: "event_id, type, key, time, causation_id, correlation_id, traceparent, hex(payload)",
  rounds: "reaction, key, times",
  published: undefined,
  attempts: undefined,
  parked: undefined,
  replies: undefined,
  agreed_schemas: undefined,
};

const SHOWN = 5;

/** The hash of all state in `schema`, a database that `db` is on or has attached. */
export function stateHash(db: Database, schema = "main"): string {
  const sum = createHash("sha256");
  for (const [table, columns] of stateTables(db)) {
    const count = db.prepare(`SELECT ${columns} FROM "${table}"`).columns().length;
    const order = Array.from({ length: count }, (_, index) => index + 1).join();
    const rows = db.prepare(`SELECT ${columns} FROM "${schema}"."${table}" ORDER BY ${order}`).raw();
    sum.update(`${table}\n`);
    for (const row of rows.iterate()) sum.update(`${JSON.stringify(row)}\n`);
  }
  return sum.digest("hex");
}

/** Where the state of `db` differs from that of the database that it has attached as `other`. */
export function differences(db: Database, other: string): Difference[] {
  return [...stateTables(db)].flatMap(([table, columns]) => {
    const [key] = db.prepare(`SELECT ${columns} FROM "${table}"`).columns();
    const here = `SELECT ${columns} FROM main."${table}"`;
    const there = `SELECT ${columns} FROM "${other}"."${table}"`;
    const keys = db
      .prepare(
        `SELECT "${key!.name}" FROM (${here} EXCEPT ${there}) UNION SELECT "${key!.name}" FROM (${there} EXCEPT ${here})`,
      )
      .pluck()
      .all();
    return keys.length > 0 ? [{ table, keys: keys.length, some: keys.slice(0, SHOWN).map(String) }] : [];
  });
}

/** The tables that hold state, and the columns of each that do. */
function stateTables(db: Database): Map<string, string> {
  const tables = db
    .prepare(
      "SELECT name FROM main.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%' ORDER BY name",
    )
    .pluck()
    .all() as string[];
  const columns = tables.map((table) => [table, table in KIT ? KIT[table] : "*"] as const);
  return new Map(columns.filter((entry): entry is [string, string] => entry[1] !== undefined));
}
