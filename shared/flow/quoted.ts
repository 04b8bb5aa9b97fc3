// A text as Graphviz's language has it.

/** A text in quotes, whose lines stay lines. */
export function quoted(text: string): string {
  return `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", "\\n")}"`;
}
