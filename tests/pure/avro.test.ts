// How facts travel as bytes: Avro single-object encoding, and nothing else is taken for it.

import { createContext, Script } from "node:vm";
import avro from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type AvroSchema, Codec, UndecodableError, UnknownSchemaError } from "../../shared/contracts/avro.ts";
import { schemas } from "../../shared/contracts/events.generated.ts";
import {
  decode,
  encode,
  type Fact,
  type FactType,
  factTypes,
  knownVersions,
} from "../../shared/contracts/events.ts";
import { ORDER } from "./given.ts";

const HEADER_LENGTH = 10;

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

describe.each(factTypes)("%s", (type) => {
  const versions = schemas[type];
  const data = arbitrary(versions.at(-1)!);
  const bytes = data.map((some) => encode({ type, data: some } as Fact));

  it("comes back from its bytes as it was said", () => {
    fc.assert(
      fc.property(data, (said) => {
        const travelled = encode({ type, data: said } as Fact);

        expect(travelled.subarray(0, 2).toString("hex")).toBe("c301");
        expect(decode(type, travelled)).toEqual({ type, data: said });
      }),
    );
  });

  it("is read when any released version wrote it", () => {
    for (const [index, version] of versions.entries()) {
      const old = codecOf<unknown>([version]);
      fc.assert(
        fc.property(arbitrary(version), (said) => {
          const read = decode(type, old.encode(said)).data;

          if (index === versions.length - 1) expect(read).toEqual(said);
          else expect(() => encode({ type, data: read } as Fact)).not.toThrow();
        }),
        { numRuns: 20 },
      );
    }
  });

  it("is refused when bytes are missing at its end", () => {
    fc.assert(
      fc.property(bytes, fc.nat(), (whole, cut) => {
        expectUndecodable(() => decode(type, whole.subarray(0, cut % whole.length)));
      }),
    );
  });

  it("is refused when bytes follow its end", () => {
    fc.assert(
      fc.property(bytes, fc.uint8Array({ minLength: 1, maxLength: 20 }), (whole, more) => {
        expectUndecodable(() => decode(type, Buffer.concat([whole, more])));
      }),
    );
  });

  it("is read or refused, and nothing else, whatever bytes follow its header", () => {
    const header = encode({ type, data: fc.sample(data, { numRuns: 1, seed: 1 })[0] } as Fact).subarray(
      0,
      HEADER_LENGTH,
    );
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        readOrRefuse(() => decode(type, Buffer.concat([header, noise])));
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });

  it("is read or refused, and nothing else, when bytes in it are changed", () => {
    const changes = fc.array(fc.tuple(fc.nat(), fc.nat(255)), { minLength: 1, maxLength: 4 });
    fc.assert(
      fc.property(bytes, changes, (whole, of) => {
        const broken = Buffer.from(whole);
        for (const [at, value] of of) broken[at % broken.length] = value;
        readOrRefuse(() => decode(type, broken));
      }),
      { numRuns: 200, endOnFailure: true },
    );
  });
});

