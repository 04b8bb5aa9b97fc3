// The single edits that people make from one version to the next, and what the checker should say of each.

import type { RuleName } from "../../shared/schemas/rules.ts";
import { having, record } from "./verdict.ts";

/** A rule, and in which direction it is broken; "ONE" for a rule of one version. */
export type Expected = `${RuleName} ${"BACKWARD" | "FORWARD" | "ONE"}`;

export interface Edit {
  readonly name: string;
  /** What changes: one type for another, or the fields of a record. */
  readonly type?: readonly [before: unknown, after: unknown];
  readonly fields?: readonly [before: object, after: object];
  readonly expected: readonly Expected[];
  /** Where the type is itself a branch of a union: its values meet the other branches too. */
  readonly expectedInUnion?: readonly Expected[];
  /** The edit makes or is a union, which can't stand in another one. */
  readonly union?: true;
  /** Does not show in the bytes: a version with nothing else has the fingerprint of the one before. */
  readonly silent?: true;
}

const BRANCH_BOTH: readonly Expected[] = ["union-branch-unknown BACKWARD", "union-branch-unknown FORWARD"];

const line = record("Line", { sku: "string" });
const status = { type: "enum", name: "Status", symbols: ["NEW", "PAID"], default: "NEW" };
const closed = { type: "enum", name: "Status", symbols: ["NEW", "PAID"] };
const hash = { type: "fixed", name: "Hash", size: 16 };
const price = { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 };
const millis = { type: "long", logicalType: "timestamp-millis" };

