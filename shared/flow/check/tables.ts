// The tables of a database as text: read, compared, and put back.

import type { Database } from "better-sqlite3";
import type { Row } from "./scenario.ts";

/** One table. What it holds is a text, the same for the same rows. */
export interface Table {
  readonly name: string;
  read(): string;
  write(text: string): void;
  rows(): Row[];
}

/** What led to a fact: the same facts said for different reasons make no different state. */
const LINEAGE = ["causation_id", "correlation_id", "traceparent"];

/** Every table of the database, the counter of its row ids included. */
export function tablesOf(db: Database): Table[] {
  const names = db.prepare("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name").pluck();
  return (names.all() as string[]).map((name) => tableOf(db, name));
}

function tableOf(db: Database, name: string): Table {
  const all = db.pragma(`table_xinfo(${name})`) as { name: string; hidden: number }[];
  const columns = all.filter(({ hidden }) => hidden === 0).map((column) => column.name);
  const shown = columns.map((column) => (LINEAGE.includes(column) ? `'' AS ${column}` : column));
  const select = db.prepare(`SELECT ${shown.join(", ")} FROM ${name} ORDER BY 1, 2`).raw();
  const selectRows = db.prepare(`SELECT * FROM ${name}`);
  const clear = db.prepare(`DELETE FROM ${name}`);
  const insert = db.prepare(
    `INSERT INTO ${name} (${columns.join(", ")}) VALUES (${columns.map(() => "?").join(", ")})`,
  );
  return {
    name,
    read: () =>
      JSON.stringify(select.all(), (_, value) =>
        value?.type === "Buffer" ? { base64: Buffer.from(value.data).toString("base64") } : value,
      ),
    write(text) {
      clear.run();
      for (const row of JSON.parse(text) as unknown[][]) insert.run(...row.map(bytes));
    },
    rows: () => selectRows.all() as Row[],
  };
}

function bytes(value: unknown): unknown {
  return typeof value === "object" && value !== null
    ? Buffer.from((value as { base64: string }).base64, "base64")
    : value;
}
