// What the Avro specification says of canonical forms and fingerprints.
// https://avro.apache.org/docs/1.12.0/specification/

import { describe, expect, it } from "vitest";
import { canonicalForm, fingerprint } from "../../shared/schemas/canonical.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import { array, F, having, map, record } from "./verdict.ts";

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
