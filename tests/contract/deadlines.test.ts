// Deadlines: each strikes in its time, once, whatever happens to the process meanwhile and whoever else is late.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Event, type Fact, fact } from "../../shared/contracts/events.ts";
import { createLog } from "../../shared/observability/log.ts";
import { openDatabase } from "../../shared/service/database.ts";
import {
  command,
  deadline,
  defineService,
  observe,
  perform,
  type Service,
} from "../../shared/service/define.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { controlTime, NOW } from "./flow.ts";
import { Broker, Sent, toEvent } from "./machine.ts";
import { created, type Deferred, deferred, noted, turns } from "./till.ts";

const SECOND = 1_000;

beforeEach(controlTime);

describe("a deadline", () => {
  it("strikes in its time, and not before", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 90 * SECOND);

    await pass(90 * SECOND - 1);
    expect(desk.said).toEqual(["risk.flagged a"]);
    await pass(1);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
    expect(desk.stored).toEqual(desk.said);
  });

  it("strikes once", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);

    await pass(10 * SECOND);
    desk.restart();
    await pass(10 * SECOND);

    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("strikes at once when its time has passed already", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW - SECOND);

    await pass(0);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("is the cause of what is said, at the time when it struck", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    await pass(SECOND);

    expect(desk.facts[1]).toMatchObject({
      causationId: "patience a",
      correlationId: "a",
      time: NOW + SECOND,
      source: "waiting desk",
    });
  });

  it("has the same id whoever strikes it, so that a repeat would be known", async () => {
    const ids = [];
    for (const seconds of [1, 2]) {
      const desk = new WaitingDesk();
      await desk.wait("a", NOW + seconds * SECOND);
      await pass(3 * SECOND);
      ids.push(desk.facts[1]!.id);
    }

    expect(ids[0]).toBe(ids[1]);
  });

  it("does not strike when the wait was over before", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    await desk.take(noted("a"));

    await pass(10 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);
  });

  it("is told to whoever watches, once it is committed", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    const seen: string[][] = [];
    desk.runtime.changes.listen("a", () => seen.push(desk.said));

    await pass(SECOND);
    expect(seen).toEqual([["risk.flagged a", "risk.rejected a"]]);
  });

  it("strikes within a second when the clock is put forward", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 365 * 86_400 * SECOND);
    await pass(10 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);

    vi.setSystemTime(NOW + 365 * 86_400 * SECOND);
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("may be at the end of time, and keeps nobody busy until then", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", 2 ** 52);
    const transaction = vi.spyOn(desk.runtime.engine, "transaction");

    await pass(10 * SECOND);
    expect(transaction.mock.calls.length).toBeLessThanOrEqual(11);
    expect(desk.said).toEqual(["risk.flagged a"]);
  });
});

describe("several deadlines", () => {
  it("strike in their order, whichever was set first", async () => {
    const desk = new WaitingDesk();
    for (const [key, seconds] of Object.entries({ late: 3, soon: 1, later: 2 })) {
      await desk.wait(key, NOW + seconds * SECOND);
    }

    for (const key of ["soon", "later", "late"]) {
      await pass(SECOND);
      expect(desk.said.at(-1)).toBe(`risk.rejected ${key}`);
    }
  });

  it("that are due together share a transaction", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 50; n++) await desk.wait(`order-${n}`, NOW + SECOND);
    const expire = vi.spyOn(desk.runtime.engine, "expire");

    await pass(SECOND);

    expect(desk.said.filter((said) => said.startsWith("risk.rejected"))).toHaveLength(50);
    expect(expire).toHaveBeenCalledTimes(1);
  });

  it("are all struck, however many are due", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 220; n++) await desk.wait(`order-${n}`, NOW + SECOND);

    await pass(SECOND);
    for (let n = 0; n < 4; n++) await pass(0);

    expect(desk.said.filter((said) => said.startsWith("risk.rejected"))).toHaveLength(220);
  });
});

describe("a restart", () => {
  it("forgets no deadline, and puts none off", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 10 * SECOND);
    await pass(6 * SECOND);

    desk.restart();
    await pass(4 * SECOND - 1);
    expect(desk.said).toEqual(["risk.flagged a"]);
    await pass(1);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("strikes at once what was due meanwhile", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + 10 * SECOND);
    await desk.runtime.drain(8_000);
    await pass(60 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);

    desk.restart();
    await pass(0);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });
});

