// The flow as an AsyncAPI document: one channel for each fact, one operation for each service that says or hears it.

import { schemas } from "../contracts/events.generated.ts";
import type { FactType } from "../contracts/events.ts";
import { type AnyService, consumes, emits } from "../service/define.ts";
import { CLOUD_EVENT } from "./cloud-event.ts";

/** What the document can't know from the tables: the project's version, and where NATS is, as `host:port`. */
export interface About {
  readonly version: string;
  readonly host: string;
}

/** How a payload's schema is written. */
export const AVRO = "application/vnd.apache.avro;version=1.9.0";

/** An AsyncAPI 3.0 document of these services: https://www.asyncapi.com/docs/reference/specification/v3.0.0 */
export function asyncApi(services: readonly AnyService[], { version, host }: About) {
  const types = [...new Set(services.flatMap((service) => [...emits(service), ...consumes(service)]))].sort();
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Quadrille",
      version,
      description:
        "Facts that services say, and to whom. Written from the reaction tables and the event schemas.",
    },
    defaultContentType: "application/vnd.apache.avro",
    servers: {
      nats: { host, protocol: "nats", description: "NATS JetStream: all facts are in one stream." },
    },
    channels: byName(types, channel),
    operations: Object.fromEntries(services.flatMap((service) => operations(service))),
    components: {
      schemas: { CloudEvent: CLOUD_EVENT },
      messages: byName(types, (type) => message(type, services)),
    },
  };
}

function channel(type: FactType) {
  const { doc, fields } = newest(type);
  const field = fields.some(({ name }) => name === "orderId") ? "orderId" : "sku";
  return {
    address: `${type}.{key}`,
    ...(doc && { description: doc }),
    servers: [{ $ref: "#/servers/nats" }],
    parameters: {
      key: { description: `What the fact is about: its ${field}.`, location: `$message.payload#/${field}` },
    },
    messages: { [type]: { $ref: `#/components/messages/${type}` } },
  };
}

function message(type: FactType, services: readonly AnyService[]) {
  const { doc, ...rest } = newest(type);
  const sources = services.filter((service) => emits(service).includes(type)).map(({ name }) => name);
  const own = { "ce-type": { const: type }, ...(sources.length > 0 && { "ce-source": { enum: sources } }) };
  return {
    name: type,
    title: rest.name,
    ...(doc && { summary: doc }),
    description: `Version ${schemas[type].length}, in Avro single-object encoding: C3 01, the schema's CRC-64-AVRO fingerprint, the datum.`,
    headers: { allOf: [{ $ref: "#/components/schemas/CloudEvent" }, { type: "object", properties: own }] },
    correlationId: { location: "$message.header#/ce-correlationid" },
    payload: { schemaFormat: AVRO, schema: newest(type) },
  };
}

function operations(service: AnyService) {
  const { name } = service;
  const one = (action: "send" | "receive", type: FactType) => [
    `${name}.${action}.${type}`,
    {
      action,
      title: `${name} ${action === "send" ? "says" : "hears"} ${type}`,
      channel: { $ref: `#/channels/${type}` },
      messages: [{ $ref: `#/channels/${type}/messages/${type}` }],
    },
  ];
  return [
    ...emits(service).map((type) => one("send", type)),
    ...consumes(service).map((type) => one("receive", type)),
  ];
}

interface RecordSchema {
  readonly name: string;
  readonly doc?: string;
  readonly fields: readonly { readonly name: string }[];
}

/** The schema that a fact is written with today: always a record. */
function newest(type: FactType): RecordSchema {
  return schemas[type].at(-1) as unknown as RecordSchema;
}

function byName<T>(types: readonly FactType[], of: (type: FactType) => T): Record<string, T> {
  return Object.fromEntries(types.map((type) => [type, of(type)]));
}
