// Brings a table of an older build into the shape that this build declares.

import type { Database } from "better-sqlite3";

/**
 * Makes the table what `tables`, the SQL that creates it, says: new columns get their defaults, old checks give way to
 * new ones, and rows stay. Nothing happens when the table has that shape already. All names are the code's own: nothing
 * is escaped.
 */
export function reshape(db: Database, table: string, tables: string): void {
  const created = new RegExp(`CREATE TABLE IF NOT EXISTS ${table} \\(.*?\\n {2}\\)[^;]*`, "s").exec(tables);
  if (!created) throw new Error(`there is no table ${table} to be reshaped`);
  const wanted = created[0].replace("IF NOT EXISTS ", "");
  const found = db.prepare("SELECT sql FROM sqlite_master WHERE name = ?").pluck().get(table) as string;
  if (plain(found) === plain(wanted)) return;

  const before = columnsOf(db, table);
  db.transaction(() => {
    db.exec(`ALTER TABLE ${table} RENAME TO ${table}_before; ${wanted}`);
    const kept = columnsOf(db, table)
      .filter((column) => before.includes(column))
      .join(", ");
    db.exec(`INSERT INTO ${table} (${kept}) SELECT ${kept} FROM ${table}_before; DROP TABLE ${table}_before`);
    db.exec(tables); // Its indexes went with the old table.
  })();
}

/** The columns that are stored, and not computed. */
function columnsOf(db: Database, table: string): string[] {
  const columns = db.pragma(`table_xinfo(${table})`) as { name: string; hidden: number }[];
  return columns.filter(({ hidden }) => hidden === 0).map(({ name }) => name);
}

function plain(sql: string): string {
  return sql.replaceAll('"', "").replace(/\s+/g, " ").trim();
}
