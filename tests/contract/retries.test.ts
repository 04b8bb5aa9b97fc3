// Calls that fail for now: repeated in place, then later, counted in the database, and paused while nobody outside answers.

import BetterSqlite from "better-sqlite3";
import { beforeEach, describe, expect, it, vi } from "vitest";
import type { Event } from "../../shared/contracts/events.ts";
import { createLog } from "../../shared/observability/log.ts";
import { Breaker } from "../../shared/service/breaker.ts";
import { retryDelay } from "../../shared/service/calls.ts";
import { realClock } from "../../shared/service/clock.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { defineService, perform, RETRY, type Retry } from "../../shared/service/define.ts";
import { fingerprintOf } from "../../shared/service/parked.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { controlTime } from "./flow.ts";
import { Broker, Sent } from "./machine.ts";
import { created, turns } from "./till.ts";

const HOUR_MS = 3_600_000;

beforeEach(controlTime);

/** A service that rings a bell, which works or does not, for each cancelled order. */
class Ringer {
  rings: string[] = [];
  works = false;
  isFull = false;
  readonly broker = new Broker();
  readonly #db = openDatabase(":memory:");
  readonly #retry: Partial<Retry>;
  #runtime: ReturnType<Ringer["start"]>;

  constructor(retry: Partial<Retry> = {}) {
    this.#retry = retry;
    this.#runtime = this.start();
  }

  /** Begins a new process on the same database. */
  restart(): void {
    this.#runtime = this.start();
  }

  async give(event: Event, attempt = 1): Promise<Sent> {
    const sent = new Sent(event, attempt);
    this.#runtime.consumer.take(sent);
    await turns();
    return sent;
  }

  start() {
    const service = defineService({
      name: "ringer",
      reactions: [
        perform({
          on: "order.cancelled",
          request: (_: undefined, { key }) => key,
          call: (ringer: Ringer, key) => ringer.#ring(key),
          retry: this.#retry,
        }),
      ],
      tables: "",
      store: () => ({ load: () => undefined, record: () => this.#write() }),
    });
    return new Runtime(service, {
      db: this.#db,
      port: this,
      publish: (rows) => this.broker.publish(rows),
      log: createLog("ringer", "silent"),
    });
  }

  #write(): void {
    if (this.isFull && this.rings.length > 0)
      throw new BetterSqlite.SqliteError("database or disk is full", "SQLITE_FULL");
  }

  async #ring(key: string): Promise<void> {
    this.rings.push(key);
    if (!this.works) throw new Error(`no bell for ${key}`);
  }
}

describe("a call that fails for now", () => {
  it("is repeated in place as often as its table says, and then handed back", async () => {
    const ringer = new Ringer({ inPlace: 2 });
    const sent = await ringer.give(created("a"));
    expect({ rings: ringer.rings.length, end: sent.end }).toEqual({ rings: 1, end: undefined });

    await vi.advanceTimersByTimeAsync(60_000);
    await turns(); // The commit comes in a turn of its own.
    expect({ rings: ringer.rings.length, end: sent.end }).toEqual({ rings: 3, end: "retried" });
  });

  it("is answered in place when it works the second time: nobody is handed anything back", async () => {
    const ringer = new Ringer({ inPlace: 1 });
    const sent = await ringer.give(created("a"));
    ringer.works = true;
    await vi.advanceTimersByTimeAsync(1_000);

    expect({ rings: ringer.rings.length, end: sent.end }).toEqual({ rings: 2, end: "acked" });
  });

  it("is counted in the database: after so many tries, in however many processes, its event is parked", async () => {
    const ringer = new Ringer({ inPlace: 0, tries: 3 });
    const began = Date.now();
    const ends: unknown[] = [];
    let last: Sent | undefined;
    for (let n = 0; n < 3; n++) {
      last = await ringer.give(created("a"));
      ends.push(last.end);
      ringer.restart();
      await vi.advanceTimersByTimeAsync(1_000);
    }

    expect(ends).toEqual(["retried", "retried", "parked"]);
    expect(last!.parked).toMatchObject({
      cause: "no bell for a",
      attempts: 3,
      firstAt: began,
      lastAt: began + 2_000,
    });
  });
});

