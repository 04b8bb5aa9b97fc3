// The fingerprints of schemas, by which whoever reads a message knows what it was written with.

import { describe, expect, it } from "vitest";
import type { AvroSchema } from "../../shared/contracts/avro.ts";
import { type FactType, factTypes, knownVersions } from "../../shared/contracts/events.ts";
import { codecOf } from "./bytes.ts";

describe("the fingerprint of a schema", () => {
  // share/test/data/schema-tests.txt of Apache Avro, and the specification's own CRC-64-AVRO.
  it.each<[AvroSchema, bigint]>([
    ["null", 7195948357588979594n],
    ["boolean", -6970731678124411036n],
    ["int", 8247732601305521295n],
    ["long", -3434872931120570953n],
    ["float", 5583340709985441680n],
    ["double", -8181574048448539266n],
    ["bytes", 5746618253357095269n],
    ["string", -8142146995180207161n],
    [{ type: "array", items: "null" }, -589620603366471059n],
    [["int", "boolean"], 5392556393470105090n],
    [{ type: "fixed", name: "foo", size: 15 }, 1756455273707447556n],
    [
      { type: "enum", name: "foo", namespace: "x.y.z", doc: "foo bar", symbols: ["A1", "A2"] },
      -4448647247586288245n,
    ],
    [{ fields: [], type: "record", name: "foo", namespace: "x.y" }, 5916914534497305771n],
    [
      {
        fields: [
          { type: "boolean", aliases: [], name: "f1", default: true },
          { order: "descending", name: "f2", doc: "Hello", type: "int" },
        ],
        type: "record",
        name: "foo",
      },
      -4860222112080293046n,
    ],
  ])("is Avro's own for %j", (schema, published) => {
    expect(Buffer.from(fingerprint(schema), "hex").readBigInt64LE()).toBe(published);
  });

  it("is written with its lowest byte first", () => {
    expect(fingerprint("int")).toBe("8f5c393f1ad57572");
  });

  it("stays the same when only a doc, a default or a logical type changes", () => {
    const record = (field: object) => ({ type: "record", name: "R", fields: [field] });
    const plain = fingerprint(record({ name: "at", type: "long" }));

    expect(fingerprint(record({ name: "at", type: "long", doc: "when", default: 0 }))).toEqual(plain);
    expect(
      fingerprint(record({ name: "at", type: { type: "long", logicalType: "timestamp-millis" } })),
    ).toEqual(plain);
  });

  it("tells every released version of every fact from every other", () => {
    const all = factTypes.flatMap((type) => knownVersions(type).map((version) => version.fingerprint));

    expect(new Set(all).size).toBe(all.length);
  });

  // In streams that exist. Never edit a line: add one for each new version.
  it.each<[FactType, string[]]>([
    ["order.cancelled", ["6a9cdefda37b936c"]],
    ["order.completed", ["2921d27a08f7ed91"]],
    ["order.created", ["2d159e752bf8d824", "a39317c4b2fead6f"]],
    ["payment.authorized", ["7e468d6e0d975575"]],
    ["stock.rejected", ["3e9c92ed3a0ef872"]],
  ])("of %s is the one that is on the wire", (type, onTheWire) => {
    expect(knownVersions(type).map((version) => version.fingerprint)).toEqual(onTheWire);
    expect(knownVersions(type).map(({ version }) => version)).toEqual(onTheWire.map((_, index) => index + 1));
  });
});

/** As hexadecimal digits. */
function fingerprint(schema: AvroSchema): string {
  return codecOf([schema]).versions[0]!.fingerprint;
}
