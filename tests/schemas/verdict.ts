// The checker's verdict on two schemas, as `schemas compare` gives it.

import { compareSchemas } from "../../shared/schemas/resolve.ts";
import type { RuleName } from "../../shared/schemas/rules.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";

export type Verdict = "COMPATIBLE" | "INCOMPATIBLE" | "INVALID";

export function verdict(reader: unknown, writer: unknown): Verdict {
  const [reads, wrote] = [parseSchema(reader).schema, parseSchema(writer).schema];
  if (!reads || !wrote) return "INVALID";
  return compareSchemas(reads, wrote).length === 0 ? "COMPATIBLE" : "INCOMPATIBLE";
}

/** The rules that a schema breaks, each once: none if it is valid. */
export function brokenRules(schema: unknown, literal?: (pointer: string) => string | undefined): RuleName[] {
  return [...new Set(parseSchema(schema, literal).faults.map(({ rule }) => rule))];
}

/** A record in its shortest form: fields as `{ name: type }`, or whole. */
export function record(name: string, fields: object, more: object = {}) {
  return {
    type: "record",
    name,
    ...more,
    fields: Object.entries(fields).map(([field, type]) => whole(field, type)),
  };
}

/** A field's type and what else it has, for `record`. */
export function having(type: unknown, more: { [attribute: string]: unknown }) {
  return new Whole(type, more);
}

class Whole {
  readonly type: unknown;
  readonly more: { [attribute: string]: unknown };

  constructor(type: unknown, more: { [attribute: string]: unknown }) {
    this.type = type;
    this.more = more;
  }
}

function whole(name: string, type: unknown): object {
  return type instanceof Whole ? { name, type: type.type, ...type.more } : { name, type };
}

// The parts of schemas that cases are made of.
export const E = (symbols: string[], more: object = {}) => ({ type: "enum", name: "E", symbols, ...more });
export const F = (size: number, more: object = {}) => ({ type: "fixed", name: "F", size, ...more });
export const array = (items: unknown) => ({ type: "array", items });
export const map = (values: unknown) => ({ type: "map", values });
export const decimal = (precision: number, scale?: number) => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  ...(scale !== undefined && { scale }),
});

export const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

/** Something within itself, `depth` times. */
export function nested(
  depth: number,
  around: (inner: unknown, depth: number) => unknown,
  leaf: unknown = "int",
) {
  let schema = leaf;
  for (let level = 0; level < depth; level++) schema = around(schema, level);
  return schema;
}
