// The bucket SCHEMAS over the real stack: what is in it, who may write it, and events of versions that nobody was built with.

import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { type FactType, knownVersions } from "../../shared/contracts/events.ts";
import { connectNats } from "../../shared/nats/connect.ts";
import { provision } from "../../shared/nats/provision.ts";
import { NatsSchemaBucket } from "../../shared/nats/schemas.ts";
import { FLOW_STREAM, SCHEMA_BUCKET, SCHEMA_STREAM, schemaSubject } from "../../shared/nats/topology.ts";
import { entryText } from "../../shared/schemas/bucket-entry.ts";
import { fingerprint } from "../../shared/schemas/canonical.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import { emits } from "../../shared/service/define.ts";
import { TestStack } from "../support/stack.ts";
import { aVersion, type Field, publishOrder } from "../support/versions.ts";

const SCHEMA_WAIT_MS = 12_000;
const READERS_OF_ORDERS = ["analytics", "inventory", "notifications", "payments", "risk", "shipping"];

let shop: TestStack;
let admin: NatsConnection;
let bucket: KV;

beforeAll(async () => {
  shop = await TestStack.start({ ACK_WAIT_MS: "10000", SCHEMA_WAIT_MS: `${SCHEMA_WAIT_MS}` });
  await shop.stockUp("TEA-001", 1_000);
  admin = await shop.stack.connect();
  bucket = await new Kvm(admin).open(SCHEMA_BUCKET);
});

