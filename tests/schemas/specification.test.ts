// What the Avro 1.12 specification says of schemas and of reading them, case by case; where it is silent, no case.
// https://avro.apache.org/docs/1.12.0/specification/

import { describe, expect, it } from "vitest";
import { canonicalForm, fingerprint } from "../../shared/schemas/canonical.ts";
import { compareSchemas } from "../../shared/schemas/resolve.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import { brokenRules, having, record, verdict } from "./verdict.ts";

type Case = [title: string, reader: unknown, writer: unknown];

const PRIMITIVES = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

describe("schema resolution of primitive types", () => {
  const promoted = new Set(
    ["int long", "int float", "int double", "long float", "long double", "float double"].concat([
      "string bytes",
      "bytes string",
    ]),
  );
  const all = PRIMITIVES.flatMap((reader) => PRIMITIVES.map((writer) => [reader, writer] as const));

  it.each(all)(
    "%s reads %s if it is the same or promoted, in whatever form they are written",
    (reader, writer) => {
      const expected =
        reader === writer || promoted.has(`${writer} ${reader}`) ? "COMPATIBLE" : "INCOMPATIBLE";

      expect(verdict(reader, writer)).toBe(expected);
      expect(verdict({ type: reader }, writer)).toBe(expected);
      expect(verdict({ type: "array", items: reader }, { type: "array", items: { type: writer } })).toBe(
        expected,
      );
      expect(verdict({ type: "map", values: { type: reader } }, { type: "map", values: writer })).toBe(
        expected,
      );
      expect(verdict(record("R", { f: reader }), record("R", { f: writer }))).toBe(expected);
      expect(verdict([reader], [writer])).toBe(expected);
    },
  );
});

const E = (symbols: string[], more: object = {}) => ({ type: "enum", name: "E", symbols, ...more });
const F = (size: number, more: object = {}) => ({ type: "fixed", name: "F", size, ...more });
const array = (items: unknown) => ({ type: "array", items });
const map = (values: unknown) => ({ type: "map", values });
const decimal = (precision: number, scale?: number) => ({
  type: "bytes",
  logicalType: "decimal",
  precision,
  ...(scale !== undefined && { scale }),
});

describe("schema resolution allows", () => {
  it.each<Case>([
    [
      "a field that the reader ignores, of any type",
      record("R", {}),
      record("R", { a: record("S", { b: "int" }) }),
    ],
    [
      "a field with a default that the writer lacks",
      record("R", { a: having("int", { default: 0 }) }),
      record("R", {}),
    ],
    ["a default of null", record("R", { a: having("null", { default: null }) }), record("R", {})],
    [
      "a field and its default in a record within",
      record("R", { s: record("S", { a: having(array("int"), { default: [] }) }) }),
      record("R", { s: record("S", {}) }),
    ],
    [
      "a field in another place",
      record("R", { b: "int", a: "string" }),
      record("R", { a: "string", b: "int" }),
    ],
    [
      "a field by an alias",
      record("R", { a: having("int", { aliases: ["x", "b"] }) }),
      record("R", { b: "int" }),
    ],
    [
      "two fields by an alias each",
      record("R", { a: having("int", { aliases: ["c"] }), b: having("int", { aliases: ["d"] }) }),
      record("R", { c: "int", d: "int" }),
    ],
    [
      "a field's alias of the writer, which says nothing",
      record("R", { a: "int" }),
      record("R", { a: having("int", { aliases: ["z"] }) }),
    ],
    [
      "another order, doc or metadata",
      record("R", { a: having("int", { order: "ignore", doc: "d", x: 1 }) }),
      record("R", { a: "int" }),
    ],
    ["a record by an alias of the null namespace", record("S", {}, { aliases: ["R"] }), record("R", {})],
    [
      "a record by an alias relative to its namespace",
      record("a.S", {}, { aliases: ["R"] }),
      record("a.R", {}),
    ],
    ["a record by an alias with a namespace", record("a.S", {}, { aliases: ["b.R"] }), record("b.R", {})],
    ["an enum by an alias", E(["A"], { name: "n.G", aliases: ["E"] }), E(["A"], { name: "n.E" })],
    ["a fixed by an alias", F(2, { name: "G", aliases: ["n.F"] }), F(2, { name: "n.F" })],
    ["another namespace around a type within", record("a.R", { f: F(2) }), record("b.R", { f: F(2) })],
    ["one type in the null namespace and one not", F(2, { namespace: "" }), F(2, { namespace: "n" })],
    ["an enum with more symbols, in another order", E(["C", "B", "A"]), E(["A", "B"])],
    ["unknown symbols if the reader's enum has a default", E(["U"], { default: "U" }), E(["A", "B"])],
    [
      "an enum default that the writer lacks or has otherwise",
      E(["A", "B"], { default: "B" }),
      E(["A", "B"], { default: "A" }),
    ],
    ["lists and maps within each other", map(array(map("double"))), map(array(map("int")))],
    [
      "logical types that come, go and change",
      { type: "long", logicalType: "timestamp-micros" },
      { type: "int", logicalType: "date" },
    ],
    ["an unknown logical type", { type: "string", logicalType: "no-such" }, "string"],
    [
      "a logical type on a type that it does not fit",
      { type: "string", logicalType: "date" },
      { type: "string", logicalType: "uuid" },
    ],
    ["equal decimals", decimal(9, 2), decimal(9, 2)],
    ["decimals whose scale is 0, said or not", decimal(9), decimal(9, 0)],
    ["a decimal and bare bytes", decimal(9, 2), "bytes"],
    ["bare bytes and a decimal", "bytes", decimal(9, 2)],
    ["a decimal as a string, as its bytes are", "string", decimal(9, 2)],
    [
      "decimals in fixed that are equal",
      F(8, { logicalType: "decimal", precision: 18, scale: 2 }),
      F(8, { logicalType: "decimal", precision: 18, scale: 2 }),
    ],
    ["an invalid decimal, which is bare bytes: scale beyond precision", decimal(4, 5), decimal(4, 2)],
    ["an invalid decimal: precision 0", decimal(0), decimal(4, 2)],
    ["an invalid decimal: negative scale", decimal(4, -1), decimal(4, 2)],
    ["an invalid decimal: no precision", { type: "bytes", logicalType: "decimal", scale: 2 }, decimal(4, 2)],
    [
      "an invalid decimal: precision is a text",
      { type: "bytes", logicalType: "decimal", precision: "4" },
      decimal(4, 2),
    ],
    ["an invalid decimal: precision is a fraction", decimal(4.5), decimal(4, 2)],
    [
      "an invalid decimal: more digits than the fixed holds",
      F(4, { logicalType: "decimal", precision: 10 }),
      F(4, { logicalType: "decimal", precision: 9 }),
    ],
    [
      "an error read as the same error",
      { ...record("R", { m: "string" }), type: "error" },
      { ...record("R", { m: "string" }), type: "error" },
    ],
  ])("%s", (_, reader, writer) => {
    expect(verdict(reader, writer)).toBe("COMPATIBLE");
  });
});

