// What the broker loses while orders are under way, over the real stack: a consumer, a stream, its schemas, the end of its store.

import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import BetterSqlite from "better-sqlite3";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM } from "../../shared/nats/topology.ts";
import type { Entry } from "../../shared/parked/entries.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { brokenIn } from "../support/invariants.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { TestStack } from "../support/stack.ts";

const PACE_MS = 20;
const BEFORE_AND_AFTER_MS = 1_000;

let mailbox: Mailbox;
let shop: TestStack;
let admin: NatsConnection;
let manager: JetStreamManager;
const accepted: string[] = [];

beforeAll(async () => {
  mailbox = await openMailbox();
  shop = await TestStack.start({ SMTP_URL: mailbox.url });
  await shop.stockUp("TEA-001", 10_000);
  admin = await shop.stack.connect();
  manager = await jetstreamManager(admin);
});

afterAll(async () => {
  await admin?.close();
  await shop?.stop();
  await mailbox?.close();
});

beforeEach(() => shop.explainFailure());

/** Orders come in steadily, before something happens, meanwhile, and afterwards; all that has to hold in the end holds. */
async function survives(happens: () => Promise<unknown>): Promise<void> {
  const over = new AbortController();
  const customer = async () => {
    for (; !over.signal.aborted; await sleep(PACE_MS)) accepted.push(await shop.place());
  };
  const load = customer();
  await sleep(BEFORE_AND_AFTER_MS);
  await happens();
  await sleep(BEFORE_AND_AFTER_MS);
  over.abort();
  await load;
  expect(await brokenIn(shop, accepted, mailbox)).toEqual([]);
}

/** The names in the error lines of whoever looks after NATS. */
function alarms(): string[] {
  const lines = shop.lines.filter((line) => line.includes('"keeper"')).map((line) => JSON.parse(line));
  return lines.filter(({ level }) => level === 50).flatMap(({ gone }) => gone);
}

test("a consumer that somebody deleted is there again, and its service hears of everything", async () => {
  await survives(() => manager.consumers.delete(FLOW_STREAM, "payments"));

  expect(new Set(alarms())).toEqual(new Set(["payments"]));
});

test("the flow's stream, deleted, is there again, and the services have said everything in it again", async () => {
  const before = (await shop.flow()).map(({ id }) => id);
  await survives(() => manager.streams.delete(FLOW_STREAM));

  expect((await shop.flow()).map(({ id }) => id)).toEqual(expect.arrayContaining(before));
  expect(alarms()).toContain(FLOW_STREAM);
});

test("what somebody has purged is said again, though no connection has broken", async () => {
  const id = await shop.place();
  accepted.push(id);
  await shop.ended(id);
  const before = (await shop.flow()).map(({ id }) => id);
  await manager.streams.purge(FLOW_STREAM);

  await shop.until("all is said again", async () => {
    const now = new Set((await shop.flow()).map(({ id }) => id));
    return before.every((id) => now.has(id)) ? true : undefined;
  });
  await survives(async () => {});
});

test("the schemas are in their bucket again when all streams were deleted", async () => {
  const before = await schemasKept();
  await survives(deleteAll);

  expect(await schemasKept()).toEqual(before);
});

test("the schemas are in their bucket again when it was deleted alone", async () => {
  const before = await schemasKept();
  await manager.streams.delete(SCHEMA_STREAM);

  await shop.until("all schemas are there again", async () =>
    JSON.stringify(await schemasKept()) === JSON.stringify(before) ? true : undefined,
  );
});

test("what was stored after a copy is said again when NATS is put back to that copy", async () => {
  const alarmsBefore = alarms();
  const linesBefore = shop.lines.length;
  await survives(async () => {
    const putBack = await rollback();
    const id = await shop.place();
    accepted.push(id);
    await shop.ended(id);
    await putBack();
  });

  expect(shop.lines.slice(linesBefore).join()).toContain("NATS has lost facts");
  expect(alarms()).toEqual(alarmsBefore);
});

test.each([
  ["it was deleted alone", () => manager.streams.delete(PARKED_STREAM)],
  ["all streams were deleted", deleteAll],
  ["NATS was put back to a copy from before", undefined],
])("what payments had put aside is in PARKED again when %s, and the order ends well", async (_, lose) => {
  const putBack = lose ? undefined : await rollback();
  plantBug();
  const orderId = await shop.place();
  accepted.push(orderId);
  const before = await shop.until("payments has put aside what it heard of it", async () => {
    const entries = await parkedOf(orderId);
    return entries.length === 3 ? entries : undefined;
  });
  expect(before.map(({ service, state }) => `${service} ${state}`)).toEqual([
    "payments failed",
    "payments waiting",
    "payments waiting",
  ]);

  await (lose ?? putBack!)();
  const places = before.map(({ place }) => place);
  const back = await shop.until("it is there again", async () => {
    const entries = await parkedOf(orderId);
    return places.every((one) => entries.some(({ place }) => place === one)) ? entries : undefined;
  });
  expect(back.filter(({ place }) => places.includes(place))).toMatchObject(
    before.map(({ id: _, ...entry }) => entry),
  );
  mendBug();
  await shop.until("all of it is redriven", async () => {
    const [first] = await parkedOf(orderId);
    if (first) await parked("redrive", "--group", first.fingerprint);
    return (await parkedOf(orderId)).length === 0 ? true : undefined;
  });

  expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
  expect(await brokenIn(shop, accepted, mailbox)).toEqual([]);
});

