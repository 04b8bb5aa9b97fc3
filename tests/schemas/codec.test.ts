// What a service does with schemas: fills in defaults when it writes, learns of others, and knows early what it can't read.

import avro from "avsc";
import { describe, expect, it } from "vitest";
import { type AvroSchema, Codec, UndecodableError, UnknownSchemaError } from "../../shared/contracts/avro.ts";
import {
  decode,
  encode,
  exerciseReaders,
  fact,
  factTypes,
  knownVersions,
  learn,
  settingsOf,
} from "../../shared/contracts/events.ts";
import { samples } from "../../shared/contracts/samples.ts";
import { ORDER, order } from "../pure/given.ts";
import { wild } from "./wild.ts";

// biome-ignore lint/suspicious/noExplicitAny: the data of made-up schemas.
type Anything = any;

function codecOf(...versions: AvroSchema[]): Codec<Anything> {
  return new Codec("order.completed", versions);
}

const thing = (fields: object[], more: object = {}) => ({ type: "record", name: "Thing", fields, ...more });
const id = { name: "id", type: "string" };
const colour = { name: "colour", type: "string", default: "grey" };

describe("a fact", () => {
  it("has its defaults, as its readers will", () => {
    const { shippingPriority: _, ...without } = order();
    const said = fact("order.created", without);

    expect(said.data.shippingPriority).toBe("STANDARD");
    expect(decode("order.created", encode(said))).toEqual(said);
  });

  it("of an event without defaults is the data that was given", () => {
    const data = { orderId: ORDER };

    expect(fact("order.completed", data).data).toBe(data);
  });

  it("is its own: changing what it was made of changes nothing", () => {
    const lines = [{ sku: "TEA", quantity: 1, unitPriceCents: 1 }];
    const said = fact("order.created", order({ lines }));
    lines.pop();

    expect(said.data.lines).toHaveLength(1);
  });

  it("that does not fit is refused by the name of the field", () => {
    expect(() => fact("order.created", order({ shippingPriority: "SOON" as never }))).toThrow(
      new TypeError("quadrille.OrderCreated.shippingPriority does not fit its schema"),
    );
  });

  it("has the defaults of what is in it, however deep", () => {
    const codec = codecOf(wild["all.defaults"]!);
    const least = {
      id: "1",
      inner: { y: 1 },
      inners: [{ y: 2 }],
      innersByName: { a: { y: 3 } },
      either: { Other: {} },
    };

    const complete = codec.complete(least);

    expect(complete).toEqual({
      id: "1",
      text: 'a "quoted" text',
      nothing: null,
      number: 7,
      wrapped: { long: 8 },
      list: [1, 2],
      map: { a: "b" },
      inner: { x: 1, y: 1 },
      inners: [{ x: 1, y: 2 }],
      innersByName: { a: { x: 1, y: 3 } },
      maybe: null,
      either: { Other: { z: Buffer.of(0xff) } },
      whole: { x: 1, y: 5 },
      colour: "GREEN",
    });
    expect(codec.decode(codec.encode(least))).toEqual(complete);
  });

  it.each(Object.keys(wild))("of %s is read as it was completed", (event) => {
    const codec = codecOf(wild[event]!);
    for (const sample of samples(avro.Type.forSchema(wild[event] as avro.Schema))) {
      expect(codec.decode(codec.encode(sample))).toEqual(codec.complete(sample));
    }
  });
});