describe("schema resolution forbids", () => {
  it.each<Case>([
    ["a field without a default that the writer lacks", record("R", { a: "null" }), record("R", {})],
    ["a field of another case", record("R", { Id: "int" }), record("R", { id: "int" })],
    [
      "a field that the writer has by an alias only",
      record("R", { a: "int" }),
      record("R", { b: having("int", { aliases: ["a"] }) }),
    ],
    [
      "a default that only the writer has",
      record("R", { a: "int" }),
      record("R", { b: having("int", { default: 1 }) }),
    ],
    [
      "a field's alias that is not the writer's field",
      record("R", { a: having("int", { aliases: ["x"] }) }),
      record("R", { b: "int" }),
    ],
    [
      "a default to stand in for another type",
      record("R", { a: having("int", { default: 1 }) }),
      record("R", { a: "long" }),
    ],
    ["a record of another name", record("a.S", {}), record("a.R", {})],
    ["a record's alias that only the writer has", record("S", {}), record("R", {}, { aliases: ["S"] })],
    [
      "an alias relative to another namespace than the writer's",
      record("a.S", {}, { aliases: ["R"] }),
      record("b.R", {}),
    ],
    ["an enum of another name", E(["A"]), E(["A"], { name: "G" })],
    ["a fixed of another name", F(2), F(2, { name: "G" })],
    ["a fixed of another size by an alias", F(3, { aliases: ["G"] }), F(2, { name: "G" })],
    ["unknown symbols if only the writer's enum has a default", E(["A"]), E(["A", "B"], { default: "A" })],
    [
      "unknown symbols if only the reader's field has a default",
      record("R", { e: having(E(["A"]), { default: "A" }) }),
      record("R", { e: E(["B"]) }),
    ],
    ["symbols of another case", E(["a"]), E(["A"])],
    ["a record as a map", map("int"), record("R", { a: "int" })],
    ["a map as a record", record("R", { a: "int" }), map("int")],
    ["an enum as an int", "int", E(["A"])],
    ["a fixed as bytes", "bytes", F(2)],
    ["a list as its item", "int", array("int")],
    ["an item as a list of it", array("int"), "int"],
    ["a record as an enum of one name", { ...E(["A"]), name: "N" }, record("N", {})],
    ["a longer number in a list in a map", map(array("int")), map(array("long"))],
    ["decimals of another precision", decimal(9, 2), decimal(10, 2)],
    ["decimals of another scale, one being 0 unsaid", decimal(9), decimal(9, 2)],
    [
      "decimals in fixed of another scale",
      F(8, { logicalType: "decimal", precision: 9, scale: 1 }),
      F(8, { logicalType: "decimal", precision: 9, scale: 2 }),
    ],
    ["decimals of another scale in a list", array(decimal(9, 1)), array(decimal(9, 2))],
    ["decimals of another scale in a union of one", [decimal(9, 1)], [decimal(9, 2)]],
    ["decimals of another scale that are optional", ["null", decimal(9, 1)], decimal(9, 2)],
    [
      "a decimal of 38 digits in 16 bytes as one of 37",
      F(16, { logicalType: "decimal", precision: 37 }),
      F(16, { logicalType: "decimal", precision: 38 }),
    ],
  ])("%s", (_, reader, writer) => {
    expect(verdict(reader, writer)).toBe("INCOMPATIBLE");
  });
});

