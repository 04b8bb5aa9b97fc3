// One way of decoding, in a process of its own so that nothing else shapes it. Every message asks for one round, and is
// answered with the nanoseconds that one datum took.

import avro from "avsc";
import { schemas } from "../../contracts/events.generated.ts";
import { EXAMPLE_ORDER } from "../example.ts";

/** By avsc as it comes, or by the codec of the services. */
export type Decoder = "avsc" | "codec";

/** What is decoded into the newest version. */
export type Written = "order.created v2" | "order.created v1" | "order.completed v1";

const REPEATS = 20_000;

const DATA = {
  "order.completed": { orderId: "0190c0de-0000-7000-8000-000000000001" },
  "order.created": {
    orderId: "0190c0de-0000-7000-8000-000000000001",
    ...EXAMPLE_ORDER,
    totalCents: 900,
    shippingPriority: "STANDARD",
  },
};

const [by, written] = process.argv.slice(2) as [Decoder, Written];
const decode = await decoder(by, written);

process.on("message", () => {
  const from = process.hrtime.bigint();
  for (let n = 0; n < REPEATS; n++) decode();
  process.send!(Number(process.hrtime.bigint() - from) / REPEATS);
});

async function decoder(by: Decoder, written: Written): Promise<() => unknown> {
  const [event, version] = written.split(" v") as [keyof typeof DATA, string];
  const versions = schemas[event];
  const index = Number(version) - 1;
  // The bounds come with the codec: avsc as it comes must not meet them.
  if (by === "codec") {
    const { Codec } = await import("../../contracts/avro.ts");
    const codec = new Codec(event, versions);
    const bytes = new Codec(event, versions.slice(0, index + 1)).encode(DATA[event]);
    return () => codec.decode(bytes);
  }
  const reader = avro.Type.forSchema(versions.at(-1) as avro.Schema);
  const writer = avro.Type.forSchema(versions[index] as avro.Schema);
  const datum = writer.toBuffer(DATA[event]);
  const resolver = index === versions.length - 1 ? undefined : reader.createResolver(writer);
  return () => reader.fromBuffer(datum, resolver);
}
