// What a JSON pointer points at.

import { tokensOf } from "../../shared/schemas/pointer.ts";

/** Undefined when there is nothing. The empty pointer means the whole document. */
export function jsonAt(document: unknown, pointer: string): unknown {
  return tokensOf(pointer).reduce(
    (value: unknown, key) => (value as Record<string, unknown> | undefined)?.[key],
    document,
  );
}