describe("schema resolution of unions", () => {
  const card = record("Card", { pan: "string" });
  const cash = record("Cash", { amount: "int" });

  it.each<Case>([
    ["a value into a union of one", ["int"], "int"],
    ["a union of one as its value", "int", ["int"]],
    ["each branch into the one that it is promoted to", "double", ["int", "long", "float", "double"]],
    ["branches by another branch that takes them", ["null", "double"], ["null", "int", "float"]],
    ["strings and bytes", ["bytes"], ["string", "bytes"]],
    ["branches in another order", [cash, "null", card], ["null", card, cash]],
    ["more branches", ["null", card, cash], ["null", card]],
    ["a list of a union into a list of a wider one", array(["null", "long"]), array(["int"])],
    ["an enum in a union, with a default", ["null", E(["U"], { default: "U" })], ["null", E(["A"])]],
    ["no value at all, of a union without branches", "int", []],
    [
      "a branch whose record gains a field with a default",
      ["null", record("Card", { pan: "string", x: having("int", { default: 0 }) })],
      ["null", card],
    ],
    ["two fixed by their names", [F(2), F(3, { name: "G" })], [F(3, { name: "G" }), F(2)]],
    [
      "unions below both sides",
      record("R", { a: ["null", map(["null", "double"])] }),
      record("R", { a: map("int") }),
    ],
    [
      "a decimal into a string when the decimal of the union is another",
      [decimal(9, 4), "string"],
      decimal(9, 2),
    ],
  ])("allows %s", (_, reader, writer) => {
    expect(verdict(reader, writer)).toBe("COMPATIBLE");
  });

  it.each<Case>([
    ["null for what can't be null", "int", ["int", "null"]],
    ["a branch that no branch takes", ["null", "int"], ["null", "int", "string"]],
    ["a value that no branch takes", ["null", "int"], "string"],
    ["a longer number", ["null", "int", "string"], ["null", "long"]],
    ["any value, by a union without branches", [], "null"],
    ["a record of another name", ["null", cash], ["null", card]],
    ["a record that lacks a field", ["null", record("Card", { pan: "string", x: "int" })], ["null", card]],
    ["an enum with unknown symbols", ["null", E(["A"]), "string"], ["null", E(["B"])]],
    ["a fixed of another size", ["null", F(2), "bytes"], ["null", F(3)]],
    [
      "a branch within a list within a branch",
      ["null", array(["null", "int"])],
      ["null", array(["null", "string"])],
    ],
    ["a branch below a field", record("R", { a: [card] }), record("R", { a: [card, cash] })],
  ])("forbids %s", (_, reader, writer) => {
    expect(verdict(reader, writer)).toBe("INCOMPATIBLE");
  });

  // The specification has the first branch that matches, and matching is only by kind and name for records. This
  // project takes a value if any branch does, as the Java reference and avsc do.
  it("takes a value into any branch, though an earlier one has its name", () => {
    const newer = record("Card", { pan: "string", network: "string" });
    const older = record("Old", { pan: "string" }, { aliases: ["Card"] });

    expect(verdict([newer, older], card)).toBe("COMPATIBLE");
    expect(verdict([older, newer], ["null", card])).toBe("INCOMPATIBLE");
  });
});