export const edits: readonly Edit[] = [
  {
    name: "change a type",
    type: ["string", "int"],
    expected: ["type-changed BACKWARD", "type-changed FORWARD"],
    expectedInUnion: BRANCH_BOTH,
  },
  {
    name: "change a type to a list of it",
    type: ["string", { type: "array", items: "string" }],
    expected: ["type-changed BACKWARD", "type-changed FORWARD"],
    expectedInUnion: BRANCH_BOTH,
  },
  {
    name: "change an enum to a string",
    type: [status, "string"],
    expected: ["type-changed BACKWARD", "type-changed FORWARD"],
    expectedInUnion: BRANCH_BOTH,
  },
  {
    name: "widen a number",
    type: ["int", "long"],
    expected: ["type-changed FORWARD"],
    expectedInUnion: ["union-branch-unknown FORWARD"],
  },
  {
    name: "narrow a number",
    type: ["double", "float"],
    expected: ["type-changed BACKWARD"],
    expectedInUnion: ["union-branch-unknown BACKWARD"],
  },
  {
    name: "change a list's items",
    type: [
      { type: "array", items: "int" },
      { type: "array", items: "boolean" },
    ],
    expected: ["type-changed BACKWARD", "type-changed FORWARD"],
  },
  { name: "change a string to bytes", type: ["string", "bytes"], expected: [] },

  {
    name: "rename a record",
    type: [line, { ...line, name: "Item" }],
    expected: ["name-changed BACKWARD", "name-changed FORWARD"],
    expectedInUnion: BRANCH_BOTH,
  },
  {
    name: "rename an enum",
    type: [status, { ...status, name: "State" }],
    expected: ["name-changed BACKWARD", "name-changed FORWARD"],
    expectedInUnion: BRANCH_BOTH,
  },
  {
    name: "rename a fixed",
    type: [hash, { ...hash, name: "Digest" }],
    expected: ["name-changed BACKWARD", "name-changed FORWARD"],
    expectedInUnion: BRANCH_BOTH,
  },
  {
    name: "rename a record and leave an alias",
    type: [line, { ...line, name: "Item", aliases: ["Line"] }],
    expected: ["name-changed FORWARD"],
    expectedInUnion: ["union-branch-unknown FORWARD"],
  },
  {
    name: "move a record to another namespace",
    type: [line, { ...line, namespace: "elsewhere" }],
    expected: ["namespace-changed BACKWARD"],
  },

  { name: "add a symbol", type: [status, { ...status, symbols: ["NEW", "PAID", "GONE"] }], expected: [] },
  { name: "remove a symbol", type: [{ ...status, symbols: ["NEW", "PAID", "GONE"] }, status], expected: [] },
  {
    name: "add a symbol to an enum without a default",
    type: [closed, { ...closed, symbols: ["NEW", "PAID", "GONE"] }],
    expected: ["enum-without-default ONE", "enum-symbol-unknown FORWARD"],
  },
  {
    name: "remove a symbol of an enum without a default",
    type: [{ ...closed, symbols: ["NEW", "PAID", "GONE"] }, closed],
    expected: ["enum-without-default ONE", "enum-symbol-unknown BACKWARD"],
  },
  {
    name: "drop an enum's default",
    type: [status, closed],
    expected: ["enum-without-default ONE"],
    silent: true,
  },
  {
    name: "add a symbol that JavaScript has already",
    type: [status, { ...status, symbols: ["NEW", "PAID", "toString"] }],
    expected: ["javascript-name ONE"],
  },

  {
    name: "change a fixed type's size",
    type: [hash, { ...hash, size: 20 }],
    expected: ["fixed-size-changed BACKWARD", "fixed-size-changed FORWARD"],
  },
  {
    name: "change a decimal's scale",
    type: [price, { ...price, scale: 4 }],
    expected: ["decimal-changed BACKWARD", "decimal-changed FORWARD"],
    silent: true,
  },
  {
    name: "change a decimal's precision",
    type: [price, { ...price, precision: 12 }],
    expected: ["decimal-changed BACKWARD", "decimal-changed FORWARD"],
    silent: true,
  },
  {
    name: "change a time's unit",
    type: [millis, { ...millis, logicalType: "timestamp-micros" }],
    expected: ["logical-type-changed BACKWARD"],
    silent: true,
  },
  {
    name: "drop a logical type",
    type: [price, "bytes"],
    expected: ["logical-type-changed BACKWARD"],
    silent: true,
  },
  {
    name: "add a logical type",
    type: ["string", { type: "string", logicalType: "uuid" }],
    expected: ["logical-type-changed BACKWARD"],
    silent: true,
  },

  {
    name: "add a branch to a union",
    type: [
      ["null", "string"],
      ["null", "string", "int"],
    ],
    expected: ["union-branch-unknown FORWARD"],
    union: true,
  },
  {
    name: "remove a branch of a union",
    type: [["string", line], [line]],
    expected: ["union-branch-unknown BACKWARD"],
    union: true,
  },
  {
    name: "make a type optional",
    type: [line, ["null", line]],
    expected: ["union-branch-unknown FORWARD"],
    union: true,
  },
  {
    name: "make an optional type required",
    type: [["null", status], status],
    expected: ["union-branch-unknown BACKWARD"],
    union: true,
  },
  {
    name: "reorder a union",
    type: [
      ["null", "string", line],
      [line, "string", "null"],
    ],
    expected: [],
    union: true,
  },

  {
    name: "add a field without a default",
    fields: [{}, { added: "string" }],
    expected: ["field-without-default BACKWARD"],
  },
  {
    name: "add an optional field without a default",
    fields: [{}, { added: ["null", "string"] }],
    expected: ["field-without-default BACKWARD"],
  },
  {
    name: "add a field with a default",
    fields: [{}, { added: having(status, { default: "PAID" }) }],
    expected: [],
  },
  {
    name: "remove a field that older readers need",
    fields: [{ removed: "string" }, {}],
    expected: ["field-without-default FORWARD"],
  },
  {
    name: "remove a field with a default",
    fields: [{ removed: having("string", { default: "" }) }, {}],
    expected: [],
  },
  {
    name: "rename a field",
    fields: [{ before: "string" }, { after: "string" }],
    expected: ["field-without-default BACKWARD", "field-without-default FORWARD"],
  },
  {
    name: "rename a field and leave an alias",
    fields: [{ before: "string" }, { after: having("string", { aliases: ["before"] }) }],
    expected: ["field-without-default FORWARD"],
  },
  {
    name: "reorder fields",
    fields: [
      { a: "int", b: "string" },
      { b: "string", a: "int" },
    ],
    expected: [],
  },
  {
    name: "remove a field and make its name an alias of another that older versions have",
    fields: [{ a: "int", b: having("int", { default: 0 }) }, { a: having("int", { aliases: ["b"] }) }],
    expected: ["ambiguous-alias BACKWARD"],
  },
  {
    name: "give two types one alias",
    fields: [
      { a: line, b: record("Box", {}) },
      { a: line, b: record("Box", {}, { aliases: ["Line"] }) },
    ],
    expected: ["ambiguous-alias ONE"],
    silent: true,
  },
  {
    name: "add a field that JavaScript has already",
    fields: [{}, { constructor: having("string", { default: "" }) }],
    expected: ["javascript-name ONE"],
  },
  {
    name: "add a type that JavaScript has already",
    fields: [{}, { added: having(record("valueOf", {}), { default: {} }) }],
    expected: ["javascript-name ONE"],
  },
  {
    name: "add a default of a union's second branch",
    fields: [{}, { added: having(["null", "string"], { default: "EUR" }) }],
    expected: ["unsupported ONE"],
  },
  {
    name: "add a default beyond what JavaScript counts exactly",
    fields: [{}, { added: having("long", { default: 2 ** 60 }) }],
    expected: ["unsupported ONE"],
  },
  {
    name: "add an alias that is no name",
    type: [line, { ...line, aliases: ["old-line"] }],
    expected: ["unsupported ONE"],
    silent: true,
  },
  {
    name: "add a union without branches",
    fields: [{}, { added: having({ type: "array", items: [] }, { default: [] }) }],
    expected: ["unsupported ONE"],
  },
  {
    name: "add a logical type that does not fit",
    fields: [{}, { added: having({ type: "int", logicalType: "timestamp-millis" }, { default: 0 }) }],
    expected: ["logical-type-ignored ONE"],
  },
  {
    name: "change documentation, order and metadata only",
    fields: [{ a: "int" }, { a: having("int", { doc: "How many.", order: "ignore", unit: "cm" }) }],
    expected: [],
    silent: true,
  },
  {
    name: "change a default only",
    fields: [{ a: having("int", { default: 0 }) }, { a: having("int", { default: 1 }) }],
    expected: [],
    silent: true,
  },
  {
    name: "drop a default only",
    fields: [{ a: having("int", { default: 0 }) }, { a: "int" }],
    expected: [],
    silent: true,
  },
];

