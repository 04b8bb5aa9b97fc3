// The monitor's eyes over a real nats-server: what it reads of an order, of a lane, and of a consumer that is behind.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { jetstream, jetstreamManager, type StreamAPI } from "@nats-io/jetstream";
import { headers } from "nats";
import { afterAll, beforeAll, expect, it } from "vitest";
import { check } from "../../apps/monitor/check.ts";
import { Poll } from "../../apps/monitor/poll.ts";
import { Returns } from "../../apps/monitor/returns.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { isAway, NatsObserver } from "../../shared/nats/observer.ts";
import {
  ADMIN,
  FLOW_STREAM,
  MONITOR,
  PARKED_STREAM,
  parkedSubject,
  wishSubject,
} from "../../shared/nats/topology.ts";
import { Board } from "../../shared/parked/board.ts";
import { type Broker, placeWaiting, startBroker } from "../../shared/stack/bench/broker.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-observer-"));
const services = allServices(loadConfig({}));
const inventory = services.find(({ name }) => name === "inventory")!;
const ORDERS = 1_200;

let broker: Broker;
let observer: NatsObserver;
let streams: StreamAPI;

beforeAll(async () => {
  broker = await startBroker(folder, "relaxed");
  streams = (await jetstreamManager(broker.connection)).streams;
  await placeWaiting(broker.connection, ORDERS);
  const config = loadConfig(broker.env);
  const url = `nats://${config.NATS_HOST}:${config.NATS_PORT}`;
  observer = await NatsObserver.connect({ url, user: MONITOR, password: config.MONITOR_PASSWORD! }, false);
});