describe("schema resolution of recursive types", () => {
  const list = (value: unknown, more: object = {}) =>
    record("List", { value, next: ["null", "List"], ...more });
  const tree = (leaf: unknown) => record("Tree", { kids: array(map("Tree")), leaf });

  it.each<Case>([
    ["the same list", list("long"), list("long")],
    ["a list's value promoted", list("double"), list("int")],
    ["a tree's leaf made optional", tree(["null", "int"]), tree("int")],
    [
      "two types that hold each other",
      record("A", { b: ["null", record("B", { a: ["null", "A"] })] }),
      record("A", { b: ["null", record("B", { a: ["null", "A"] })] }),
    ],
    [
      "a list that is unrolled once",
      record("List", { next: ["null", record("List2", { next: ["null", "List"] }, { aliases: ["List"] })] }),
      record("List", { next: ["null", "List"] }),
    ],
  ])("allows %s", (_, reader, writer) => {
    expect(verdict(reader, writer)).toBe("COMPATIBLE");
  });

  it.each<Case>([
    ["a list's value demoted", list("int"), list("double")],
    ["a tree's leaf that was optional", tree("int"), tree(["null", "int"])],
    ["a field without a default in a type met again", list("int", { x: "int" }), list("int")],
    [
      "a list unrolled once that differs below",
      record("List", {
        v: "int",
        next: ["null", record("List2", { v: "string", next: ["null", "List"] }, { aliases: ["List"] })],
      }),
      list("int"),
    ],
  ])("forbids %s", (_, reader, writer) => {
    expect(verdict(reader, writer)).toBe("INCOMPATIBLE");
  });

  it("forgets what it held good while it followed a branch that failed", () => {
    const W = (bad: string) => record("W", { y: ["null", record("Y", { w: ["null", "W"] })], bad });
    const writer = record("Root", { first: W("string"), second: "Y" });
    const reader = record("Root", { first: [W("int"), record("Z", {}, { aliases: ["W"] })], second: "Y" });

    // `first` is read by Z. While W was tried, Y seemed readable; a Y that holds a W is not.
    expect(verdict(reader, writer)).toBe("INCOMPATIBLE");
  });

  it("takes no longer for faults in a type that is used in many places", () => {
    const layer = (index: number) => record(`R${index}`, { x: `R${index - 1}`, y: `R${index - 1}` });
    const layers = Array.from({ length: 60 }, (_, index) => layer(index + 1));
    const [reader, writer] = ["int", "string"].map((leaf) =>
      record(
        "Root",
        Object.fromEntries([record("R0", { leaf }), ...layers].map((each) => [each.name, each])),
      ),
    );

    const found = compareSchemas(parseSchema(reader).schema!, parseSchema(writer).schema!);

    expect(found.map(({ rule }) => rule)).toEqual(["type-changed"]);
  }, 2000);

  it("takes no longer for faults below nested lists and unions", () => {
    const deep = (leaf: unknown) =>
      nested(40, (inner, depth) => ["null", depth % 2 ? array(inner) : map(inner)], leaf);

    const found = compareSchemas(parseSchema(deep("int")).schema!, parseSchema(deep("string")).schema!);

    expect(found.map(({ rule }) => rule)).toEqual(["type-changed"]);
  }, 2000);
});

