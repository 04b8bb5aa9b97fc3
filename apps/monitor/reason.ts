// Why something was said, in the fact's own words and in one short line.

/** The fields in which facts say why, those first that say it in fewer words. */
const FIELDS = ["reason", "detail", "reasons", "note"];

/** The most characters of it: all of it is in the fact's data. */
const MOST = 80;

/** What the data of a fact say of why: `payment-declined, the card was declined`. Null when they say nothing. */
export function reasonIn(data: object): string | null {
  const fields = data as Record<string, unknown>;
  const words = FIELDS.flatMap((name) => fields[name]).flatMap((words) =>
    typeof words === "string" ? inOneLine(words) : [],
  );
  return shortened(words.filter(Boolean).join(", ")) || null;
}

/** Some of it is what customers have typed, and may hold anything that a terminal obeys. */
function inOneLine(words: string): string {
  return words
    .replace(/[\s\p{C}]+/gu, " ")
    .replace(/[\s.]+$/, "")
    .trimStart();
}

function shortened(text: string): string {
  const characters = [...text];
  return characters.length > MOST ? `${characters.slice(0, MOST - 1).join("")}…` : text;
}
