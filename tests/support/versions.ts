// Versions of events that are newer than this build, and orders that are written with them.

import avro from "avsc";
import { headers, type NatsConnection } from "nats";
import { type FactType, knownVersions } from "../../shared/contracts/events.ts";
import { entryText } from "../../shared/schemas/bucket-entry.ts";
import { fingerprint } from "../../shared/schemas/canonical.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import { anOrder } from "./order.ts";

/** A field of a schema. */
export interface Field {
  readonly name: string;
  readonly type: unknown;
}

/** A version of an event that no build was made with. */
export interface Version {
  readonly type: FactType;
  readonly key: string;
  readonly entry: string;
  readonly print: string;
  readonly avro: avro.Type;
}

let versions = 0;

/** The newest version with a field more, of a name of its own; `change` may change the other fields as well. */
export function aVersion(type: FactType, change: (field: Field) => Field = (field) => field): Version {
  const { fields, ...rest } = newestSchema(type);
  const added = { name: `added${++versions}`, type: "string", default: "" };
  return versionOf(type, { ...rest, fields: [...fields.map(change), added] });
}

/** The newest version, which this build writes as well. */
export function newest(type: FactType): Version {
  return versionOf(type, newestSchema(type));
}

function newestSchema(type: FactType) {
  return knownVersions(type).at(-1)!.schema as { fields: Field[] };
}

function versionOf(type: FactType, json: { fields: Field[] }): Version {
  const print = fingerprint(parseSchema(json).schema!);
  return {
    type,
    key: `${type}.${print}`,
    entry: entryText({ event: type, version: 90 + versions, json }),
    print,
    avro: avro.Type.forSchema(json as never),
  };
}

/** Publishes an order as a newer build of the orders service would. */
export async function publishOrder(
  connection: NatsConnection,
  orderId: string,
  { type, print, avro }: Version,
  totalCents: unknown = 900,
): Promise<void> {
  const datum = avro.clone({ ...anOrder(), orderId, totalCents });
  const attributes = headers();
  attributes.set("ce-id", `${orderId}.created`);
  attributes.set("ce-time", new Date().toISOString());
  attributes.set("ce-source", "orders");
  const body = Buffer.concat([Buffer.from(`c301${print}`, "hex"), avro.toBuffer(datum)]);
  connection.publish(`${type}.${orderId}`, body, { headers: attributes });
  await connection.flush();
}