describe("a schema is valid", () => {
  it.each<[title: string, schema: unknown]>([
    ...PRIMITIVES.map((name): [string, unknown] => [`${name}, in an object too`, [{ type: name }]]),
    ["a record without fields", record("R", {})],
    ["a union without branches, as in Avro's own test data", []],
    [
      "attributes that Avro does not know",
      { type: "array", items: { type: "int", unit: "cm" }, default: [], x: { y: 1 } },
    ],
    ["a fixed of no bytes", F(0)],
    ["names with digits and underscores", record("_R2", { _: "int", a1_: "int", A1_: "int" })],
    [
      "complex types' names as names",
      record("record", { enum: { type: "enum", name: "map", symbols: ["union"] } }),
    ],
    [
      "a full name, with a namespace beside it that is ignored",
      record("a.R", { f: F(1), g: "a.F" }, { namespace: "b" }),
    ],
    [
      "a namespace of its own, and references into both",
      record("R", { f: F(1, { namespace: "b" }), g: "b.F", h: "R" }, { namespace: "a" }),
    ],
    [
      "a reference relative to the enclosing namespace",
      record("a.R", { f: F(1), g: array("F"), h: map("a.F") }),
    ],
    [
      "the namespace within a full name within",
      record("a.R", { s: record("b.S", { f: F(1), g: "F" }), h: "b.F", i: "R" }),
    ],
    [
      "an empty namespace within another, for good",
      record("a.R", { s: record("S", { f: F(1), g: "F" }, { namespace: "" }) }),
    ],
    [
      "one short name in two namespaces",
      record("R", { a: F(1, { namespace: "a" }), b: F(2, { namespace: "b" }) }),
    ],
    [
      "one name of fields and symbols of different types",
      record("R", { a: record("S", { a: E(["a"]) }), R: "int" }),
    ],
    ["a type in itself, in a list", record("R", { kids: array("R") })],
    [
      "a type used again after the record that defines it",
      record("R", { s: record("S", { f: F(1) }), g: "F", h: "S" }),
    ],
    ["its own name as an alias, as in Avro's own test data", record("foo", {}, { aliases: ["foo", "bar"] })],
    [
      "aliases that are no names",
      record("R", { a: having("int", { aliases: ["a-b", "1", ""] }) }, { aliases: ["old-name"] }),
    ],
    [
      "every order",
      record("R", {
        a: having("int", { order: "ascending" }),
        b: having("int", { order: "descending" }),
        c: having("int", { order: "ignore" }),
      }),
    ],
    [
      "a union of every kind once, and named ones more often",
      [
        ...PRIMITIVES,
        array("int"),
        map("int"),
        record("R", {}),
        record("S", {}),
        E(["A"]),
        F(1),
        F(1, { name: "G" }),
      ],
    ],
    ["unions that are only nested through a list", ["null", array(["null", "int"])]],
    ["two records of one short name in a union", [record("a.R", {}), record("b.R", {})]],
    ["an enum default that is a symbol", E(["A", "B"], { default: "B" })],
    [
      "a logical type that is unknown or no text",
      [
        { type: "int", logicalType: "x" },
        { type: "long", logicalType: 1 },
      ],
    ],
    ["invalid decimals, which are ignored", [decimal(-1, 2), F(1, { logicalType: "decimal", precision: 3 })]],
    [
      "a uuid of 16 bytes, and a duration",
      [F(16, { logicalType: "uuid" }), F(12, { name: "G", logicalType: "duration" })],
    ],
    ["a record within a record, 60 deep", nested(60, (inner, depth) => record(`R${depth}`, { f: inner }))],
    ["a list within a list, 150 deep", nested(150, (inner) => array(inner))],
  ])("with %s", (_, schema) => {
    expect(parseSchema(schema).faults).toEqual([]);
  });
});

