// What people do about parked messages, over a real nats-server, while no service is there to answer.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import { headers } from "nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { actions } from "../../apps/monitor/actions.ts";
import { Monitor } from "../../apps/monitor/monitor.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { httpApp } from "../../shared/http/app.ts";
import { FLOW_STREAM, PARKED_STREAM, parkedSubject } from "../../shared/nats/topology.ts";
import { createLog } from "../../shared/observability/log.ts";
import { type Broker, startBroker } from "../../shared/stack/bench/broker.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-actions-"));
const MANY = 510;
let broker: Broker;
let app: ReturnType<typeof httpApp>;
let desk: { close(): Promise<void> };

beforeAll(async () => {
  broker = await startBroker(folder, "relaxed");
  const config = loadConfig(broker.env);
  const log = createLog("monitor", "silent");
  app = httpApp({ name: "monitor", ready: () => ({ ready: true }), log });
  desk = actions(app, new Monitor(allServices(config), config, log));
  for (let n = 0; n < MANY; n++) await put("payments", n);
  await put("risk", 0);
});

afterAll(async () => {
  await desk?.close();
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("redrives of a group only what one service has parked, 500 at once, and says how many are left", async () => {
  const { status, body } = await post("/api/parked/redrive", { group: "g1", service: "payments" });
  expect(status).toBe(200);
  expect(body.entries).toHaveLength(500);
  expect(body.left).toBe(MANY - 500);
  expect(await said("payments")).toBe(500);
  expect(await said("risk")).toBe(0);
});

it("says in one line who does it and why, however many lines were typed", async () => {
  const { status } = await post("/api/parked/discard", {
    id: await risks(),
    reason: "first line\r\nsecond line\n",
    by: "Ada\nL.",
  });
  expect(status).toBe(200);
  const manager = await jetstreamManager(broker.connection);
  const about = await manager.direct.getMessage(FLOW_STREAM, { last_by_subj: "discarded.risk.o0" });
  expect(about?.header.get("Quadrille-Reason")).toBe("first line second line");
  expect(about?.header.get("Quadrille-By")).toBe("Ada L.");
});

it("does one thing after the other, and turns away who would wait too long", async () => {
  const all = await Promise.all(
    Array.from({ length: 6 }, () => post("/api/parked/discard", { id: 100_000, reason: "no use" })),
  );
  expect(all.map(({ status }) => status)).toEqual([404, 404, 404, 404, 503, 503]);
  expect((await post("/api/parked/discard", { id: 100_000, reason: "no use" })).status).toBe(404);
});

it("says that NATS does not answer when it is gone while somebody acts", async () => {
  expect((await post("/api/parked/discard", { id: 100_000, reason: "no use" })).status).toBe(404);
  await broker.stop();
  const { status, body } = await post("/api/parked/discard", { id: 100_000, reason: "no use" });
  expect(status).toBe(503);
  expect(body).toMatchObject({ type: expect.stringMatching(/nats-silent$/) });
});

/** The number of what risk has parked. */
async function risks(): Promise<number> {
  const manager = await jetstreamManager(broker.connection);
  return (await manager.direct.getMessage(PARKED_STREAM, { next_by_subj: "parked.risk.>" }))!.seq;
}

/** Says in PARKED what a service has put aside of an order. */
function put(service: string, n: number) {
  const about = headers();
  const now = new Date().toISOString();
  const parts = {
    Subject: `stock.reserved.o${n}`,
    Place: `${n + 1}-1`,
    Sequence: `${n + 1}`,
    State: "failed",
    Cause: "no sense",
  };
  const more = { Fingerprint: "g1", Attempts: "1", Redrives: "0", "First-Attempt": now, "Last-Attempt": now };
  for (const [name, value] of Object.entries({ ...parts, ...more })) about.set(`Quadrille-${name}`, value);
  const subject = parkedSubject(service, { key: `o${n}`, place: parts.Place });
  return jetstream(broker.connection).publish(subject, "no Avro", { headers: about });
}

/** How often operators have said that something of a service is redriven. */
async function said(service: string): Promise<number> {
  const manager = await jetstreamManager(broker.connection);
  const { state } = await manager.streams.info(FLOW_STREAM, { subjects_filter: `redriven.${service}.*` });
  return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0);
}

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.
async function post(path: string, body: object): Promise<{ status: number; body: any }> {
  const response = await app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  return { status: response.status, body: await response.json() };
}