/** Edits after which the version is no Avro schema any more. */
export const breakages: readonly { name: string; fields: object; expected: RuleName }[] = [
  {
    name: "a default of the wrong type",
    fields: { a: having("int", { default: "1" }) },
    expected: "invalid-default",
  },
  {
    name: "null for what is not optional",
    fields: { a: having("int", { default: null }) },
    expected: "invalid-default",
  },
  {
    name: "a default that no branch takes",
    fields: { a: having(["null", "int"], { default: "1" }) },
    expected: "invalid-default",
  },
  {
    name: "an enum default that is no symbol",
    fields: { a: { ...status, default: "GONE" } },
    expected: "invalid-default",
  },
  { name: "a type that there is not", fields: { a: "Lines" }, expected: "unknown-type" },
  { name: "a name with a dash", fields: { "order-id": "int" }, expected: "invalid-name" },
  {
    name: "a symbol with a dash",
    fields: { a: { ...status, symbols: ["NEW", "PRE-PAID"] } },
    expected: "invalid-name",
  },
  {
    name: "an alias that is another field",
    fields: { a: "int", b: having("int", { aliases: ["a"] }) },
    expected: "duplicate-name",
  },
  { name: "a type defined twice", fields: { a: line, b: line }, expected: "duplicate-name" },
  {
    name: "a symbol twice",
    fields: { a: { ...status, symbols: ["NEW", "NEW"] } },
    expected: "duplicate-name",
  },
  { name: "a union in a union", fields: { a: ["null", ["int", "string"]] }, expected: "invalid-union" },
  { name: "a branch twice", fields: { a: ["null", "int", "int"] }, expected: "invalid-union" },
  { name: "a list of nothing", fields: { a: { type: "array" } }, expected: "not-a-schema" },
  {
    name: "an order that there is not",
    fields: { a: having("int", { order: "up" }) },
    expected: "not-a-schema",
  },
];
