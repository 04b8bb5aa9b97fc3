// Events that use all of Avro, to try the generator and the codec on.

import type { AvroSchema } from "../../shared/contracts/avro.ts";

const record = (name: string, fields: Record<string, unknown>, more: object = {}) => ({
  type: "record",
  name,
  fields: Object.entries(fields).map(([field, type]) =>
    typeof type === "object" && type !== null && "of" in type
      ? { name: field, type: type.of, ...type }
      : { name: field, type },
  ),
  ...more,
});

/** A field with a default; `of` is its type. */
const field = (of: unknown, fallback: unknown) => ({ of, default: fallback });

const colour = { type: "enum", name: "Colour", symbols: ["RED", "GREEN"], default: "RED" };

/** The newest versions of some events. */
export const wild: Record<string, AvroSchema> = {
  "all.kinds": record("Kinds", {
    nothing: "null",
    flag: "boolean",
    int: "int",
    long: "long",
    float: "float",
    double: "double",
    text: "string",
    bytes: "bytes",
    fixed: { type: "fixed", name: "Four", size: 4 },
    fixedAgain: "Four",
    colour,
    one: { type: "enum", name: "One", symbols: ["ONLY"] },
    list: { type: "array", items: "string" },
    lists: { type: "array", items: { type: "array", items: ["null", "int"] } },
    colours: { type: "array", items: "Colour" },
    map: { type: "map", values: ["null", "string"] },
    maps: { type: "array", items: { type: "map", values: { type: "array", items: "Four" } } },
  }),
  "all.logical": record("Logical", {
    amount: { type: "bytes", logicalType: "decimal", precision: 9, scale: 2 },
    at: { type: "long", logicalType: "timestamp-millis" },
    day: ["null", { type: "int", logicalType: "date" }],
    id: { type: "string", logicalType: "uuid" },
    duration: { type: "fixed", name: "Duration", size: 12, logicalType: "duration" },
  }),
  "all.unions": record(
    "Unions",
    {
      plain: ["null", "int", "string", "boolean", "bytes", { type: "array", items: "int" }],
      numbers: ["null", "int", "long", "double"],
      texts: ["string", colour],
      binaries: ["bytes", { type: "fixed", name: "Two", size: 2 }],
      things: [record("Cat", { lives: "int" }), record("Dog", { name: field("string", "Rex") })],
      again: { type: "array", items: ["null", "Cat", "Dog"] },
      objects: [{ type: "map", values: "int" }, "Cat"],
      oneThing: ["null", "Cat"],
      other: { type: "array", items: ["null", "string", record("elsewhere.Cat", { tail: "boolean" })] },
    },
    { namespace: "wild.animals" },
  ),
  "all.recursive": record("Tree", {
    value: "int",
    left: field(["null", "Tree"], null),
    right: field(["null", "Tree"], null),
    leaves: {
      type: "array",
      items: record("Leaf", { tree: ["null", "Tree"], leaves: { type: "map", values: "Leaf" } }),
    },
  }),
  "one.address": record("OneAddress", { from: record("Address", { street: "string" }), to: "Address" }),
  "two.address": record("TwoAddress", {
    from: record("Address", { road: "string" }),
    to: record("abroad.Address", { country: field("string", "GB") }),
  }),
  "all.defaults": record("Defaults", {
    id: "string",
    text: field("string", 'a "quoted" text'),
    nothing: field(["null", "string"], null),
    number: field(["int", "string"], 7),
    wrapped: field(["long", "double"], 8),
    list: field({ type: "array", items: "int" }, [1, 2]),
    map: field({ type: "map", values: "string" }, { a: "b" }),
    inner: record("Inner", { x: field("int", 1), y: "int" }),
    inners: { type: "array", items: "Inner" },
    innersByName: { type: "map", values: "Inner" },
    maybe: field(["null", "Inner"], null),
    either: ["Inner", record("Other", { z: field("bytes", "\u00ff") })],
    whole: field("Inner", { y: 5 }),
    colour: field(colour, "GREEN"),
  }),
  "all.docs": record(
    "Docs",
    {
      plain: { of: "int", doc: "It ends here: */ export const evil = 1; /* and goes on." },
      lines: { of: "int", doc: 'Two lines,\nof which one has a `tick`, a "quote" and {no} meaning.\r\n' },
      strange: { of: "int", doc: "A line separator:\u2028 it ends a line." },
    },
    { doc: "*/" },
  ),
  "a.list": { type: "array", items: record("Item", { colour: field(colour, "RED") }) },
  "a.colour": colour,
};
