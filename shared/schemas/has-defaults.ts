// Whether a value of a schema may be incomplete when it is written.

import { type Schema, walk } from "./schema.ts";

/** Whether any record in it, however deep, has a field with a default: one that its writer may leave out. */
export function hasDefaults(schema: Schema): boolean {
  return [...walk(schema)].some(
    (each) => each.schema.kind === "record" && each.schema.fields.some((field) => field.default),
  );
}
