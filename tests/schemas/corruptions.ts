// What typing mistakes and bad tools do to a schema's JSON: one random fault at a random place.

import type { Choices } from "./choices.ts";
import type { Json } from "./draft.ts";

type Mutable = Json[] | { [key: string]: Json };

/** A copy in which one thing is replaced, removed, renamed, repeated or moved. It may be valid all the same. */
export function corrupted(schema: Json, choices: Choices): Json {
  const root = { schema: structuredClone(schema) };
  const [owner, key] = choices.among([...entries(root)]);
  const set = (value: Json) => Object.assign(owner, { [key]: value });
  const value = (owner as { [key: string]: Json })[key]!;
  switch (choices.among(["replace", "replace", "exchange", "remove", "rename", "repeat"] as const)) {
    case "replace":
      set(choices.among(JUNK));
      break;
    case "exchange": {
      const [other, otherKey] = choices.among([...entries(root)]);
      set(structuredClone((other as { [key: string]: Json })[otherKey]!));
      break;
    }
    case "remove":
      if (Array.isArray(owner)) owner.splice(Number(key), 1);
      else delete (owner as { [key: string]: Json })[key];
      break;
    case "rename":
      if (Array.isArray(owner)) break;
      delete (owner as { [key: string]: Json })[key];
      Object.assign(owner, { [choices.among(ATTRIBUTES)]: value });
      break;
    case "repeat":
      if (Array.isArray(owner)) owner.push(structuredClone(value));
      else set([value, structuredClone(value)]);
  }
  return root.schema ?? null;
}

const ATTRIBUTES = ["type", "name", "namespace", "fields", "items", "values", "symbols", "size"].concat([
  "default",
  "aliases",
  "doc",
  "order",
  "logicalType",
  "precision",
  "scale",
]);

const JUNK: readonly Json[] = [
  ...[
    null,
    true,
    0,
    1,
    -1,
    1.5,
    2 ** 31,
    2 ** 53,
    1e300,
    "",
    " ",
    "x",
    "X.y",
    ".x",
    "x.",
    "a..b",
    "é",
    "1a",
    "a-b",
  ],
  ...["null", "int", "long", "string", "bytes", "double", "record", "enum", "fixed", "array", "map", "union"],
  ...[
    "shop.int",
    "R1",
    "R2",
    "E1",
    "ascending",
    "decimal",
    "date",
    "\u0100",
    [],
    {},
    [null],
    ["null"],
    ["int", "int"],
  ],
  ...[[[]], ["null", ["int"]], { type: "int" }, { type: { type: "int" } }, { type: "R1" }, { type: "array" }],
  ...[
    { type: "enum", name: "X", symbols: [] },
    { type: "fixed", name: "int", size: 4 },
    { name: "x", type: "int" },
  ],
];

/** Every place in it: what it is in, and under which key. */
function* entries(owner: Mutable): Generator<[Mutable, string]> {
  for (const [key, value] of Object.entries(owner)) {
    yield [owner, key];
    if (typeof value === "object" && value !== null) yield* entries(value as Mutable);
  }
}