describe("a schema is invalid", () => {
  it.each<[title: string, rule: string, schema: unknown]>([
    ...[null, true, 1, {}, { name: "R" }, { type: null }, { type: 1 }].map(
      (json): [string, string, unknown] => {
        return ["no schema at all", "not-a-schema", json];
      },
    ),
    ["a type that is a type", "not-a-schema", { type: { type: "string" } }],
    ["a type that is a union", "not-a-schema", { type: ["null", "int"] }],
    ["a union as a record's type", "not-a-schema", { ...record("R", {}), type: ["record"] }],
    ["no name of a record", "not-a-schema", { type: "record", fields: [] }],
    ["no name of an enum", "not-a-schema", { type: "enum", symbols: ["A"] }],
    ["no name of a fixed", "not-a-schema", { type: "fixed", size: 1 }],
    ["a name that is no text", "not-a-schema", { type: "fixed", name: 1, size: 1 }],
    ["no fields", "not-a-schema", { type: "record", name: "R" }],
    ["fields that are no list", "not-a-schema", { type: "record", name: "R", fields: { a: "int" } }],
    ["a field that is no object", "not-a-schema", { type: "record", name: "R", fields: ["int"] }],
    ["a field without a name", "not-a-schema", { type: "record", name: "R", fields: [{ type: "int" }] }],
    ["a field without a type", "not-a-schema", { type: "record", name: "R", fields: [{ name: "a" }] }],
    ["no symbols", "not-a-schema", { type: "enum", name: "E" }],
    ["symbols that are no list", "not-a-schema", { type: "enum", name: "E", symbols: "A" }],
    ["no items", "not-a-schema", { type: "array" }],
    ["no values", "not-a-schema", { type: "map" }],
    ["no size", "not-a-schema", { type: "fixed", name: "F" }],
    ["a negative size", "not-a-schema", F(-1)],
    ["half a byte", "not-a-schema", F(0.5)],
    ["an order that there is not", "not-a-schema", record("R", { a: having("int", { order: "up" }) })],
    ["aliases that are no list", "not-a-schema", record("R", {}, { aliases: "S" })],
    ["an alias that is no text", "not-a-schema", record("R", { a: having("int", { aliases: [1] }) })],
    ["a namespace that is no text", "not-a-schema", record("R", {}, { namespace: 1 })],

    ["a type that there is not", "unknown-type", "Int"],
    ["a type that there is not, in a list", "unknown-type", array("Line")],
    ["a type before it is defined", "unknown-type", record("R", { a: "F", b: F(1) })],
    [
      "a type of the null namespace, by its short name from another",
      "unknown-type",
      record("R", { f: F(1), s: record("a.S", { g: "F" }) }),
    ],
    [
      "a type of another namespace by its short name",
      "unknown-type",
      record("a.R", { f: F(1, { namespace: "b" }), g: "F" }),
    ],
    ["a type by its alias", "unknown-type", record("R", { f: F(1, { aliases: ["G"] }), g: "G" })],
    ["a primitive type with a namespace", "unknown-type", "a.int"],

    ["a name that begins with a digit", "invalid-name", record("1R", {})],
    ["a name with a letter beyond A to z", "invalid-name", record("Ré", {})],
    ["an empty name", "invalid-name", record("", {})],
    ["a name that ends with a dot", "invalid-name", record("a.", {})],
    ["a name that begins with a dot", "invalid-name", record(".R", {})],
    ["an empty part of a namespace", "invalid-name", record("R", {}, { namespace: "a..b" })],
    ["a namespace with a dash", "invalid-name", record("R", {}, { namespace: "a-b" })],
    ["a field's name with a dot", "invalid-name", record("R", { "a.b": "int" })],
    ["a field's name with a space behind it", "invalid-name", record("R", { "a ": "int" })],
    ["a field's name with a line's end", "invalid-name", record("R", { "a\n": "int" })],
    ["a symbol with a dash", "invalid-name", E(["A-B"])],
    ["an empty symbol", "invalid-name", E([""])],
    ["a symbol that is no text", "invalid-name", E([1 as unknown as string])],
    ...PRIMITIVES.map((name): [string, string, unknown] => [
      `a type called ${name}`,
      "invalid-name",
      F(1, { name }),
    ]),
    ["a primitive type's name in a namespace", "invalid-name", record("int", {}, { namespace: "a" })],
    ["a primitive type's name in a full name", "invalid-name", E(["A"], { name: "a.string" })],

    ["a type defined twice", "duplicate-name", record("R", { a: F(1), b: F(1) })],
    ["a type and one within it by one name", "duplicate-name", record("R", { r: record("R", {}) })],
    [
      "a record and an enum by one full name",
      "duplicate-name",
      record("a.R", { e: E(["A"], { name: "a.R" }) }),
    ],
    [
      "a field twice",
      "duplicate-name",
      {
        type: "record",
        name: "R",
        fields: [
          { name: "a", type: "int" },
          { name: "a", type: "int" },
        ],
      },
    ],
    [
      "an alias that is another field",
      "duplicate-name",
      record("R", { a: "int", b: having("int", { aliases: ["a"] }) }),
    ],
    [
      "two fields with one alias",
      "duplicate-name",
      record("R", { a: having("int", { aliases: ["c"] }), b: having("int", { aliases: ["c"] }) }),
    ],
    ["a symbol twice", "duplicate-name", E(["A", "B", "A"])],

    ["a union in a union", "invalid-union", ["null", ["int"]]],
    ["a type twice in a union", "invalid-union", ["int", "null", "int"]],
    ["a type twice, in two forms", "invalid-union", ["int", { type: "int" }]],
    [
      "a type twice, with two logical types",
      "invalid-union",
      [
        { type: "long", logicalType: "timestamp-millis" },
        { type: "long", logicalType: "timestamp-micros" },
      ],
    ],
    ["two lists in a union", "invalid-union", [array("int"), array("string")]],
    ["two maps in a union", "invalid-union", [map("int"), map("string")]],
    ["a named type twice in a union", "invalid-union", record("R", { f: F(1), u: ["F", "null", "F"] })],

    ["an enum default that is no symbol", "invalid-default", E(["A"], { default: "B" })],
    ["an enum default that is null", "invalid-default", E(["A"], { default: null })],
  ])("with %s: %s", (_, rule, schema) => {
    expect(brokenRules(schema)).toEqual([rule]);
  });
});