describe("nothing strikes", () => {
  it("before deadlines are watched: what they lead to might be for nobody to read", async () => {
    const desk = new WaitingDesk({ watch: false });
    await desk.wait("a", NOW + SECOND);
    await pass(60 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);

    desk.runtime.watchDeadlines();
    desk.runtime.watchDeadlines();
    await pass(0);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });

  it("once the service stops, nor when it is told to watch then", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);

    await desk.runtime.drain(8_000);
    desk.runtime.watchDeadlines();
    await pass(60 * SECOND);

    expect(desk.said).toEqual(["risk.flagged a"]);
  });
});

describe("a deadline that can't be carried out", () => {
  it("keeps no other one waiting, nor anything else", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND);
    await desk.wait("a", NOW + SECOND);
    await desk.wait("b", NOW + 2 * SECOND);

    await pass(SECOND);
    expect(desk.said.slice(3)).toEqual(["risk.rejected a"]);
    await pass(SECOND);
    expect(desk.said.slice(4)).toEqual(["risk.rejected b"]);
    await desk.wait("c", NOW + 60 * SECOND);
    expect(desk.said.slice(5)).toEqual(["risk.flagged c"]);
  });

  it("keeps no other one waiting, however many there are of it", async () => {
    const desk = new WaitingDesk();
    for (let n = 0; n < 120; n++) await desk.wait(`faulty-${n}`, NOW + SECOND);
    await desk.wait("a", NOW + 2 * SECOND);

    await pass(10 * SECOND);
    expect(desk.said.slice(121)).toEqual(["risk.rejected a"]);
  });

  it("is tried again a while later, not at once", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND);
    await pass(SECOND);
    for (let times = 0; times < 20; times++) await pass(0);
    expect(desk.attempts).toBe(1);

    await pass(10 * SECOND);
    expect(desk.attempts).toBeGreaterThanOrEqual(5);
    expect(desk.attempts).toBeLessThanOrEqual(12);
  });

  it("is carried out when that is mended, and nothing was left of the attempts", async () => {
    const desk = new WaitingDesk();
    await desk.wait("faulty", NOW + SECOND);
    await pass(3 * SECOND);
    expect(desk.said).toEqual(["risk.flagged faulty"]);

    desk.isMended = true;
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged faulty", "risk.rejected faulty"]);
  });

  it("is one that says what its table does not declare", async () => {
    const desk = new WaitingDesk();
    await desk.wait("talkative", NOW + SECOND);
    await desk.wait("a", NOW + SECOND);

    await pass(3 * SECOND);
    expect(desk.said.slice(2)).toEqual(["risk.rejected a"]);
  });

  it("waits for a database that can't store, and is carried out then", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    const handle = vi.spyOn(desk.runtime.engine, "expire").mockImplementation(() => {
      throw Object.assign(new Error("database or disk is full"), { code: "SQLITE_FULL" });
    });
    await pass(SECOND);
    for (let times = 0; times < 20; times++) await pass(0);
    expect(handle).toHaveBeenCalledOnce();
    await pass(5 * SECOND);
    expect(desk.said).toEqual(["risk.flagged a"]);
    expect(handle.mock.calls.length).toBeGreaterThanOrEqual(5);

    handle.mockRestore();
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged a", "risk.rejected a"]);
  });
});

describe("a call that is under way for the same order", () => {
  it("ends first; other orders' deadlines do not wait for it", async () => {
    const desk = new WaitingDesk();
    for (const key of ["a", "b"]) await desk.wait(key, NOW + SECOND);
    await desk.take(created("a"));
    expect(desk.calls.size).toBe(1);
    const expire = vi.spyOn(desk.runtime.engine, "expire");

    await pass(SECOND);
    for (let times = 0; times < 20; times++) await pass(0);
    await pass(2 * SECOND);
    expect(desk.said.slice(2)).toEqual(["risk.rejected b"]);
    expect(expire.mock.calls.length).toBeLessThanOrEqual(5);

    desk.calls.get("a")!.resolve("fine");
    await turns();
    await pass(SECOND);
    expect(desk.said.slice(3)).toEqual(["shipment.waived a", "risk.rejected a"]);
  });

  it("may end the wait itself", async () => {
    const desk = new WaitingDesk();
    await desk.wait("a", NOW + SECOND);
    await desk.take(created("a"), noted("a"));
    await pass(3 * SECOND);

    desk.calls.get("a")!.resolve("fine");
    await turns();
    await pass(SECOND);
    expect(desk.said).toEqual(["risk.flagged a", "shipment.waived a"]);
  });
});

