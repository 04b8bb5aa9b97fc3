// What services have put aside, in an operator's hands: `npm run -s parked` over the real stack.

import { jetstreamManager } from "@nats-io/jetstream";
import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import { headers } from "nats";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { encode, fact } from "../../shared/contracts/events.ts";
import { FLOW_STREAM, SCHEMA_BUCKET, wishSubject } from "../../shared/nats/topology.ts";
import type { Entry, Group } from "../../shared/parked/entries.ts";
import { TestStack } from "../support/stack.ts";
import { aVersion, newest, publishOrder } from "../support/versions.ts";

/** Those who listen for orders, and so put aside one that they can't read. */
const READERS = ["analytics", "inventory", "notifications", "payments", "risk", "shipping"];

let shop: TestStack;
let admin: NatsConnection;
let bucket: KV;

beforeAll(async () => {
  shop = await TestStack.start({ SCHEMA_WAIT_MS: "1000" });
  await shop.stockUp("TEA-001", 1_000);
  admin = await shop.stack.connect();
  bucket = await new Kvm(admin).open(SCHEMA_BUCKET);
});

afterAll(async () => {
  await admin?.close();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

describe("an order that no service can read, and its cancellation", () => {
  const orderId = uuidv7();
  const version = aVersion("order.created");

  test("are put aside, one behind the other, and other orders go on", async () => {
    await publishOrder(admin, orderId, version);
    await shop.until("each has put it aside", async () =>
      (await parkedOf(orderId)).length === READERS.length ? true : undefined,
    );
    await publishCancellation(orderId);
    await shop.until("inventory has put the cancellation behind it", async () => {
      const [first, second] = await parkedOf(orderId, "inventory");
      return first?.state === "failed" && second?.state === "waiting" ? true : undefined;
    });

    expect(await shop.ended(await shop.place())).toMatchObject({ status: "completed" });
    const [first, second] = await parkedOf(orderId, "inventory");
    const { text } = await parked("list");
    expect(text).toMatch(
      new RegExp(`^${first!.id} +inventory +${orderId} +order.created .* unknown schema`, "m"),
    );
    expect(text).toMatch(
      new RegExp(`^${second!.id} +inventory +${orderId} +order.cancelled .* waits behind ${first!.id}$`, "m"),
    );
  });

  test("are shown with their cause, their lane and where the code failed", async () => {
    const [first, second] = await parkedOf(orderId, "inventory");
    const { text } = await parked("show", `${first!.id}`);
    expect(text).toContain(`${first!.id} order.created, then ${second!.id} order.cancelled`);
    expect(text).toMatch(/^stack .*\n +at /m);
    expect((await parked("show", `${second!.id}`)).text).toContain(`"reason": "customer"`);
  });

  test("are grouped by what failed", async () => {
    const { code, text } = await parked("list", "--group", "--json");
    const groups = JSON.parse(text) as Group[];
    expect(code).toBe(0);
    expect(groups.map(({ service }) => service).sort()).toEqual(READERS);
    expect(new Set(groups.map(({ fingerprint }) => fingerprint)).size).toBe(1);
    expect(groups.find(({ service }) => service === "inventory")).toMatchObject({ failed: 1, waiting: 1 });
  });

  test("can't be redriven in the wrong order, and a dry run does nothing", async () => {
    const [first, second] = await parkedOf(orderId, "inventory");
    const wrong = await parked("redrive", `${second!.id}`);
    expect(wrong).toMatchObject({ code: 1, text: expect.stringContaining(`waits behind ${first!.id}`) });

    const dry = await parked("redrive", `${first!.id}`, "--dry-run");
    expect(dry.text).toMatch(new RegExp(`^${first!.id} .* fails again: unknown schema`, "m"));
    expect(dry.text).toMatch(new RegExp(`^${second!.id} .* goes on waiting$`, "m"));
    expect((await parkedOf(orderId, "inventory")).map(({ id }) => id)).toEqual([first!.id, second!.id]);
  });

  test("fail again while nothing has changed, and are marked", async () => {
    const [first] = await parkedOf(orderId, "inventory");
    let redrives = 0;
    const again = await shop.until("inventory gets to it in time to tell", async () => {
      redrives++;
      const [now] = await parkedOf(orderId, "inventory");
      const redriven = await parked("redrive", `${now!.id}`);
      return redriven.text.includes("has not got to it yet") ? undefined : redriven;
    });
    expect(again.text).toMatch(/order.created .* has failed again.*\n.*order.cancelled .* goes on waiting/);
    expect(again.code).toBe(1);

    const [failed, waiting] = await parkedOf(orderId, "inventory");
    expect(failed).toMatchObject({ state: "failed" });
    expect(failed!.redrives).toBeGreaterThan(0);
    expect(failed!.redrives).toBeLessThanOrEqual(redrives);
    expect(failed!.id).not.toBe(first!.id);
    expect(waiting).toMatchObject({ state: "waiting", redrives: 0 });
    expect(await parked("redrive", `${first!.id}`)).toMatchObject({ code: 1 });
  });

  test("are handled in their order once the schema is there", async () => {
    await bucket.create(version.key, version.entry);
    // A service that has just looked for the schema in vain waits a second before it looks again.
    await shop.until("the schema is found", async () => {
      const [first] = await parkedOf(orderId, "inventory");
      return !first || (await parked("redrive", `${first.id}`, "--by", "ann")).code === 0 || undefined;
    });

    await nothingParked(orderId, "inventory");
    const said = (await saidOf(orderId)).filter((subject) => subject.startsWith("stock."));
    expect(said).toEqual([`stock.reserved.${orderId}`, `stock.released.${orderId}`]);
  });

  test("are handled by everyone else when their group is redriven", async () => {
    const [entry] = await parkedOf(orderId);
    const { code, text } = await parked("redrive", "--group", entry!.fingerprint);
    expect({ code, text }).toMatchObject({ code: 0 });
    await nothingParked(orderId);
  });
});

test("what nobody will ever read is given up, with a reason, and the order goes on", async () => {
  const orderId = uuidv7();
  await admin.publish(`order.created.${orderId}`, "no Avro at all");
  await publishOrder(admin, orderId, newest("order.created"));
  const [first] = await shop.until("inventory has put both aside", async () => {
    const entries = await parkedOf(orderId, "inventory");
    return entries.length === 2 ? entries : undefined;
  });

  expect(await parked("discard", `${first!.id}`)).toMatchObject({
    code: 2,
    text: expect.stringContaining("--reason"),
  });
  const { code, text } = await parked("discard", `${first!.id}`, "--reason", "a test", "--by", "ann");
  expect({ code, text }).toMatchObject({ code: 0 });
  await nothingParked(orderId, "inventory");
  expect(await saidOf(orderId)).toContain(`stock.reserved.${orderId}`);

  const others = await shop.until("everyone else has put it aside", async () => {
    const failed = (await parkedOf(orderId)).filter(({ state }) => state === "failed");
    return failed.length === READERS.length - 1 ? failed : undefined;
  });
  const ids = others.map(({ id }) => `${id}`);
  expect(await parked("discard", ...ids, "999999", "--reason", "a test")).toMatchObject({
    code: 1,
    text: expect.stringContaining("Nothing is parked as 999999"),
  });
  expect((await parkedOf(orderId)).length).toBeGreaterThan(0);
  expect(await parked("discard", ...ids, "--reason", "a test")).toMatchObject({ code: 0 });
  await shop.until("the goods have left, and nothing of the order is parked", async () => {
    const haveLeft = (await saidOf(orderId)).includes(`stock.committed.${orderId}`);
    return (haveLeft && (await parkedOf(orderId)).length === 0) || undefined;
  });
});

test("every action is in the stream of the flow: what, by whom, and why", async () => {
  const connection = await jetstreamManager(admin);
  const seen: object[] = [];
  for (const said of ["redriven", "discarded"] as const) {
    const state = await connection.streams.info(FLOW_STREAM, {
      subjects_filter: wishSubject(said, "inventory", "*"),
    });
    for (const subject of Object.keys(state.state.subjects ?? {})) {
      const { header } = (await connection.direct.getMessage(FLOW_STREAM, { last_by_subj: subject }))!;
      seen.push({ said, by: header.get("Quadrille-By"), reason: header.get("Quadrille-Reason") });
    }
  }
  expect(seen).toEqual([
    { said: "redriven", by: "ann", reason: "" },
    { said: "discarded", by: "ann", reason: "a test" },
  ]);
});

test("an ID that is none, or no more, is told apart from a broker that is not there, or refuses the password", async () => {
  expect(await parked("show", "x")).toMatchObject({ code: 2, text: expect.stringContaining("is not an ID") });
  expect(await parked("show", "999999")).toMatchObject({
    code: 1,
    text: expect.stringContaining("Nothing is parked as 999999"),
  });
  expect(await parked("lst")).toMatchObject({ code: 2, text: expect.stringContaining("npm run -s parked") });
  const elsewhere = await shop.command("parked", ["list"], { NATS_URL: "nats://127.0.0.1:1" });
  expect(elsewhere).toMatchObject({
    code: 2,
    text: "Can't tell what is parked: NATS does not answer at nats://127.0.0.1:1 (connection refused): is the stack running?\n",
  });
  const stranger = await shop.command("parked", ["list"], { OPERATOR_PASSWORD: "not-the-operators-one" });
  expect(stranger).toMatchObject({
    code: 2,
    text: expect.stringMatching(
      / does not let operator in with this password: is it that of another stack\?\n$/,
    ),
  });
});

function parked(...args: string[]) {
  return shop.command("parked", args);
}

/** What is parked of an order, in the order of the stream. */
async function parkedOf(orderId: string, service?: string): Promise<Entry[]> {
  const entries = JSON.parse((await parked("list", "--json")).text) as Entry[];
  return entries
    .filter((entry) => entry.key === orderId && (!service || entry.service === service))
    .sort((a, b) => a.sequence - b.sequence);
}

function nothingParked(orderId: string, service?: string): Promise<true> {
  return shop.until(
    "nothing of it is parked",
    async () => (await parkedOf(orderId, service)).length === 0 || undefined,
  );
}

async function saidOf(orderId: string): Promise<string[]> {
  const connection = await jetstreamManager(admin);
  const { state } = await connection.streams.info(FLOW_STREAM, { subjects_filter: `stock.*.${orderId}` });
  const found = await Promise.all(
    Object.keys(state.subjects ?? {}).map((subject) =>
      connection.direct.getMessage(FLOW_STREAM, { last_by_subj: subject }),
    ),
  );
  return found.sort((a, b) => a!.seq - b!.seq).map((message) => message!.subject);
}

/** Says as orders would that the customer does not want the order any more. */
async function publishCancellation(orderId: string): Promise<void> {
  const cancelled = fact("order.cancelled", { orderId, reason: "customer", detail: null });
  const attributes = headers();
  attributes.set("ce-id", `${orderId}.cancelled`);
  attributes.set("ce-time", new Date().toISOString());
  attributes.set("ce-source", "orders");
  admin.publish(`order.cancelled.${orderId}`, encode(cancelled), { headers: attributes });
  await admin.flush();
}
