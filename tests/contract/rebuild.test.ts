// What a rebuild promises of every service: told its past again, a new database knows what the old one knew.

import type { Database } from "better-sqlite3";
import { beforeEach, describe, expect, it } from "vitest";
import { placeOrder, orders as shop } from "../../apps/orders/service.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { type Event, encode, fact } from "../../shared/contracts/events.ts";
import type { Link } from "../../shared/nats/link.ts";
import { createLog } from "../../shared/observability/log.ts";
import type { Agreement } from "../../shared/service/agreement.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { type AnyService, consumes, defineService, when } from "../../shared/service/define.ts";
import { Engine } from "../../shared/service/engine.ts";
import { expectMemory, isTrusted, trust } from "../../shared/service/memory.ts";
import { notYet } from "../../shared/service/not-yet.ts";
import { Replay } from "../../shared/service/replay.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { stateHash } from "../../shared/service/state.ts";
import { order } from "../pure/given.ts";
import { Flow, NOW, scenarios, stopTime } from "./flow.ts";
import { Machine, toEvent } from "./machine.ts";
import { never } from "./outside.ts";

const services = allServices(loadConfig({}));
const flow = new Flow(services);

describe.each(services)("the database of $name", (service) => {
  beforeEach(stopTime);

  it.each(scenarios)(
    "is made anew from what was said of $name, though some of it comes twice",
    async (scenario) => {
      const { steps, story } = await flow.partOf(service, scenario);
      const machine = new Machine(service);
      for (const step of steps) await machine.play(step);

      expect(stateHash(retold(service, [...story, ...story]))).toBe(machine.stateHash);
      machine.close();
    },
  );
});

describe("a rebuilt database", () => {
  it("answers a repeated command as the lost one did, with no second effect, and knows another request from it", async () => {
    const placing = {
      input: order({ orderId: "o-1" }),
      key: "o-1",
      idempotency: { key: "k", request: "body" },
    };
    const before = running(openDatabase(":memory:"));
    const answer = await before.submit(placeOrder, placing);
    const [row] = before.engine.outboxAfter(0);

    const after = running(retold(shop, [toEvent(row!, "orders")]));

    expect(
      await after.submit(placeOrder, { ...placing, input: order({ orderId: "o-2" }), key: "o-2" }),
    ).toEqual(answer);
    const another = { ...placing, idempotency: { key: "k", request: "another body" } };
    expect(await after.submit(placeOrder, another)).toEqual({ outcome: "mismatch" });
    expect(after.engine.outboxAfter(0)).toEqual([row]);
  });

  it("has what waits behind nothing tried again: what was ahead of it had ended by then", () => {
    const db = openDatabase(":memory:");
    const replay = new Replay(shop, db);
    const why = { stack: "", fingerprint: "", attempts: 1, firstAt: 0, lastAt: 0, redrives: 0 };
    const putAside = (sequence: number, key: string, isWaiting: boolean) =>
      replay.putAside({ place: `${sequence}-1`, sequence, key }, { ...why, cause: "test", isWaiting });
    putAside(1, "blocked", false);
    putAside(2, "blocked", true);
    putAside(3, "free", true);
    putAside(4, "free", true);
    replay.letFollow();

    expect(new Engine(shop, db).parked.due()).toEqual([{ place: "3-1", sequence: 3, key: "free" }]);
  });

  it("knows how often a reaction has answered that may answer only so often", () => {
    const db = openDatabase(":memory:");
    const engine = new Engine(patient, db);
    engine.transaction(() => engine.handle(captured("a")).outcome === "reacted");
    const said = engine.outboxAfter(0).map((row) => toEvent(row, "patient"));

    const rebuilt = retold(patient, [captured("a"), ...said]);

    expect(stateHash(rebuilt)).toBe(stateHash(db));
    expect(() => new Engine(patient, rebuilt).handle(captured("b"))).toThrow("1 times already");
  });
});