afterAll(async () => {
  await observer?.close();
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

it("reads all that was said of one key in the order of the stream, also what was said twice on one subject", async () => {
  const js = jetstream(broker.connection);
  const key = "00000000-0000-7000-8000-000000000007";
  for (const id of [1, 2])
    await js.publish(wishSubject("redriven", "risk", key), "", { msgID: `wish-${id}` });
  const subjects = (await observer.about(key)).map(({ subject }) => subject);

  expect(subjects).toEqual([`order.created.${key}`, `redriven.risk.${key}`, `redriven.risk.${key}`]);
  expect(await observer.about("nobody")).toEqual([]);
  expect(await observer.subjectsOf(key)).toEqual({
    [`order.created.${key}`]: 1,
    [`redriven.risk.${key}`]: 2,
  });
  expect(await observer.subjectsOf("nobody")).toEqual({});
});

it("finds the first message of several subjects, and none where there is none", async () => {
  const first = await observer.first(FLOW_STREAM, 100, ["payment.captured.*", "order.created.*"]);

  expect(first?.seq).toBe(100);
  expect(await observer.first(FLOW_STREAM, 1, ["payment.captured.*"])).toBeUndefined();
});

it("sees how far a consumer is behind, in events and in time, at a bounded cost", async () => {
  const { consumers, cost } = await new Poll(observer, services).look();
  const stand = consumers.find(({ name }) => name === "inventory")!;

  expect(stand).toMatchObject({
    lag: ORDERS,
    pending: ORDERS,
    ackPending: 0,
    waiting: 0,
    oldest: { seq: 1 },
  });
  expect(Date.now() - stand.oldest!.at).toBeLessThan(60_000);
  expect(cost.requests).toBeLessThanOrEqual(1 + 2 * services.length);
});

it("counts in the stream what a consumer says, and does not count what is too much", async () => {
  expect(await check(observer, inventory, 10_000)).toEqual({
    name: "inventory",
    said: ORDERS,
    counted: [ORDERS, ORDERS],
    agrees: true,
  });
  expect(await check(observer, inventory, 100)).toBeUndefined();
});

it("a check that finds another number twice says so", async () => {
  const found = await check(countingWrong(2), inventory, 10_000);
  expect(found).toMatchObject({ said: ORDERS - 1, agrees: false });
});

it("numbers that are right a moment later are no fault", async () => {
  expect(await check(countingWrong(1), inventory, 10_000)).toMatchObject({ said: ORDERS, agrees: true });
});

/** Sees a consumer that says one event too few, as often as that. */
function countingWrong(times: number): NatsObserver {
  let asked = 0;
  const consumer = async (name: string) => {
    const info = (await observer.consumer(name))!;
    return asked++ < times ? { ...info, num_pending: info.num_pending - 1 } : info;
  };
  return new Proxy(observer, {
    get: (target, name) => {
      const value = name === "consumer" ? consumer : Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
}

it("keeps a board of what is parked: what has ended leaves it, and what has failed again is there once", async () => {
  const board = new Board(observer);
  await put("5-1", "failed");
  await put("6-1", "failed");
  await board.look();
  expect(board.notes.map(({ place }) => place)).toEqual(["5-1", "6-1"]);
  expect(board.notes[0]).not.toHaveProperty("stack");
  expect(board.groups).toMatchObject([{ service: "payments", failed: 2 }]);
  const { notes, groups } = board;
  await board.look();
  expect(board.notes, "made once for all who ask").toBe(notes);
  expect(board.groups).toBe(groups);

  await put("5-1", "ended");
  const { seq } = await put("6-1", "failed");
  await board.look();
  expect(board.notes).toMatchObject([{ place: "6-1", id: seq, service: "payments", what: "stock.reserved" }]);
  expect(board.groups).toMatchObject([{ failed: 1 }]);
  expect(await observer.parkedOf("o1")).toHaveLength(2);
});

it("keeps the board right when PARKED is made anew, and has as many messages again before it is looked at", async () => {
  await put("7-1", "failed");
  const board = new Board(observer);
  await board.look();
  const { last_seq } = (await streams.info(PARKED_STREAM)).state;
  const { config } = await streams.info(PARKED_STREAM);
  await streams.delete(PARKED_STREAM);
  await streams.add(config);
  for (let seq = 2; seq <= last_seq; seq++) await put("7-1", "failed");
  const { seq } = await put("8-1", "failed");
  await board.look();

  expect(board.notes).toMatchObject([
    { place: "7-1", id: seq - 1 },
    { place: "8-1", id: seq },
  ]);
});

it("takes off the board what PARKED has let go of because of its age, and nothing else", async () => {
  const board = new Board(observer);
  const { seq } = await put("9-1", "failed");
  await put("10-1", "failed");
  await board.look();
  await streams.purge(PARKED_STREAM, { seq: seq + 1 }); // As its age does it: the oldest first, and nobody is told.
  await board.look();
  expect(board.notes.map(({ place }) => place)).toEqual(["10-1"]);
});

it("reads in the stream how much comes back of what orders have led to", async () => {
  const js = jetstream(broker.connection);
  const { lastSeq, life } = await observer.stream(FLOW_STREAM);
  for (const key of ["r1", "r2", "r3"])
    for (const type of ["order.created", "order.cancelled"]) await js.publish(`${type}.${key}`, "");
  const returns = new Returns(() => 0.4);
  const asked = observer.requests;
  const span = { firstSeq: lastSeq + 1, lastSeq: lastSeq + 6, life };
  await returns.learn(span, [{ lag: 0, floorSeq: lastSeq }], observer);

  expect(observer.requests - asked).toBe(16);
  expect(returns.share(["order.created", "order.cancelled"], new Set(["order.cancelled"]))).toBe(1);
});

it("tells a broker that is away from one that has not what is asked for", async () => {
  const faultOf = (asked: Promise<unknown>) =>
    asked.then(
      () => undefined,
      (error: unknown) => error,
    );
  const { NATS_HOST, NATS_PORT, ADMIN_PASSWORD } = loadConfig(broker.env);
  const account = { url: `nats://${NATS_HOST}:${NATS_PORT}`, user: ADMIN, password: ADMIN_PASSWORD! };
  const gone = await NatsObserver.connect(account, false);
  expect(isAway(await faultOf(gone.stream("NONE")))).toBe(false);
  await gone.close();
  expect(isAway(await faultOf(gone.stream(PARKED_STREAM)))).toBe(true);
  expect(isAway(await faultOf(gone.messages(PARKED_STREAM, 1, 1)))).toBe(true);
});

/** Says in PARKED what payments has put aside of an order, or no more. */
function put(place: string, state: "failed" | "ended") {
  const about = headers();
  about.set("Quadrille-State", state);
  if (state === "failed") {
    const now = new Date().toISOString();
    const said = { Subject: "stock.reserved.o1", Place: place, Sequence: "5", Cause: "no", Fingerprint: "f" };
    for (const [name, value] of Object.entries(said)) about.set(`Quadrille-${name}`, value);
    for (const name of ["First-Attempt", "Last-Attempt"]) about.set(`Quadrille-${name}`, now);
  }
  const subject = parkedSubject("payments", { key: "o1", place });
  return jetstream(broker.connection).publish(subject, "", { headers: about });
}
