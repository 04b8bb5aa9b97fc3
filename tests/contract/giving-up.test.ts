// Giving up: a call that is never answered has its time, at least one try, and then the decision is made without it.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Event, fact } from "../../shared/contracts/events.ts";
import { createLog } from "../../shared/observability/log.ts";
import { PermanentFault } from "../../shared/service/calls.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { defineService, perform, when } from "../../shared/service/define.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { heard } from "../pure/given.ts";
import { controlTime, NOW } from "./flow.ts";
import { Broker, Sent, toEvent } from "./machine.ts";
import { type Deferred, deferred, turns } from "./till.ts";

const SECOND = 1_000;
const PATIENCE_MS = 10 * SECOND;
const CALL_TIMEOUT_MS = 15 * SECOND;

beforeEach(controlTime);

describe("a call that fails", () => {
  it("is made again while there is time", async () => {
    const bank = new Bank();
    for (const [attempt, elapsed] of [0, 4, 9].entries()) {
      vi.setSystemTime(NOW + elapsed * SECOND);
      const sent = await bank.take(due("a"), attempt + 1);
      await bank.fail("a");
      expect(sent.end).toBe("retried");
    }

    expect(bank.calls).toEqual(["a", "a", "a"]);
    expect(bank.said).toEqual([]);
  });

  it("is given up when its time is over, with what is said instead of an answer", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS - 1);
    await bank.take(due("a"));
    await bank.fail("a");
    expect(bank.said).toEqual([]);

    vi.setSystemTime(NOW + PATIENCE_MS);
    const sent = await bank.take(due("a"), 2);
    await bank.fail("a");

    expect(sent.end).toBe("acked");
    expect(bank.said).toEqual(["shipment.failed a"]);
    expect(bank.stored).toEqual(bank.said);
    expect(bank.facts[0]).toMatchObject({ causationId: due("a").id, data: { decidedBy: "DEADLINE" } });
  });

  it("is made at least once, however late the event comes", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + 3_600 * SECOND);

    const sent = await bank.take(due("a"));
    expect(bank.calls).toEqual(["a"]);
    expect({ end: sent.end, said: bank.said }).toEqual({ end: undefined, said: [] });

    await bank.fail("a");
    expect({ end: sent.end, said: bank.said }).toEqual({ end: "acked", said: ["shipment.failed a"] });
    expect(bank.calls).toEqual(["a"]);
  });

  it("may be answered in the last moment, and after it: an answer is an answer", async () => {
    const bank = new Bank();
    const sent = await bank.take(due("a"));
    vi.setSystemTime(NOW + 2 * PATIENCE_MS);
    await bank.answer("a");

    expect(sent.end).toBe("acked");
    expect(bank.said).toEqual(["shipment.waived a"]);
  });

  it("is given up as well when it ends in no answer at all", async () => {
    const bank = new Bank();
    const sent = await bank.take(due("a"));
    await vi.advanceTimersByTimeAsync(CALL_TIMEOUT_MS);
    await turns();

    expect(sent.end).toBe("acked");
    expect(bank.said).toEqual(["shipment.failed a"]);
  });

  it("is not given up a second time when the event comes again", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS);
    await bank.take(due("a"));
    await bank.fail("a");
    const again = await bank.take(due("a"), 2);

    expect(again.end).toBe("acked");
    expect(bank.calls).toEqual(["a"]);
    expect(bank.said).toEqual(["shipment.failed a"]);
  });

  it("comes again in time for the last try, however long it has been waiting between tries", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS - 3 * SECOND);
    let sent: Sent | undefined;
    for (let attempt = 1; attempt <= 20; attempt++) {
      sent = await bank.take(due("a"), attempt);
      await bank.fail("a");
    }
    expect(sent!.retryInMs).toBe(3 * SECOND);

    vi.setSystemTime(NOW + PATIENCE_MS - 1);
    const last = await bank.take(due("a"), 21);
    await bank.fail("a");
    expect(last.retryInMs).toBeGreaterThanOrEqual(1);
    expect(last.retryInMs).toBeLessThanOrEqual(100);
  });

  it("lets the order's other events go on once it is given up", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS);
    await bank.take(due("a"));
    const waiting = await bank.take(paid("a"));
    expect(waiting.end).toBeUndefined();
    await bank.fail("a");

    expect(waiting.end).toBe("acked");
    expect(bank.said).toEqual(["shipment.failed a", "order.completed a"]);
  });

  it("may be given up in silence", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS);
    const sent = await bank.take(due("silent"));
    await bank.fail("silent");

    expect({ end: sent.end, said: bank.said }).toEqual({ end: "acked", said: [] });
  });
});

describe("a call that can't be given up", () => {
  it("is made until it is answered when there is nothing to be said instead", async () => {
    const bank = new Bank();
    for (const [attempt, elapsed] of [10, 100, 1_000].entries()) {
      vi.setSystemTime(NOW + elapsed * SECOND);
      const sent = await bank.take(due("patient"), attempt + 1);
      await bank.fail("patient");
      expect(sent.end).toBe("retried");
      expect(sent.retryInMs).toBeGreaterThanOrEqual(100);
      expect(sent.retryInMs).toBeLessThanOrEqual(30 * SECOND);
    }
    const sent = await bank.take(due("patient"), 4);
    await bank.answer("patient");

    expect(sent.end).toBe("acked");
    expect(bank.calls).toHaveLength(4);
    expect(bank.said).toEqual(["shipment.waived patient"]);
  });

  it("keeps the order's other events waiting no longer than the try", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS);
    await bank.take(due("patient"));
    const waiting = await bank.take(paid("patient"));
    await bank.fail("patient");

    expect(waiting.end).toBe("acked");
    expect(bank.said).toEqual(["order.completed patient"]);
  });

  it("is one of a reaction that has no time for it", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + 86_400 * SECOND);
    const sent = await bank.take(cancelled("a"));
    await bank.fail("a");

    expect({ end: sent.end, said: bank.said }).toEqual({ end: "retried", said: [] });
  });
});

