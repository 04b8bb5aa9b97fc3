// How facts travel as bytes: Avro single-object encoding, and nothing else is taken for it.

import { createContext, Script } from "node:vm";
import avro from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { UndecodableError, UnknownSchemaError } from "../../shared/contracts/avro.ts";
import { schemas } from "../../shared/contracts/events.generated.ts";
import { decode, encode, type Fact, factTypes } from "../../shared/contracts/events.ts";
import { codecOf, expectUndecodable, HEADER_LENGTH } from "./bytes.ts";
import { ORDER } from "./given.ts";

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
      // What avsc keeps exactly; beyond it see whole-numbers.test.ts.
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

function readOrRefuse(read: () => unknown): void {
  try {
    within(30_000, read);
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
