// How terminals are shown tables and reports.

const MARGIN = 16;
/** Lines of a hundred characters or less, broken between two items of a list. */
const WRAPPED = /.{1,98}(?:, |$)|.+/g;

/** Rows in columns, as wide as they have to be. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]!.map((_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]!.length), 0),
  );
  const line = (row: readonly string[]) => row.map((cell, column) => cell.padEnd(widths[column]!)).join("  ");
  return rows.map((row) => line(row).trimEnd()).join("\n");
}

/** A row of a report: what it is about in the margin, and a text that may go on below. */
export function row(name: string, text: string): string {
  const lines = text.match(WRAPPED) ?? [];
  return `${name.padEnd(MARGIN)}${lines.map((line) => line.trimEnd()).join(`\n${" ".repeat(MARGIN)}`)}`;
}

/** Numbers with what they count; of all counts, unless some are named. */
export function listed(counts: Readonly<Record<string, number>>, names = Object.keys(counts)): string {
  return names.map((name) => `${count(counts[name] ?? 0)} ${name}`).join(", ") || "none";
}

/** A number with its thousands apart. */
export function count(value: number): string {
  return value.toLocaleString("en");
}
