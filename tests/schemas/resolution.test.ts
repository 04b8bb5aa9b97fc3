// What the Avro specification says of reading, case by case; where it is silent, no case.
// https://avro.apache.org/docs/1.12.0/specification/

import { describe, expect, it } from "vitest";
import { compareSchemas } from "../../shared/schemas/resolve.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import { array, decimal, E, F, having, map, nested, PRIMITIVES, record, verdict } from "./verdict.ts";

type Case = [title: string, reader: unknown, writer: unknown];

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

describe("schema resolution of a field's type", () => {
  const forms = (type: unknown) => [type, array(type), map(type)];
  const plain = ["int", { type: "int" }, { type: "int", logicalType: "date" }, { type: "int", unit: "kg" }];
  const types = [...plain.flatMap(forms).flatMap(forms), ["int"], [map("int")], [{ type: "int" }, "null"]];

  it("is that of the type alone, in whatever form either is written", () => {
    for (const reader of types) {
      for (const writer of types) {
        const inFields = verdict(record("R", { f: reader }), record("R", { f: writer }));
        expect({ reader, writer, is: inFields }).toEqual({ reader, writer, is: verdict(reader, writer) });
      }
    }
  });
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
    ["a map as its value", record("R", { a: { type: "int" } }), record("R", { a: map("int") })],
    ["a value as a map of it", record("R", { a: map("int") }), record("R", { a: { type: "int" } })],
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
  });

  it("takes no longer for faults below nested lists and unions", () => {
    const deep = (leaf: unknown) =>
      nested(40, (inner, depth) => ["null", depth % 2 ? array(inner) : map(inner)], leaf);

    const found = compareSchemas(parseSchema(deep("int")).schema!, parseSchema(deep("string")).schema!);

    expect(found.map(({ rule }) => rule)).toEqual(["type-changed"]);
  });
});