afterAll(async () => {
  await admin?.close();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

describe("the bucket", () => {
  test("has every version of whatever the services say, for any key-value client to read", async () => {
    const keys: string[] = [];
    for await (const key of await bucket.keys()) keys.push(key);

    const said = allServices(shop.stack.config).flatMap(emits);
    const expected = said.flatMap((type) =>
      knownVersions(type).map((known) => ({ key: `${type}.${known.fingerprint}`, type, ...known })),
    );
    expect(keys.sort()).toEqual(expected.map(({ key }) => key).sort());
    for (const { key, type, version, schema } of expected) {
      expect((await bucket.get(key))?.json()).toEqual({ event: type, version, schema });
    }
  });

  test("lets nobody change or remove what is there, the administrator included", async () => {
    const print = knownVersions("order.created")[0]!.fingerprint;
    const key = `order.created.${print}`;
    const before = await bucket.get(key);
    const { streams } = await jetstreamManager(admin);

    await expect(bucket.put(key, "other")).rejects.toThrow(/maximum messages per subject/);
    await expect(bucket.update(key, "other", before!.revision)).rejects.toThrow(
      /maximum messages per subject/,
    );
    await expect(bucket.create(key, "other")).rejects.toThrow();
    await expect(bucket.delete(key)).rejects.toThrow(/maximum messages per subject/);
    await expect(bucket.purge(key)).rejects.toThrow(/not permitted/);
    await expect(streams.purge(SCHEMA_STREAM)).rejects.toThrow(/not permitted/);
    await expect(streams.deleteMessage(SCHEMA_STREAM, before!.revision)).rejects.toThrow(/not permitted/);
    await provision(admin, allServices(shop.stack.config), shop.stack.config);

    expect((await bucket.get(key))?.string()).toBe(before!.string());
  });

  test("takes from a service schemas of what it says, and of nothing else; each may be read by all", async () => {
    const connection = await connectAs("risk");
    const own = new NatsSchemaBucket(connection);
    const cleared = knownVersions("risk.cleared")[0]!.fingerprint;

    const theirs = await own.all("order.created");
    expect(theirs.map((kept) => kept.fingerprint)).toEqual(
      knownVersions("order.created").map((known) => known.fingerprint),
    );
    await expect(own.create("order.created", { fingerprint: "0".repeat(16), text: "{}" })).rejects.toThrow(
      /permissions violation/i,
    );
    await own.create("risk.cleared", { fingerprint: cleared, text: "other" });
    expect(JSON.parse((await own.find("risk.cleared", cleared))!)).toMatchObject({ event: "risk.cleared" });
    expect(await own.all("risk.unheard")).toEqual([]);
    await connection.close();
  });

  test("is read by who says nothing, and not written", async () => {
    const connection = await connectAs("notifications");
    const { fingerprint: print, version } = knownVersions("order.created").at(-1)!;

    const text = await new NatsSchemaBucket(connection).find("order.created", print);
    expect(JSON.parse(text!).version).toBe(version);
    await expect(
      connection.request(schemaSubject("order.created.x"), "", { timeout: 20_000 }),
    ).rejects.toThrow(/permissions violation/i);
    await connection.close();
  });
});

describe("an event of a version that no service was built with", () => {
  test("is read by all of them, and its order completes, when the schema is in the bucket", async () => {
    const parked = (await shop.parked()).length;
    const version = aVersion("order.created");
    await bucket.create(version.key, version.entry);

    const orderId = uuidv7();
    await publishOrder(admin, orderId, version);

    await completed(orderId);
    await toldOf(orderId);
    expect(await shop.parked()).toHaveLength(parked);
  });

  test("is read when the schema comes two seconds late", async () => {
    const parked = (await shop.parked()).length;
    const version = aVersion("order.created");

    const orderId = uuidv7();
    await publishOrder(admin, orderId, version);
    await sleep(2_000);
    expect(await said("stock.reserved", orderId)).toBe(false);
    await bucket.create(version.key, version.entry);

    await completed(orderId);
    await toldOf(orderId);
    expect(await shop.parked()).toHaveLength(parked);
  });

  test("is parked by each who should have read it when the schema never comes, and other orders go on", async () => {
    const before = (await shop.parked()).length;
    const version = aVersion("order.created");
    const lost = uuidv7();
    await publishOrder(admin, lost, version);
    await admin.publish(`order.created.${uuidv7()}`, Buffer.from("c3010123456789abcdef00", "hex"));
    const published = Date.now();

    expect(await shop.ended(await shop.place())).toMatchObject({ status: "completed" });
    const parked = await shop.until("each has parked both", async () => {
      const messages = (await shop.parked()).slice(before);
      return messages.length >= 2 * READERS_OF_ORDERS.length ? messages : undefined;
    });

    expect(Date.now() - published).toBeGreaterThan(SCHEMA_WAIT_MS - 1_000);
    const ofLost = parked.filter(({ subject }) => subject.includes(`.${lost}.`));
    expect(ofLost.map(({ headers }) => headers?.get("Quadrille-Service")).sort()).toEqual(READERS_OF_ORDERS);
    for (const { headers } of ofLost) {
      expect(headers?.get("Quadrille-Cause")).toMatch(
        new RegExp(
          `no version of \\S+ has fingerprint ${version.print}; looked for in the bucket .* it is not there`,
        ),
      );
    }
    for (const { name, deaths } of shop.stack.services.values())
      expect({ name, deaths }).toEqual({ name, deaths: 0 });
  });

  test("is parked at once, in the checker's words, when the services' own version can't read it", async () => {
    const before = (await shop.parked()).length;
    const version = aVersion("order.created", ({ name, type, ...rest }) => ({
      ...rest,
      name,
      type: name === "totalCents" ? "string" : type,
    }));
    await bucket.create(version.key, version.entry);
    await publishOrder(admin, uuidv7(), version, "nine hundred");

    const parked = await shop.until("each has parked it", async () => {
      const messages = (await shop.parked()).slice(before);
      return messages.length >= READERS_OF_ORDERS.length ? messages : undefined;
    });
    for (const { headers } of parked) {
      expect(headers?.get("Quadrille-Cause")).toMatch(
        /type-changed at OrderCreated.totalCents: The writer sends string/,
      );
      expect(headers?.get("Quadrille-Attempts")).toBe("1");
    }
  });
});

test("a service starts again though an incompatible version came to the bucket after its own", async () => {
  const newest = knownVersions("risk.cleared").at(-1)!.schema as { fields: Field[] };
  const fields = newest.fields.map((field) =>
    field.name === "score" ? { ...field, type: "string" } : field,
  );
  const schema = { ...newest, fields };
  const text = entryText({ event: "risk.cleared", version: 9, json: schema });
  await bucket.create(`risk.cleared.${fingerprint(parseSchema(schema).schema!)}`, text);

  const risk = shop.stack.services.get("risk")!;
  await risk.stop();
  risk.start();
  await shop.stack.untilReady();
  expect(await shop.ended(await shop.place())).toMatchObject({ status: "completed" });
});

/** Whether the fact was said of the order. The stream holds what this process can't decode: its subjects say enough. */
async function said(type: FactType, orderId: string): Promise<boolean> {
  const { direct } = await jetstreamManager(admin);
  return (await direct.getMessage(FLOW_STREAM, { last_by_subj: `${type}.${orderId}` })) !== null;
}

async function completed(orderId: string): Promise<void> {
  await shop.until(`${orderId} is completed`, async () =>
    (await said("order.completed", orderId)) ? true : undefined,
  );
}

/** Waits until notifications, which learns of the address from the order itself, has written to the customer. */
async function toldOf(orderId: string): Promise<void> {
  await shop.until("the customer was told", async () => {
    const { body } = await shop.get("notifications", "/mails?limit=1000");
    return body.mails.find(({ text }: { text: string }) => text.includes(orderId));
  });
}

function connectAs(user: string): Promise<NatsConnection> {
  const { NATS_HOST, NATS_PORT } = shop.stack.config;
  const password = shop.stack.passwords[`${user.toUpperCase()}_PASSWORD`]!;
  return connectNats({ url: `nats://${NATS_HOST}:${NATS_PORT}`, user, password }, false);
}