describe("bytes that are no fact", () => {
  it("are refused whatever they are", () => {
    fc.assert(
      fc.property(fc.constantFrom(...factTypes), fc.uint8Array({ maxLength: 40 }), (type, noise) => {
        expectUndecodable(() => decode(type, noise));
      }),
    );
  });

  it("are refused by name when their schema is not known", () => {
    const stranger = codecOf<string>(["string"]).encode("hello");

    expect(() => decode("order.completed", stranger)).toThrow(
      "unknown schema: no version of quadrille.OrderCompleted has fingerprint c70345637248018f",
    );
    expectUndecodable(() => decode("order.completed", stranger));
    expect(() => decode("order.completed", stranger)).toThrow(
      expect.objectContaining({
        name: "UnknownSchemaError",
        type: "order.completed",
        fingerprint: "c70345637248018f",
      }),
    );
  });

  it("are refused for what they are when their schema is known", () => {
    const completed = encode({ type: "order.completed", data: { orderId: "1" } });

    for (const bytes of [completed.subarray(0, 9), completed.subarray(0, -1), Buffer.of(0, 1)]) {
      expect(() => decode("order.completed", bytes)).not.toThrow(UnknownSchemaError);
      expectUndecodable(() => decode("order.completed", bytes));
    }
  });

  it("are read from any part of any buffer", () => {
    const data = { orderId: ORDER };
    const completed = encode({ type: "order.completed", data });
    const room = new Uint8Array(completed.length + 10);
    room.set(completed, 7);

    for (const bytes of [
      room.subarray(7, 7 + completed.length),
      Buffer.from(room).subarray(7, 7 + completed.length),
    ]) {
      expect(decode("order.completed", bytes)).toEqual({ type: "order.completed", data });
    }
  });

  it("are refused when they are another fact than the subject says", () => {
    const completed = encode({ type: "order.completed", data: { orderId: "1" } });

    expectUndecodable(() => decode("order.created", completed));
  });

  // A list says how long it is before its items: a few bytes may claim more items than fit into any memory.
  it("are refused at once when they claim a list longer than themselves", () => {
    const told = codecOf<{ orderId: string; lines: unknown[] }>(schemas["stock.reserved"]);
    const empty = told.encode({ orderId: "1", lines: [] });
    const claim = Buffer.concat([empty.subarray(0, -1), avro.Type.forSchema("long").toBuffer(4_000_000)]);

    expect(() => told.decode(claim)).toThrow("it claims a list longer than itself");
  });

  it("are refused when a text in them claims to be shorter than nothing", () => {
    const told = codecOf<{ items: string[] }>([
      { type: "record", name: "R", fields: [{ name: "items", type: { type: "array", items: "string" } }] },
    ]);
    const header = told.encode({ items: [] }).subarray(0, HEADER_LENGTH);
    // One item, of length -2: reading it leads back to the count of items.
    const loop = Buffer.concat([header, Buffer.of(0x02, 0x03)]);

    expectUndecodable(() => within(1_000, () => told.decode(loop)));
  });
});

describe("data that does not fit", () => {
  it("is refused before it is said, by the name of the field", () => {
    const wrong = { sku: "TEA", delta: 1.5, reason: "count" };

    expect(() => encode({ type: "stock.adjusted", data: wrong })).toThrow(
      new TypeError("quadrille.StockAdjusted.delta does not fit its schema"),
    );
  });

  it.each([null, undefined, "TEA", []])("is refused when it is no record at all but %o", (nothing) => {
    expect(() => encode({ type: "stock.adjusted", data: nothing } as never)).toThrow(Error);
  });
});

describe("a whole number", () => {
  const counted = codecOf<{ n: number }>([
    { type: "record", name: "R", fields: [{ name: "n", type: "long" }] },
  ]);

  it("comes back exactly, or is refused when it is said: it is never changed on the way", () => {
    fc.assert(
      fc.property(fc.maxSafeInteger(), (n) => {
        let bytes: Buffer;
        try {
          bytes = counted.encode({ n });
        } catch (error) {
          expect(error).toEqual(new TypeError("R.n does not fit its schema"));
          return;
        }
        expect(counted.decode(bytes)).toEqual({ n });
      }),
    );
  });

  it("is refused when another writer's is beyond what comes back exactly", () => {
    const header = counted.encode({ n: 0 }).subarray(0, HEADER_LENGTH);
    for (const n of [2n ** 53n - 1n, 2n ** 62n, -(2n ** 52n) - 1n, -(2n ** 53n) + 3n, -(2n ** 63n)]) {
      expectUndecodable(() => counted.decode(Buffer.concat([header, varint(n)])));
    }
    for (const n of [2n ** 53n - 2n, -(2n ** 52n), -1n]) {
      expect(counted.decode(Buffer.concat([header, varint(n)]))).toEqual({ n: Number(n) });
    }
  });

  it("keeps its sign when it is read as a float, which may round it", () => {
    const record = (type: string) => ({ type: "record", name: "R", fields: [{ name: "n", type }] });
    const header = codecOf<{ n: number }>([record("long")])
      .encode({ n: 0 })
      .subarray(0, HEADER_LENGTH);
    const reader = codecOf<{ n: number }>([record("long"), record("double")]);
    for (const n of [2n ** 62n, -(2n ** 62n), -(2n ** 52n) - 1n, 5n, -5n]) {
      const read = reader.decode(Buffer.concat([header, varint(n)]));
      expect(Math.abs(read.n - Number(n))).toBeLessThanOrEqual(1);
    }
  });

  it("comes back exactly up to 2^52 in both directions, and up to 2^53 - 2 when it counts something", () => {
    for (const n of [0, -1, 2 ** 31, -(2 ** 31) - 1, 2 ** 52, -(2 ** 52), 2 ** 53 - 2]) {
      expect(counted.decode(counted.encode({ n }))).toEqual({ n });
    }
  });
});

