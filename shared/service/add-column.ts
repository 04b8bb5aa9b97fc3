// Gives a table a column that databases from before it was invented lack.

import type { Database } from "better-sqlite3";

/**
 * Adds the column unless it is there: `addColumn(db, "orders", "priority", "TEXT NOT NULL DEFAULT 'STANDARD'")`. Rows
 * that exist get the default. All names are the code's own: nothing is escaped.
 */
export function addColumn(db: Database, table: string, column: string, definition: string): void {
  const columns = db.pragma(`table_info(${table})`) as { name: string }[];
  if (columns.some(({ name }) => name === column)) return;
  db.exec(`ALTER TABLE ${table} ADD COLUMN ${column} ${definition}`);
}
