// Samples hold all that a schema may hold, and whoever can't read them is found out.

import avro from "avsc";
import { describe, expect, it } from "vitest";
import "../../shared/contracts/events.ts";
import { exercise, samples } from "../../shared/contracts/samples.ts";
import { wild } from "./wild.ts";

const { ArrayType, EnumType, MapType, RecordType, UnwrappedUnionType, WrappedUnionType } = avro.types;

const typeOf = (schema: unknown) => avro.Type.forSchema(schema as avro.Schema);

describe("the samples of a schema", () => {
  it.each(Object.keys(wild))(
    "of %s hold every branch, every symbol, and empty and filled lists and maps",
    (event) => {
      const type = typeOf(wild[event]);
      const met = new Set<string>();
      for (const sample of samples(type)) {
        expect(type.isValid(sample)).toBe(true);
        note(type, sample, met);
      }

      expect([...reachable(type)].filter((each) => !met.has(each))).toEqual([]);
    },
  );

  it("are the same every time", () => {
    const schema = wild["all.unions"];

    expect(samples(typeOf(schema))).toEqual(samples(typeOf(schema)));
  });

  it("are few, however wide and deep a schema is", () => {
    const symbols = Array.from({ length: 100 }, (_, n) => `S${n}`);
    const wide = (depth: number): object => ({
      type: "record",
      name: `R${depth}`,
      fields: [
        { name: "symbol", type: { type: "enum", name: `E${depth}`, symbols } },
        { name: "list", type: { type: "array", items: depth === 0 ? "int" : wide(depth - 1) } },
      ],
    });

    expect(samples(typeOf(wide(8)))).toHaveLength(100);
    expect(JSON.stringify(samples(typeOf(wide(8)))).length).toBeLessThan(100_000);
  });

  it("end, however often records may hold each other", () => {
    const names = Array.from({ length: 12 }, (_, n) => `R${n}`);
    const defined = new Set<string>();
    const define = (name: string): unknown => {
      if (defined.has(name)) return name;
      defined.add(name);
      return {
        type: "record",
        name,
        fields: names.map((other) => ({ name: other, type: ["null", define(other)] })),
      };
    };
    const type = typeOf(define("R0"));

    expect(samples(type).length).toBeGreaterThan(0);
    expect(JSON.stringify(samples(type)).length).toBeLessThan(100_000);
  });

  it("are none of a type that has no end", () => {
    expect(samples(typeOf({ type: "record", name: "R", fields: [{ name: "again", type: "R" }] }))).toEqual(
      [],
    );
  });
});

describe("exercising a reader", () => {
  const record = (type: unknown) => typeOf({ type: "record", name: "R", fields: [{ name: "x", type }] });

  it.each(Object.keys(wild))("finds nothing wrong with %s reading itself", (event) => {
    const type = typeOf(wild[event]);

    expect(() => exercise(type, type, type.createResolver(type))).not.toThrow();
  });

  it("names what can't be read", () => {
    const reader = record("int");
    const broken = { ...reader.createResolver(reader), _read: () => JSON.parse("") } as never;

    expect(() => exercise(reader, reader, broken)).toThrow(
      /^reading {"x":2147483647} fails: Unexpected end of JSON/,
    );
  });

  it("names the field that was read as what it can't be", () => {
    const reader = record("int");
    const broken = {
      ...reader.createResolver(reader),
      _read(tap: { buf: Buffer; pos: number }) {
        tap.pos = tap.buf.length;
        return { x: "two" };
      },
    } as never;

    expect(() => exercise(reader, reader, broken)).toThrow(
      '{"x":2147483647} is read with "two" as its x, which does not fit',
    );
  });

  it("finds lists that no reader takes, since they are longer than their bytes", () => {
    const type = record({ type: "array", items: "null" });

    expect(() => exercise(type, type)).toThrow("it claims a list longer than itself");
  });
});

/** Notes which branches, symbols, empty and filled lists and maps there are in `value`. */
function note(type: avro.Type, value: unknown, met: Set<string>): void {
  if (type instanceof EnumType) met.add(`${type.name} ${value}`);
  if (type instanceof RecordType) {
    for (const field of type.fields) note(field.type, (value as Record<string, unknown>)[field.name], met);
  }
  if (type instanceof ArrayType || type instanceof MapType) {
    const inner = type instanceof ArrayType ? type.itemsType : type.valuesType;
    const values = Object.values(value as object);
    met.add(`${text(type)} ${values.length === 0 ? "empty" : "filled"}`);
    for (const each of values) note(inner, each, met);
  }
  if (type instanceof UnwrappedUnionType) {
    const branch = type.types.find((each) => each.isValid(value))!;
    met.add(`${text(type)} ${branch.branchName}`);
    note(branch, value, met);
  }
  if (type instanceof WrappedUnionType) {
    const [name, inner] = value === null ? ["null", null] : Object.entries(value as object)[0]!;
    met.add(`${text(type)} ${name}`);
    note(type.types.find(({ branchName }) => branchName === name)!, inner, met);
  }
}

/** All that `note` could note of a type. */
function reachable(type: avro.Type, found = new Set<string>(), seen = new Set<avro.Type>()): Set<string> {
  if (seen.has(type)) return found;
  seen.add(type);
  const inside = (inner: avro.Type) => reachable(inner, found, seen);
  if (type instanceof EnumType) for (const symbol of type.symbols) found.add(`${type.name} ${symbol}`);
  if (type instanceof RecordType) for (const field of type.fields) inside(field.type);
  if (type instanceof ArrayType || type instanceof MapType) {
    for (const state of ["empty", "filled"]) found.add(`${text(type)} ${state}`);
    inside(type instanceof ArrayType ? type.itemsType : type.valuesType);
  }
  if (type instanceof UnwrappedUnionType || type instanceof WrappedUnionType) {
    for (const branch of type.types) {
      found.add(`${text(type)} ${branch.branchName}`);
      inside(branch);
    }
  }
  return found;
}

function text(type: avro.Type): string {
  return JSON.stringify(type.schema());
}