describe("a schema's next version", () => {
  const v1 = { type: "record", name: "Thing", fields: [{ name: "id", type: "string" }] };
  const v2 = {
    type: "record",
    name: "Thing",
    fields: [
      { name: "id", type: "string" },
      { name: "colour", type: "string", default: "grey" },
    ],
  };

  it("reads what the version before wrote, and fills in what was not there", () => {
    const old = codecOf<{ id: string }>([v1]).encode({ id: "a" });

    expect(codecOf([v1, v2]).decode(old)).toEqual({ id: "a", colour: "grey" });
  });

  it("is what is written", () => {
    const written = codecOf([v1, v2]).encode({ id: "a", colour: "red" });

    expect(codecOf([v2]).decode(written)).toEqual({ id: "a", colour: "red" });
    expectUndecodable(() => codecOf([v1]).decode(written));
  });

  it("must exist", () => {
    expect(() => codecOf([])).toThrow("at least one schema version");
  });
});

/** A codec whose versions are of no event in particular. */
function codecOf<Data>(versions: readonly AvroSchema[]): Codec<Data> {
  return new Codec("order.completed", versions);
}

/** As hexadecimal digits. */
function fingerprint(schema: AvroSchema): string {
  return codecOf([schema]).versions[0]!.fingerprint;
}

/** Any data that fits a schema. */
function arbitrary(schema: unknown, names = new Map<string, fc.Arbitrary<unknown>>()): fc.Arbitrary<unknown> {
  if (Array.isArray(schema)) return fc.oneof(...schema.map((branch) => arbitrary(branch, names)));
  const { type, name, fields, items, symbols } = (typeof schema === "string" ? { type: schema } : schema) as {
    type: string;
    name: string;
    fields: { name: string; type: unknown }[];
    items: unknown;
    symbols: string[];
  };
  const named = (made: fc.Arbitrary<unknown>) => {
    names.set(name, made);
    return made;
  };
  switch (type) {
    case "record":
      return named(
        fc.record(Object.fromEntries(fields.map((field) => [field.name, arbitrary(field.type, names)])), {
          noNullPrototype: true,
        }),
      );
    case "enum":
      return named(fc.constantFrom(...symbols));
    case "array":
      return fc.array(arbitrary(items, names), { maxLength: 5 });
    case "null":
      return fc.constant(null);
    case "boolean":
      return fc.boolean();
    case "int":
      return fc.integer();
    case "long":
      // What avsc keeps exactly; beyond it see "a whole number".
      return fc.maxSafeInteger().filter((n) => n >= -(2 ** 52) && n < Number.MAX_SAFE_INTEGER);
    case "double":
      return fc.double({ noNaN: true });
    case "string":
      return fc.string({ unit: "binary" });
    default: {
      const known = names.get(type);
      if (!known) throw new Error(`write an arbitrary for Avro ${JSON.stringify(schema)}`);
      return known;
    }
  }
}

/** A long as Avro writes it. */
function varint(n: bigint): Buffer {
  const bytes: number[] = [];
  let rest = n < 0 ? -2n * n - 1n : 2n * n;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Buffer.from([...bytes, Number(rest)]);
}

function expectUndecodable(read: () => unknown): void {
  expect(read).toThrow(UndecodableError);
}

function readOrRefuse(read: () => unknown): void {
  try {
    within(1_000, read);
  } catch (error) {
    expect(error).toBeInstanceOf(UndecodableError);
  }
}

const room = createContext({});
const entry = new Script("call()");

/** Ends a call that would go on for ever: it throws what is no UndecodableError. */
function within<Result>(milliseconds: number, call: () => Result): Result {
  room.call = call;
  return entry.runInContext(room, { timeout: milliseconds });
}