describe("nothing is given up", () => {
  it("because the service is stopping: the call was not made", async () => {
    const bank = new Bank({ callsAtOnce: 1 });
    vi.setSystemTime(NOW + PATIENCE_MS);
    const calling = await bank.take(due("a"));
    const waiting = await bank.take(due("b"));
    expect(bank.calls).toEqual(["a"]);

    const drained = bank.runtime.drain(8_000);
    await vi.advanceTimersByTimeAsync(5_000);
    await turns();
    expect(waiting.end).toBe("retried");
    await bank.answer("a");
    await drained;

    expect(calling.end).toBe("acked");
    expect(bank.said).toEqual(["shipment.waived a"]);
  });

  it("when the call would fail the same way every time: its event is parked", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS);
    const sent = await bank.take(due("a"));
    await bank.fail("a", new PermanentFault("the account is closed"));

    expect(sent).toMatchObject({ end: "parked", cause: "the account is closed" });
    expect(bank.said).toEqual([]);
  });

  it("with a fact that the table does not declare: the event is parked, and nothing of it stays", async () => {
    const bank = new Bank();
    vi.setSystemTime(NOW + PATIENCE_MS);
    const sent = await bank.take(due("talkative"));
    await bank.fail("talkative");

    expect(sent).toMatchObject({
      end: "parked",
      cause: "asker may not say order.completed here: its table does not declare it",
    });
    expect(bank.said).toEqual([]);
  });
});

function due(orderId: string): Event {
  const authorized = { orderId, reference: "r", amountCents: 1, currency: "EUR" };
  return heard("payment.authorized", authorized, { time: NOW });
}

function paid(orderId: string): Event {
  return heard("payment.captured", { orderId, reference: "r", amountCents: 1, currency: "EUR" });
}

function cancelled(orderId: string): Event {
  return heard("order.cancelled", { orderId, reason: "test", detail: null }, { time: NOW });
}

const asker = defineService({
  name: "asker",
  reactions: [
    perform({
      on: "payment.authorized",
      request: (_: undefined, { key }) => key,
      call: (bank: Bank, key) => bank.ask(key),
      retry: { inPlace: 0 },
      decide: (_, { key }) => [fact("shipment.waived", { orderId: key })],
      giveUp: {
        afterMs: PATIENCE_MS,
        decide: (_, { key: orderId }) => {
          if (orderId === "patient") return undefined;
          if (orderId === "silent") return [];
          // The compiler would refuse it if it could see it.
          if (orderId === "talkative") return [fact("order.completed", { orderId }) as never];
          return [fact("shipment.failed", { orderId, reason: "no answer", decidedBy: "DEADLINE" })];
        },
      },
      emits: ["shipment.waived", "shipment.failed"],
    }),
    perform({
      on: "order.cancelled",
      request: (_: undefined, { key }) => key,
      call: (bank: Bank, key) => bank.ask(key),
      retry: { inPlace: 0 },
    }),
    when({
      on: "payment.captured",
      decide: (_: undefined, { key: orderId }) => [fact("order.completed", { orderId })],
      emits: ["order.completed"],
    }),
  ],
  tables: "",
  store: () => ({ load: () => undefined, record: () => {} }),
});

/** A bank that answers when the test says so, and the service that asks it. */
class Bank {
  readonly broker = new Broker();
  readonly calls: string[] = [];
  readonly #open = new Map<string, Deferred<string>>();
  readonly runtime;

  constructor({ callsAtOnce }: { callsAtOnce?: number } = {}) {
    this.runtime = new Runtime(asker, {
      db: openDatabase(":memory:"),
      port: this,
      publish: (rows) => this.broker.publish(rows),
      log: createLog("asker", "silent"),
      callsAtOnce,
    });
  }

  get facts(): Event[] {
    return this.runtime.engine.outboxAfter(0).map((row) => toEvent(row, "asker"));
  }

  get said(): string[] {
    return this.facts.map(({ type, key }) => `${type} ${key}`);
  }

  get stored(): string[] {
    return this.broker.stored.map(({ type, key }) => `${type} ${key}`);
  }

  ask(key: string): Promise<string> {
    this.calls.push(key);
    const call = deferred<string>();
    this.#open.set(key, call);
    return call.promise;
  }

  async answer(key: string): Promise<void> {
    this.#open.get(key)!.resolve("fine");
    await turns();
  }

  async fail(key: string, error = new Error("the bank is away")): Promise<void> {
    this.#open.get(key)!.reject(error);
    await turns();
  }

  async take(event: Event, attempt = 1): Promise<Sent> {
    const sent = new Sent(event, attempt);
    this.runtime.consumer.take(sent);
    await turns();
    return sent;
  }
}