describe("a schema from elsewhere", () => {
  const newer = (type: "order.cancelled" | "order.completed" | "stock.adjusted", field: object) => {
    const newest = knownVersions(type).at(-1)!.schema as { fields: object[] };
    return { ...newest, fields: [...newest.fields, field] };
  };

  it("is learned: what was written with it is read as this build has it", () => {
    const schema = newer("order.completed", colour);
    const bytes = codecOf(schema).encode({ orderId: ORDER, colour: "red" });
    const { fingerprint } = codecOf(schema).versions[0]!;
    expect(() => decode("order.completed", bytes)).toThrow(
      expect.objectContaining({ name: "UnknownSchemaError", type: "order.completed", fingerprint }),
    );

    learn("order.completed", schema);
    learn("order.completed", schema);

    expect(decode("order.completed", bytes)).toEqual(fact("order.completed", { orderId: ORDER }));
  });

  it("is no version of this build", () => {
    const versions = knownVersions("stock.adjusted").length;
    learn("stock.adjusted", newer("stock.adjusted", colour));

    expect(knownVersions("stock.adjusted")).toHaveLength(versions);
  });

  it("is not learned when it can't be read", () => {
    const schema = { type: "record", name: "OrderCancelled", namespace: "quadrille", fields: [colour] };
    const bytes = codecOf(schema).encode({ colour: "red" });

    for (let time = 0; time < 2; time++) {
      expect(() => learn("order.cancelled", schema)).toThrow(
        /^v1 of order.cancelled can't read it: field-without-default at OrderCancelled.orderId: /,
      );
      expect(() => decode("order.cancelled", bytes)).toThrow(UnknownSchemaError);
    }
  });

  it("is not learned when it is no valid Avro", () => {
    expect(() => learn("order.cancelled", { type: "record", name: "X" })).toThrow(
      "not a valid Avro schema: X: A record needs its fields.",
    );
  });

  it("is learned up to a bound", () => {
    const codec = codecOf(thing([id]));
    const schema = (n: number) => thing([id, { name: `field${n}`, type: "int" }]);
    for (let n = 1; n < 1_000; n++) codec.learn(schema(n));

    expect(() => codec.learn(schema(1_000))).toThrow("1000 schemas of order.completed are known");
    codec.learn(schema(999));
    expect(codec.decode(codecOf(schema(1)).encode({ id: "a", field1: 1 }))).toEqual({ id: "a" });
  });
});

describe("a reader", () => {
  it("can read every known version of every event", () => {
    expect(exerciseReaders).not.toThrow();
  });

  it("says of a message that it can't read why, also when that break is approved and no fault", () => {
    const codec = codecOf(thing([colour]), thing([id, colour]));

    expect(() => codec.exercise()).not.toThrow();
    expect(() => codec.decode(codecOf(thing([colour])).encode({ colour: "red" }))).toThrow(
      new UndecodableError(
        "v2 of order.completed can't read v1: no matching field for default-less Thing.id",
      ),
    );
  });

  it("matches types without their namespaces, as the specification has it", () => {
    const schema = (namespace: string) =>
      thing(
        [
          id,
          { name: "part", type: { type: "record", name: "Part", fields: [{ name: "n", type: "int" }] } },
          { name: "maybe", type: ["null", "Part"] },
          { name: "kind", type: { type: "enum", name: "Kind", symbols: ["A"] } },
          { name: "code", type: { type: "fixed", name: "Code", size: 1 } },
        ],
        { namespace },
      );
    const data = { id: "a", part: { n: 1 }, maybe: { n: 2 }, kind: "A", code: Buffer.of(1) };
    const codec = codecOf(schema("before"), schema("after"));

    codec.exercise();

    expect(codec.decode(codecOf(schema("before")).encode(data))).toEqual(data);
  });

  it("tells branches of one short name apart by their namespaces", () => {
    const branch = (namespace: string, name: string) => {
      return { type: "record", name: "L", namespace, fields: [{ name, type: "int", default: 0 }] };
    };
    const either = { name: "either", type: [branch("x", "p"), branch("y", "q")] };
    const data = { either: { "y.L": { q: 5 } } };
    const codec = codecOf(thing([either]), thing([either, colour]));

    expect(codec.decode(codecOf(thing([either])).encode(data))).toEqual({ ...data, colour: "grey" });
  });

  // avsc alone takes the resolver of the branch that failed the first time for good the second time.
  it("finds the same branch of a union every time", () => {
    const pets = [
      { type: "record", name: "Cat", fields: [{ name: "lives", type: "int" }] },
      { type: "record", name: "Dog", fields: [{ name: "name", type: "string" }] },
    ];
    const fields = [
      { name: "first", type: pets },
      { name: "second", type: ["Cat", "Dog"] },
    ];
    const codec = codecOf(thing(fields), thing([...fields, colour]));
    const data = { first: { Dog: { name: "Rex" } }, second: { Dog: { name: "Rex" } } };

    codec.exercise();

    expect(codec.decode(codecOf(thing(fields)).encode(data))).toEqual({ ...data, colour: "grey" });
  });

  it("can read lists and maps of any data, and keys of any name", () => {
    const codec = codecOf({ type: "map", values: { type: "array", items: "int" } });
    const data = JSON.parse('{"__proto__": [1, 2], "constructor": [], "": [3]}');

    const read = codec.decode(codec.encode(data));

    expect(Object.entries(read)).toEqual(Object.entries(data));
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
  });
});

describe("an event's settings", () => {
  it("are the default unless it has some of its own", () => {
    for (const type of factTypes) expect(settingsOf(type)).toEqual({ mode: "FULL_TRANSITIVE", approved: [] });
  });
});