/** Lets time pass, a second at a time, with turns of the event loop in between. */
async function pass(milliseconds: number): Promise<void> {
  for (let left = milliseconds; ; left -= SECOND) {
    vi.advanceTimersByTime(Math.min(Math.max(left, 0), SECOND));
    await turns();
    if (left <= SECOND) return;
  }
}

interface Bank {
  ask(key: string): Promise<string>;
}

type Waits = { load(): undefined; record(event: Event): void; open(limit: number): WaitRow[] };
type WaitRow = { key: string; at: number };

/** A service that knows patience: orders wait there until a time, and are rejected then unless they are cleared. */
class WaitingDesk {
  readonly broker = new Broker();
  readonly calls = new Map<string, Deferred<string>>();
  /** How often the deadline of a faulty order was tried. */
  attempts = 0;
  isMended = false;
  readonly #db = openDatabase(":memory:");
  readonly #service: Service<undefined, Bank, Waits>;
  readonly #watch: boolean;
  runtime: Runtime<Waits, Bank>;

  constructor({ watch = true } = {}) {
    this.#watch = watch;
    this.#service = this.#define();
    this.runtime = this.#start();
  }

  get facts(): Event[] {
    return this.runtime.engine.outboxAfter(0).map((row) => toEvent(row, "waiting desk"));
  }

  get said(): string[] {
    return this.facts.map(({ type, key }) => `${type} ${key}`);
  }

  get stored(): string[] {
    return this.broker.stored.map(({ type, key }) => `${type} ${key}`);
  }

  /** Lets an order wait. */
  async wait(key: string, at: number): Promise<void> {
    const submitted = this.runtime.submit(letWait, { input: { key, at }, key });
    await turns();
    await submitted;
  }

  async take(...events: Event[]): Promise<void> {
    for (const event of events) this.runtime.consumer.take(new Sent(event));
    await turns();
  }

  /** Ends the process, as far as it can: its timers are gone. Then starts it again. */
  restart(): void {
    const now = Date.now();
    vi.clearAllTimers();
    vi.setSystemTime(now);
    this.runtime = this.#start();
    this.runtime.outbox.retryNow();
  }

  #start() {
    const runtime = new Runtime(this.#service, {
      db: this.#db,
      port: {
        ask: (key: string) => {
          const call = deferred<string>();
          this.calls.set(key, call);
          return call.promise;
        },
      },
      publish: (rows) => this.broker.publish(rows),
      log: createLog("waiting desk", "silent"),
    });
    if (this.#watch) runtime.watchDeadlines();
    return runtime;
  }

  #define() {
    return defineService({
      name: "waiting desk",
      commands: [letWait],
      reactions: [
        perform({
          on: "order.cancelled",
          request: (_: undefined, { key }) => key,
          call: (bank: Bank, key) => bank.ask(key),
          decide: (_, { key }) => [fact("shipment.waived", { orderId: key })],
          emits: ["shipment.waived"],
        }),
        observe("risk.cleared"),
      ],
      deadlines: [
        deadline({
          name: "patience",
          open: (store: Waits, limit) => store.open(limit),
          load: () => undefined,
          decide: (_: undefined, orderId) => {
            const rejected = fact("risk.rejected", {
              orderId,
              score: 1,
              reasons: [],
              decidedBy: "DEADLINE",
            });
            // The compiler would refuse it if it could see it.
            if (orderId === "talkative") return [rejected, fact("order.completed", { orderId }) as never];
            if (!orderId.startsWith("faulty")) return [rejected];
            this.attempts++;
            if (!this.isMended) throw new Error("a bug");
            return [rejected];
          },
          emits: ["risk.rejected"],
        }),
      ],
      tables: "CREATE TABLE IF NOT EXISTS waits (key TEXT PRIMARY KEY, at INTEGER)",
      store: (db) => {
        const put = db.prepare("INSERT INTO waits VALUES (?, ?)");
        const end = db.prepare("DELETE FROM waits WHERE key = ?");
        const open = db.prepare("SELECT key, at FROM waits ORDER BY at, key LIMIT ?");
        return {
          load: () => undefined,
          record({ type, key, data }: Event) {
            if (type === "risk.flagged") put.run(key, data.decideBy);
            if (type === "risk.rejected" || type === "risk.cleared") end.run(key);
          },
          open: (limit: number) => open.all(limit) as WaitRow[],
        };
      },
    });
  }
}

const letWait = command({
  name: "wait",
  load: () => undefined,
  decide: (_: undefined, { key, at }: WaitRow): Fact<"risk.flagged">[] => [
    fact("risk.flagged", { orderId: key, score: 1, reasons: [], decideBy: at }),
  ],
  emits: ["risk.flagged"],
});