describe("the hash of a state", () => {
  it("is another one when a row is, and the same whenever things were handled and however often they were tried", () => {
    const [one, other] = [retold(shop, []), retold(shop, [])];
    other.exec("INSERT INTO attempts VALUES ('e', 1, 2, 3, 'why')");
    one.exec("INSERT INTO inbox VALUES ('e', 1)");
    other.exec("INSERT INTO inbox VALUES ('e', 2)");

    expect(stateHash(other)).toBe(stateHash(one));
    other.exec("INSERT INTO inbox VALUES ('f', 2)");
    expect(stateHash(other)).not.toBe(stateHash(one));
  });
});

describe("a database without a past", () => {
  const delivered = (deliveries: number, { said = [] as string[], resumedAfter = 0 } = {}) => ({
    said: async () => said,
    heard: async () => ({ deliveries, resumedAfter }),
  });

  it("is a new service's, and that of no other: what was delivered before would be done again", async () => {
    const db = retold(shop, []);

    await expect(expectMemory("orders", db, delivered(7))).rejects.toThrow("npm run -s rebuild -- orders");
    await expect(expectMemory("orders", db, delivered(0, { said: ["o-1.0"] }))).rejects.toThrow(
      "NATS has o-1.0 of it",
    );
    await expect(expectMemory("orders", db, delivered(0, { resumedAfter: 40 }))).rejects.toThrow(
      "it had come to message 40",
    );
    await expectMemory("orders", db, delivered(0));
  });

  it("is trusted from its first start on, though all that is delivered to it is put aside", async () => {
    const db = retold(shop, []);
    await expectMemory("orders", db, delivered(0));

    await expectMemory("orders", db, delivered(7));
  });

  it("has no command taken until NATS has told that there is none", () => {
    const db = retold(shop, []);
    const link = { state: { ready: false, reason: "NATS is not reachable" } } as Link;
    const refusal = () => notYet({ agreement: { isReached: true } as Agreement, db, link });

    expect(refusal()).toMatchObject({ status: 503, type: "urn:quadrille:problem:past-not-known" });
    trust(db);
    expect(refusal()).toBeUndefined();
  });

  it("is no matter where something is remembered", async () => {
    const db = retold(shop, []);
    db.exec("INSERT INTO inbox VALUES ('e', 1)");

    await expectMemory("orders", db, delivered(7));
  });
});

describe("an older copy of a database", () => {
  const saying = (...said: string[]) => ({
    said: async () => said,
    heard: () => Promise.reject(new Error("nobody has to know")),
  });

  it("is refused when the stream has a fact that it does not know, and no other is", async () => {
    const db = retold(patient, []);
    const engine = new Engine(patient, db);
    engine.transaction(() => engine.handle(captured("a")).outcome === "reacted");
    const [said] = engine.outboxAfter(0).map(({ event_id }) => event_id);

    await expectMemory("patient", db, saying());
    await expectMemory("patient", db, saying(said!));
    await expect(expectMemory("patient", db, saying(said!, "o-2.1"))).rejects.toThrow(
      "its database is an older copy: the stream has o-2.1, which this service has said",
    );
    expect(isTrusted(db)).toBe(false); // No command is taken with it any more.
  });
});

/** A database that is told what a service has heard and said. */
function retold(service: AnyService, story: readonly Event[]): Database {
  const db = openDatabase(":memory:");
  const replay = new Replay(service, db);
  for (const event of story) {
    if (event.source === service.name) replay.said(event, encode(event));
    if (consumes(service).includes(event.type)) replay.handled(event);
  }
  replay.allStored();
  replay.count();
  return db;
}

function running(db: Database) {
  const log = createLog("orders", "silent");
  return new Runtime(shop, { db, port: undefined, publish: never, log });
}

/** A service that completes an order once, and no more. */
const patient = defineService({
  name: "patient",
  reactions: [
    when({
      on: "payment.captured",
      decide: (_: undefined, { key }) => [fact("order.completed", { orderId: key })],
      emits: ["order.completed"],
      atMost: 1,
    }),
  ],
  tables: "",
  store: () => ({ load: () => undefined, record: () => {} }),
});

function captured(id: string): Event {
  const data = { orderId: "o-1", reference: "r", amountCents: 1, currency: "EUR" };
  const about = { source: "payments", key: "o-1", time: NOW, causationId: "test", correlationId: "o-1" };
  return { id, ...about, ...fact("payment.captured", data) } as Event;
}