test("a consumer that looks alive and delivers nothing is bound anew", async () => {
  // A paused consumer goes on sending heartbeats, as those do that have stalled.
  await manager.consumers.pause(FLOW_STREAM, "risk", new Date(Date.now() + 600_000));
  accepted.push(await shop.place());
  await shop.until(
    "risk notices",
    async () => shop.lines.find((line) => /"risk".*what waits for this service does not come/.test(line)),
    60_000,
  );
  await manager.consumers.resume(FLOW_STREAM, "risk");

  expect(await brokenIn(shop, accepted, mailbox)).toEqual([]);
});

test("a service does not start on a stream that keeps events for longer than it knows them", async () => {
  const { config } = await manager.streams.info(FLOW_STREAM);
  await manager.streams.update(FLOW_STREAM, { max_age: 0 });
  await shop.stack.services.get("risk")!.fell();
  shop.stack.services.get("risk")!.start();
  await shop.until("risk says why", async () =>
    shop.lines.find((line) => /"risk".*NATS keeps events for ever.*Raise INBOX_MAX_AGE_HOURS/.test(line)),
  );
  await manager.streams.update(FLOW_STREAM, { max_age: config.max_age });
  await shop.until(
    "risk is ready",
    async () => (await shop.get("risk", "/readyz")).status === 200 || undefined,
  );

  accepted.push(await shop.place());
  expect(await brokenIn(shop, accepted, mailbox)).toEqual([]);
});

test("the container that provisions stays, says that it has begun, and ends when it is told to", async () => {
  const env = { ...shop.env, ...shop.stack.passwords, TMPDIR: shop.folder };
  const script = join(projectRoot, "dist", "shared", "stack", "provision.js");
  const keeper = spawn(process.execPath, [script, "--keep"], { env, stdio: "ignore" });
  const ended = once(keeper, "exit");
  await shop.until("it has begun", async () => existsSync(join(shop.folder, "provisioned")) || undefined);
  keeper.kill("SIGTERM");

  expect(await ended).toEqual([0, null]);
});

function deleteAll(): Promise<unknown> {
  return Promise.all([FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM].map((name) => manager.streams.delete(name)));
}

/** Makes a copy of what NATS has stored; what it returns puts NATS back to it. */
async function rollback(): Promise<() => Promise<void>> {
  const store = join(shop.folder, "nats");
  const copy = join(shop.folder, "nats-copy");
  const env = { ...process.env, LC_ALL: "C" };
  await promisify(execFile)("cp", ["-r", store, copy], { env }).catch((error) => {
    const faults: string[] = error.stderr.trim().split("\n");
    const haveGone = faults.every((fault) => fault.endsWith("No such file or directory"));
    if (!haveGone) throw error; // A file that went meanwhile is no reason.
  });
  return async () => {
    await shop.stack.nats.fell();
    rmSync(store, { recursive: true });
    renameSync(copy, store);
    shop.stack.nats.start();
  };
}

/** From now on payments can take note of nothing. */
function plantBug(): void {
  inPayments("CREATE TRIGGER bug BEFORE INSERT ON payments BEGIN SELECT RAISE(ABORT, 'a bug'); END");
}

function mendBug(): void {
  inPayments("DROP TRIGGER bug");
}

function inPayments(sql: string): void {
  const db = new BetterSqlite(join(shop.folder, "payments", "state.db"));
  db.exec(sql);
  db.close();
}

/** What an operator says at the terminal, and reads there. */
async function parked(...args: string[]): Promise<string> {
  const script = join(projectRoot, "dist", "shared", "stack", "parked.js");
  return (await promisify(execFile)(process.execPath, [script, ...args], { env: shop.env })).stdout;
}

/** What is parked of an order, in the order of the stream. */
async function parkedOf(orderId: string): Promise<Entry[]> {
  const entries = JSON.parse(await parked("list", "--json")) as Entry[];
  return entries.filter(({ key }) => key === orderId).sort((a, b) => a.sequence - b.sequence);
}

async function schemasKept(): Promise<string[]> {
  const { state } = await manager.streams.info(SCHEMA_STREAM, { subjects_filter: ">" });
  return Object.keys(state.subjects ?? {}).sort();
}