describe("while nobody outside answers", () => {
  const failing = async (ringer: Ringer, orders: number) => {
    const ends: unknown[] = [];
    for (let n = 0; n < orders; n++) ends.push((await ringer.give(created(`order-${n}`))).end);
    return ends;
  };

  it("calls are paused for all orders, and none is parked for that, however long it takes", async () => {
    const ringer = new Ringer({ inPlace: 0, tries: 5 });
    expect(await failing(ringer, 1_000)).toEqual(Array(1_000).fill("retried"));
    expect(ringer.rings).toHaveLength(8);

    for (let minute = 0; minute < 60; minute++) {
      await vi.advanceTimersByTimeAsync(60_000);
      expect((await failing(ringer, 1_000)).includes("parked")).toBe(false);
    }
    // One a minute found out that it was not over.
    expect(ringer.rings.length).toBeLessThanOrEqual(8 + 60);
  });

  it("one call at a time finds out whether it is over, and then all go on", async () => {
    const ringer = new Ringer({ inPlace: 0 });
    await failing(ringer, 8);
    ringer.works = true;
    expect((await ringer.give(created("paused"))).end).toBe("retried");

    await vi.advanceTimersByTimeAsync(1_000);
    expect((await ringer.give(created("probe"))).end).toBe("acked");
    expect((await ringer.give(created("paused"))).end).toBe("acked");
  });

  it("one order that fails again and again is no outage", async () => {
    const ringer = new Ringer({ inPlace: 0, tries: 1_000 });
    for (let n = 0; n < 20; n++) await ringer.give(created("a"), n + 1);

    expect(ringer.rings).toHaveLength(20);
  });
});

it("a call that fails at once is repeated for about half an hour, unless its reaction says something else", () => {
  const clock = { ...realClock, random: () => 0.5 };
  const waits = Array.from({ length: RETRY.tries / (RETRY.inPlace + 1) }, (_, n) =>
    retryDelay(n + 1, RETRY, clock),
  );
  const minutes = waits.reduce((sum, wait) => sum + wait, 0) / 60_000;
  expect(minutes).toBeGreaterThan(25);
  expect(minutes).toBeLessThan(35);
});

describe("a breaker", () => {
  it("pauses for longer each time, up to half a minute, and lets nobody but the probe through", () => {
    const breaker = new Breaker(1);
    const pauses: unknown[] = [];
    pauses.push(breaker.failed("a", false));
    for (let n = 0; n < 6; n++) {
      vi.setSystemTime(Date.now() + 30_000);
      expect(breaker.admit()).toBe(0);
      expect(breaker.admit()).toBeGreaterThan(0);
      pauses.push(breaker.failed("a", true));
    }

    expect(pauses).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
  });

  it("does not wait for ever when the clock is set back", () => {
    const breaker = new Breaker(1);
    breaker.failed("a", false);
    vi.setSystemTime(Date.now() - HOUR_MS);

    expect(breaker.admit()).toBeLessThanOrEqual(1_000);
    vi.setSystemTime(Date.now() + 1_000);
    expect(breaker.admit()).toBe(0);
  });
});

describe("the fingerprint of a cause", () => {
  const at = (message: string) => fingerprintOf("order.created", new Error(message));

  it("is the same for what differs only in ids, numbers and quoted words", () => {
    expect(at('no stock of "TEA" for order 019a-7f3, 12 pieces')).toBe(
      at('no stock of "MUG" for order 019b-001, 7 pieces'),
    );
  });

  it("differs for other words, and for other events", () => {
    expect(new Set([at("no stock"), at("no money"), fingerprintOf("x", new Error("no stock"))]).size).toBe(3);
  });
});

describe("a call that is answered while the disk is full", () => {
  it("is not made again: the answer is kept until there is room", async () => {
    const ringer = new Ringer();
    ringer.works = true;
    ringer.isFull = true;
    const sent = await ringer.give(created("a"));
    await vi.advanceTimersByTimeAsync(10_000);
    expect({ rings: ringer.rings.length, end: sent.end }).toEqual({ rings: 1, end: undefined });

    ringer.isFull = false;
    await vi.advanceTimersByTimeAsync(1_000);
    expect({ rings: ringer.rings.length, end: sent.end }).toEqual({ rings: 1, end: "acked" });
  });
});