describe("a default", () => {
  const withDefault = (type: unknown, value: unknown) => record("R", { f: having(type, { default: value }) });
  const S = record("S", { a: "int", b: having("string", { default: "" }) });

  it.each<[type: unknown, value: unknown]>([
    ["null", null],
    ["boolean", false],
    ["int", 0],
    ["int", 2147483647],
    ["int", -2147483648],
    ["long", 2147483648],
    ["long", Number.MIN_SAFE_INTEGER],
    ["float", 1],
    ["float", -1.5],
    ["double", 1e300],
    ["string", "€\u0000"],
    ["bytes", ""],
    ["bytes", "\u0000ÿ"],
    [F(2), "\u0000ÿ"],
    [F(0), ""],
    [E(["A", "B"], { default: "B" }), "A"],
    [array("int"), [1, 2]],
    [array(array("null")), [[], [null]]],
    [map("int"), {}],
    [map("int"), { "": 1, "a/b": 2 }],
    [S, { a: 1 }],
    [S, { a: 1, b: "x" }],
    [record("S", {}), {}],
    [["null", "string"], null],
    [["null", "string"], "x"],
    [["int", "string"], "x"],
    [["null", array("int")], [1]],
    [["null", S], { a: 1 }],
    [array(["int", "string"]), [1, "x"]],
    [array("R"), []],
    [["null", "R"], null],
    [map("R"), { k: { f: {} } }],
    [{ type: "long", logicalType: "timestamp-millis" }, 0],
    [decimal(4, 2), "\u0001"],
  ])("of %j may be %j", (type, value) => {
    expect(parseSchema(withDefault(type, value)).faults).toEqual([]);
  });

  it.each<[type: unknown, value: unknown]>([
    ["null", 0],
    ["null", "null"],
    ["boolean", "true"],
    ["boolean", 0],
    ["int", null],
    ["int", "0"],
    ["int", 0.5],
    ["int", 2147483648],
    ["int", -2147483649],
    ["long", 1.5],
    ["long", "1"],
    ["long", 1e19],
    ["long", true],
    ["float", "1.5"],
    ["double", null],
    ["string", null],
    ["string", 1],
    ["bytes", "€"],
    ["bytes", [1]],
    [F(2), "x"],
    [F(2), "xyz"],
    [F(1), "€"],
    [E(["A"]), "B"],
    [E(["A"], { default: "A" }), "B"],
    [E(["A"]), null],
    [array("int"), {}],
    [array("int"), 1],
    [array("int"), [null]],
    [array(array("int")), [[1], ["x"]]],
    [map("int"), []],
    [map("int"), { a: "x" }],
    [S, {}],
    [S, { a: "x" }],
    [S, { a: 1, b: null }],
    [S, []],
    [S, null],
    [record("S", {}), "x"],
    [["null", "string"], 1],
    [["null", S], { b: "x" }],
    [[], null],
    [array("R"), [{ f: 1 }]],
    [{ type: "int", logicalType: "date" }, "2024-01-01"],
    [decimal(4, 2), 1.5],
  ])("of %j may not be %j", (type, value) => {
    expect(brokenRules(withDefault(type, value))).toEqual(["invalid-default"]);
  });

  it.each([
    ["9223372036854775807", []],
    ["-9223372036854775808", []],
    ["9007199254740993", []],
    ["9223372036854775808", ["invalid-default"]],
    ["-9223372036854775809", ["invalid-default"]],
  ])("of a long is held against 64 bits as it is written: %s", (text, rules) => {
    const literals = new Map([["/fields/0/default", text]]);

    expect(brokenRules(withDefault("long", Number(text)), (pointer) => literals.get(pointer))).toEqual(rules);
  });

  it("of a long is held against 64 bits within a list, too", () => {
    const literals = new Map([["/fields/0/default/1", "9223372036854775808"]]);
    const schema = withDefault(array("long"), [1, 2 ** 63]);

    expect(parseSchema(schema, (pointer) => literals.get(pointer)).faults).toMatchObject([
      { rule: "invalid-default", pointer: "/fields/0/default/1" },
    ]);
  });

  it("is asked for from the reader only, and only for what the writer lacks", () => {
    const first = record("R", { a: "int" });
    const second = record("R", { a: "int", b: "int" });

    expect([verdict(second, first), verdict(first, second)]).toEqual(["INCOMPATIBLE", "COMPATIBLE"]);
  });
});

describe("all faults of a schema", () => {
  it("are found at once, each where it is", () => {
    const schema = record("Order", {
      "bad-name": "int",
      lines: array(record("Line", { sku: "Sku", quantity: having("int", { default: "one" }) })),
      status: E(["A", "A"], { default: "B" }),
      choice: ["int", "int"],
    });

    expect(
      parseSchema(schema)
        .faults.map(({ rule, pointer }) => [rule, pointer])
        .sort(),
    ).toEqual([
      ["duplicate-name", "/fields/2/type/symbols"],
      ["invalid-default", "/fields/1/type/items/fields/1/default"],
      ["invalid-default", "/fields/2/type/default"],
      ["invalid-name", "/fields/0/name"],
      ["invalid-union", "/fields/3/type"],
      ["unknown-type", "/fields/1/type/items/fields/0/type"],
    ]);
  });
});

