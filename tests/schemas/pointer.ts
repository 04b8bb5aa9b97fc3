// What a JSON pointer points at.

/** Undefined when there is nothing. The empty pointer means the whole document. */
export function jsonAt(document: unknown, pointer: string): unknown {
  if (pointer === "") return document;
  return pointer
    .slice(1)
    .split("/")
    .map((key) => key.replaceAll("~1", "/").replaceAll("~0", "~"))
    .reduce((value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key], document);
}
