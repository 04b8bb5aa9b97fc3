// The AsyncAPI document, judged by the official parser.

import { AvroSchemaParser } from "@asyncapi/avro-schema-parser";
import { Parser, type SchemaParser } from "@asyncapi/parser";
import { describe, expect, it } from "vitest";
import { stringify } from "yaml";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { type FactType, factTypes } from "../../shared/contracts/events.ts";
import { AVRO, asyncApi } from "../../shared/flow/asyncapi.ts";
import { CLOUD_EVENT } from "../../shared/flow/cloud-event.ts";
import { toHeaders } from "../../shared/nats/headers.ts";
import { readFolder } from "../../shared/schemas/folder.ts";
import { consumes, emits } from "../../shared/service/define.ts";
import { projectRoot } from "../../shared/stack/project.ts";

const services = allServices(loadConfig({}));
const document = asyncApi(services, { version: "1.2.3", host: "127.0.0.1:4222" });
const copy = () => structuredClone(document) as never;

/**
 * The official schema parser. In documents of version 3 the official parser converts Avro without asking whether it is
 * valid, and leniently: so it is asked here.
 */
function strictAvro(): SchemaParser {
  const avro = AvroSchemaParser() as SchemaParser;
  const parse: SchemaParser["parse"] = async (input) => {
    const faults = (await avro.validate(input)) ?? [];
    if (faults.length > 0) throw new Error(faults.map(({ message }) => message).join("; "));
    return avro.parse(input);
  };
  return { ...avro, parse };
}

async function parsed(api: unknown, avro = strictAvro()) {
  const parser = new Parser();
  parser.registerSchemaParser(avro);
  const result = await parser.parse(stringify(api, { aliasDuplicateObjects: false }));
  return { ...result, errors: result.diagnostics.filter(({ severity }) => severity < 2) };
}

describe("the document", () => {
  it("has neither errors nor warnings", async () => {
    const { errors, document: found } = await parsed(document);

    expect(errors).toEqual([]);
    expect(found!.version()).toBe("3.0.0");
    expect(
      found!
        .servers()
        .all()
        .map((server) => server.protocol()),
    ).toEqual(["nats"]);
  });

  it("has a channel for each fact and an operation for each service that says or hears it", async () => {
    const { document: found } = await parsed(document);
    const channels = found!
      .channels()
      .all()
      .map((channel) => channel.address());
    const operations = found!
      .operations()
      .all()
      .map((operation) => operation.id());

    expect(channels).toEqual(factTypes.map((type) => `${type}.{key}`));
    expect(operations.toSorted()).toEqual(
      services
        .flatMap((service) => [
          ...emits(service).map((type) => `${service.name}.send.${type}`),
          ...consumes(service).map((type) => `${service.name}.receive.${type}`),
        ])
        .sort(),
    );
  });

  it("has the newest avsc of every fact as its payload", () => {
    const { events } = readFolder(`${projectRoot}/schemas`, "schemas");
    for (const { event, versions } of events) {
      expect(document.components.messages[event]!.payload).toEqual({
        schemaFormat: AVRO,
        schema: versions.at(-1)!.json,
      });
    }
  });

  it("has the headers that are sent", () => {
    const row = { event_id: "1", type: "order.created", time: 0, causation_id: "2", correlation_id: "3" };
    const sent = toHeaders({ ...row, traceparent: "00-1-2-01" } as never, "orders").keys();

    expect(Object.keys(CLOUD_EVENT.properties).toSorted()).toEqual([...sent].sort());
    expect([...CLOUD_EVENT.required, "traceparent"].sort()).toEqual([...sent].sort());
  });
});

describe("the parser", () => {
  interface Schema {
    readonly name: string;
    readonly fields: Record<string, unknown>[];
  }

  it("is asked about every fact's payload", async () => {
    const avro = strictAvro();
    const asked: string[] = [];
    await parsed(document, {
      ...avro,
      parse: (input) => {
        asked.push((input.data as Schema).name);
        return avro.parse(input);
      },
    });

    const payloads = Object.values(document.components.messages).map(({ payload }) => payload.schema.name);
    expect(asked.sort()).toEqual(payloads.sort());
    expect(asked).toHaveLength(factTypes.length);
  });

  it.each<[string, (schema: Schema) => void, string]>([
    ["a type that there is not", ({ fields }) => Object.assign(fields[0]!, { type: "strnig" }), "strnig"],
    ["a field without a name", ({ fields }) => delete fields[0]!.name, 'required property "name"'],
    ["a field twice", ({ fields }) => fields.push(fields[0]!), "duplicate field name"],
    ["a wrong default", ({ fields }) => Object.assign(fields[0]!, { default: 1 }), "default"],
    ["fields that are none", (schema) => Object.assign(schema, { fields: 1 }), "fields"],
  ])("complains of a payload with %s", async (_, damage, complaint) => {
    const api: { components: { messages: Record<FactType, { payload: { schema: Schema } }> } } = copy();
    damage(api.components.messages["payment.declined"].payload.schema);
    const { errors } = await parsed(api);

    expect(errors.map(({ message }) => message).join()).toContain(complaint);
  });

  it("complains of a reference to nowhere, and of an operation without a channel", async () => {
    const api: { operations: Record<string, object> } = copy();
    expect((await parsed({ ...api, channels: {} })).errors).not.toEqual([]);

    api.operations["orders.send.order.created"] = { action: "send" };
    expect((await parsed(api)).errors).not.toEqual([]);
  });
});
