// What the Avro specification says of schemas and defaults, case by case; where it is silent, no case.
// https://avro.apache.org/docs/1.12.0/specification/

import { describe, expect, it } from "vitest";
import { parseSchema } from "../../shared/schemas/schema.ts";
import {
  array,
  brokenRules,
  decimal,
  E,
  F,
  having,
  map,
  nested,
  PRIMITIVES,
  record,
  verdict,
} from "./verdict.ts";

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