// share/test/data/schema-tests.txt of Apache Avro.
describe("the canonical form and fingerprint", () => {
  it.each<[input: unknown, canonical: string, fingerprint: bigint]>([
    ["null", '"null"', 7195948357588979594n],
    [{ type: "null" }, '"null"', 7195948357588979594n],
    ["boolean", '"boolean"', -6970731678124411036n],
    ["int", '"int"', 8247732601305521295n],
    ["long", '"long"', -3434872931120570953n],
    [{ type: "float" }, '"float"', 5583340709985441680n],
    ["double", '"double"', -8181574048448539266n],
    ["bytes", '"bytes"', 5746618253357095269n],
    [{ type: "string" }, '"string"', -8142146995180207161n],
    [[], "[]", -1241056759729112623n],
    [["int"], '["int"]', -5232228896498058493n],
    [["int", { type: "boolean" }], '["int","boolean"]', 5392556393470105090n],
    [
      { fields: [], type: "record", name: "foo" },
      '{"name":"foo","type":"record","fields":[]}',
      -4824392279771201922n,
    ],
    [
      { fields: [], type: "record", name: "foo", namespace: "x.y" },
      '{"name":"x.y.foo","type":"record","fields":[]}',
      5916914534497305771n,
    ],
    [
      { fields: [], type: "record", name: "a.b.foo", namespace: "x.y" },
      '{"name":"a.b.foo","type":"record","fields":[]}',
      -4616218487480524110n,
    ],
    [
      { fields: [], type: "record", name: "foo", doc: "foo", aliases: ["foo", "bar"] },
      '{"name":"foo","type":"record","fields":[]}',
      -4824392279771201922n,
    ],
    [
      record("foo", { f1: { type: "boolean" } }),
      '{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"}]}',
      7843277075252814651n,
    ],
    [
      record("foo", {
        f1: having("boolean", { aliases: [], default: true }),
        f2: having("int", { order: "descending", doc: "Hello" }),
      }),
      '{"name":"foo","type":"record","fields":[{"name":"f1","type":"boolean"},{"name":"f2","type":"int"}]}',
      -4860222112080293046n,
    ],
    [
      { type: "enum", name: "foo", symbols: ["A1"] },
      '{"name":"foo","type":"enum","symbols":["A1"]}',
      -6342190197741309591n,
    ],
    [
      { namespace: "x.y.z", type: "enum", name: "foo", doc: "foo bar", symbols: ["A1", "A2"] },
      '{"name":"x.y.z.foo","type":"enum","symbols":["A1","A2"]}',
      -4448647247586288245n,
    ],
    [
      { name: "foo", type: "fixed", size: 15 },
      '{"name":"foo","type":"fixed","size":15}',
      1756455273707447556n,
    ],
    [
      { namespace: "x.y.z", type: "fixed", name: "foo", doc: "foo bar", size: 32 },
      '{"name":"x.y.z.foo","type":"fixed","size":32}',
      -3064184465700546786n,
    ],
    [{ items: { type: "null" }, type: "array" }, '{"type":"array","items":"null"}', -589620603366471059n],
    [{ values: "string", type: "map" }, '{"type":"map","values":"string"}', -8732877298790414990n],
    [
      record("PigValue", { value: ["null", "int", "long", "PigValue"] }),
      '{"name":"PigValue","type":"record","fields":[{"name":"value","type":["null","int","long","PigValue"]}]}',
      -1759257747318642341n,
    ],
  ])("of %j are Avro's own", (input, canonical, published) => {
    const { schema } = parseSchema(input);

    expect(canonicalForm(schema!)).toBe(canonical);
    expect(Buffer.from(fingerprint(schema!), "hex").readBigInt64LE()).toBe(published);
  });

  it("is on the wire with its lowest byte first", () => {
    expect(fingerprint(parseSchema("null").schema!)).toBe("8a8f25cce724dd63");
    expect(fingerprint(parseSchema("int").schema!)).toBe("8f5c393f1ad57572");
  });

  it("has full names, and each type's definition once", () => {
    const schema = record("a.R", {
      f: F(1, { logicalType: "decimal", precision: 1 }),
      g: ["null", "F"],
      s: record("S", { r: array("a.R"), f: "a.F" }, { namespace: "b" }),
      t: map("b.S"),
    });

    expect(canonicalForm(parseSchema(schema).schema!)).toBe(
      '{"name":"a.R","type":"record","fields":[{"name":"f","type":{"name":"a.F","type":"fixed","size":1}},' +
        '{"name":"g","type":["null","a.F"]},{"name":"s","type":{"name":"b.S","type":"record","fields":[' +
        '{"name":"r","type":{"type":"array","items":"a.R"}},{"name":"f","type":"a.F"}]}},' +
        '{"name":"t","type":{"type":"map","values":"b.S"}}]}',
    );
  });
});

function nested(depth: number, around: (inner: unknown, depth: number) => unknown, leaf: unknown = "int") {
  let schema = leaf;
  for (let level = 0; level < depth; level++) schema = around(schema, level);
  return schema;
}
