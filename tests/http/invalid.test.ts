// What a sender reads about each bad field.

import { z } from "@hono/zod-openapi";
import { describe, expect, test } from "vitest";
import { fromZod, MAX_ERRORS } from "../../shared/http/invalid.ts";

const line = z.strictObject({ sku: z.string().min(1), quantity: z.int().min(1).max(99) });

function complaints(schema: z.ZodType, value: unknown) {
  return fromZod(schema.safeParse(value).error?.issues ?? []);
}

describe("where", () => {
  const order = z.strictObject({ lines: z.array(line) });

  test("points into arrays and objects", () => {
    expect(complaints(order, { lines: [{ quantity: 1 }] })).toEqual([
      { pointer: "#/lines/0/sku", detail: "Is required." },
    ]);
  });

  test("points at the whole body when that is what is wrong", () => {
    expect(complaints(order, [])).toEqual([{ pointer: "#", detail: "Must be of type object, not array." }]);
  });

  test("names each unknown key on its own", () => {
    expect(complaints(order, { lines: [], note: 1, coupon: 2 })).toEqual([
      { pointer: "#/note", detail: "Is not a known field." },
      { pointer: "#/coupon", detail: "Is not a known field." },
    ]);
  });

  test("escapes what a key may not say in a JSON pointer or a fragment", () => {
    expect(complaints(order, { lines: [], "a/b~c é": 1 })).toMatchObject([{ pointer: "#/a~1b~0c%20%C3%A9" }]);
  });

  test("survives a key with half a surrogate pair", () => {
    expect(complaints(order, { lines: [], "\ud800": 1 })).toMatchObject([{ pointer: "#/%EF%BF%BD" }]);
  });

  test("names parameters by their name", () => {
    const issues = z.object({ limit: z.coerce.number().max(100) }).safeParse({ limit: "200" }).error?.issues;
    expect(fromZod(issues ?? [], "parameter")).toEqual([
      { parameter: "limit", detail: "Must be at most 100." },
    ]);
  });

  test("says one thing per field, the first", () => {
    const code = z
      .string()
      .min(3)
      .regex(/^[A-Z]+$/);
    expect(complaints(z.object({ code }), { code: "a" })).toEqual([
      { pointer: "#/code", detail: "Must have at least 3 characters." },
    ]);
  });

  test("stops at a hundred fields", () => {
    expect(complaints(z.array(z.string()), Array(1_000).fill(0))).toHaveLength(MAX_ERRORS);
    const keys = Object.fromEntries(Array.from({ length: 1_000 }, (_, key) => [key, 0]));
    expect(complaints(z.strictObject({}), keys)).toHaveLength(MAX_ERRORS);
  });
});

describe("what", () => {
  test.each<[string, z.ZodType, unknown]>([
    ["Is required.", z.string(), undefined],
    ["Must be of type string, not number.", z.string(), 1],
    ["Must be a number.", z.coerce.number(), "many"],
    ['Must be "a".', z.literal("a"), "b"],
    ['Must be one of "a"|"b".', z.enum(["a", "b"]), "c"],
    ["Must have at least 1 character.", z.string().min(1), ""],
    ["Must have at least 2 items.", z.array(z.any()).min(2), []],
    ["Must have at most 1 item.", z.array(z.any()).max(1), [1, 2]],
    ["Must be more than 0.", z.number().positive(), 0],
    ["Must be less than 0.", z.number().negative(), 0],
    ["Must match pattern /^[A-Z]+$/.", z.string().regex(/^[A-Z]+$/), "a"],
    ["Invalid UUID.", z.uuid(), "42"],
    ["Does not match any accepted form.", z.union([z.string(), z.number()]), true],
    ["Use capital letters.", z.string().regex(/^[A-Z]+$/, "use capital letters"), "a"],
    ["Really?", z.string().min(1, "Really?"), ""],
  ])("%s", (detail, schema, value) => {
    expect(complaints(z.object({ field: schema }), { field: value })).toEqual([
      { pointer: "#/field", detail },
    ]);
  });
});
