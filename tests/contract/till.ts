// A service made up for the tests of the kit: it asks its bank about cancelled orders, and completes paid ones at once.

import type { Database } from "better-sqlite3";
import { type Event, fact } from "../../shared/contracts/events.ts";
import { createLog } from "../../shared/observability/log.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { command, defineService, observe, perform, when } from "../../shared/service/define.ts";
import type { Wish } from "../../shared/service/delivery.ts";
import type { OutboxRow } from "../../shared/service/engine.ts";
import type { Observer } from "../../shared/service/observer.ts";
import type { Retention } from "../../shared/service/pruner.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { Broker, Sent, toEvent } from "./machine.ts";
import { type Content, Shelf } from "./shelf.ts";

/** Calls that a till makes: the test answers them. */
interface Bank {
  ask(order: string, signal: AbortSignal): Promise<string>;
}

/** The orders that decisions throw at. */
const faulty = new Set(["faulty"]);

/** Lets decisions on an order throw, or not any more. */
export function plantBug(order: string, isThere = true): void {
  if (isThere) faulty.add(order);
  else faulty.delete(order);
}

const decideOn = (order: string) => (faulty.has(order) ? fail("a bug") : undefined);

const UNDECLARED = { orderId: "faulty", score: 1, reasons: [], decideBy: 0 };

export const takeGoods = command({
  name: "take",
  load: () => undefined,
  decide: (_: undefined, order: string) => {
    decideOn(order);
    if (order === "refused") return { refused: "not today" };
    return [fact("shipment.waived", { orderId: order })];
  },
  answer: (_, order) => `placed ${order}`,
  emits: ["shipment.waived"],
});

export const fetchGoods = { ...takeGoods, name: "fetch" };

const till = defineService({
  name: "till",
  commands: [takeGoods, fetchGoods],
  reactions: [
    perform({
      on: "order.cancelled",
      request: (_: undefined, { key }) => key,
      call: (bank: Bank, order, signal) => bank.ask(order, signal),
      decide: (_, { key }) => {
        decideOn(key);
        return [fact("shipment.waived", { orderId: key })];
      },
      retry: { inPlace: 0 },
      emits: ["shipment.waived"],
    }),
    when({
      on: "payment.captured",
      decide: (_: undefined, { key }) => {
        decideOn(key);
        return [fact("order.completed", { orderId: key })];
      },
      emits: ["order.completed"],
    }),
    when({
      on: "payment.declined",
      decide: (_: undefined, { key: orderId }) => [
        fact("stock.released", { orderId, lines: [] }),
        // The compiler would refuse it if it could see it.
        orderId === "faulty"
          ? (fact("risk.flagged", UNDECLARED) as never)
          : fact("order.completed", { orderId }),
      ],
      emits: ["stock.released", "order.completed"],
    }),
    observe("risk.cleared"),
  ],
  tables: "CREATE TABLE IF NOT EXISTS notes (id TEXT PRIMARY KEY, note TEXT NOT NULL)",
  store(db) {
    const note = db.prepare("INSERT INTO notes VALUES (?, ?)");
    const noteRaw = db.prepare("INSERT INTO notes VALUES (?, json(?))");
    return {
      load: () => undefined,
      record({ id, key, data }: Event) {
        if (key === "unstorable") noteRaw.run(id, "{oops");
        else note.run(id, JSON.stringify(data));
      },
    };
  },
});

/** A till that runs, with the bank, the broker and the deliveries in the test's hands. */
export class Till implements Bank {
  readonly broker = new Broker();
  readonly shelf = new Shelf();
  /** The orders that the bank was asked about, in order. */
  readonly calls: string[] = [];
  readonly signals: AbortSignal[] = [];
  /** What the log says that is worth a warning. */
  readonly logged: unknown[] = [];
  readonly #db: Database;
  readonly #retention: Retention | undefined;
  readonly #observer: Observer | undefined;
  readonly #pending = new Map<string, Deferred<string>[]>();
  readonly #sent: Sent[] = [];
  runtime: ReturnType<Till["start"]>;

  constructor(options: { retention?: Retention; db?: Database; observer?: Observer } = {}) {
    this.#db = options.db ?? openDatabase(":memory:");
    this.#retention = options.retention;
    this.#observer = options.observer;
    this.runtime = this.start();
  }

  ask(order: string, signal: AbortSignal): Promise<string> {
    this.calls.push(order);
    this.signals.push(signal);
    const call = deferred<string>();
    this.#pending.set(order, [...(this.#pending.get(order) ?? []), call]);
    return call.promise;
  }

  answer(order: string): void {
    this.#pending.get(order)!.shift()!.resolve("fine");
  }

  fail(order: string): void {
    this.#pending.get(order)!.shift()!.reject(new Error("the bank is away"));
  }

  give(content: Content, attempt = 1, wish?: Wish): Sent {
    const sent = new Sent(content, attempt);
    sent.wish = wish;
    this.#sent.push(sent);
    this.runtime.consumer.take(sent);
    return sent;
  }

  async take(...contents: Content[]): Promise<Sent[]> {
    const sent = contents.map((content) => this.give(content));
    await turns();
    return sent;
  }

  /** Tells the till what an operator wants done with what it has put aside. */
  async tell(what: Wish["do"], content: Content): Promise<void> {
    this.give(content, 1, { do: what, eventId: "id" in content ? content.id : undefined });
    await turns();
  }

  place(order: string, idempotency?: { key: string; request: string }, how = takeGoods) {
    return this.runtime.submit(how, { input: order, key: order, idempotency });
  }

  /** Every fact said so far, published or not. */
  get said(): string[] {
    return this.runtime.engine.outboxAfter(0).map(inWords);
  }

  get stored(): string[] {
    return this.broker.stored.map(inWords);
  }

  get ends(): unknown[] {
    return this.#sent.map(({ end }) => end);
  }

  /** How many rows a table has. */
  rows(table: string): number {
    return this.#db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
  }

  /** Leaves only PARKED the bytes of what is put aside, and no note of what it knows: an older build kept neither. */
  forgetBytes(): void {
    this.#db.exec("UPDATE parked SET message = NULL, told_in = NULL, told_as = NULL");
  }

  /** Leaves the database room for so many pages of 4 kB. */
  limitPages(pages: number): void {
    this.#db.pragma(`max_page_count = ${pages}`);
  }

  /** Begins a new process on the same database. */
  restart(): void {
    this.runtime = this.start();
    this.runtime.outbox.retryNow();
    this.runtime.redriver!.doubt();
  }

  /** Has the till look, now that the broker is there again. */
  async again(): Promise<void> {
    this.runtime.redriver!.doubt();
    await turns();
    await turns();
  }

  start() {
    return new Runtime(till, {
      db: this.#db,
      port: this,
      publish: (rows) => this.broker.publish(rows),
      parking: this.shelf,
      retention: this.#retention,
      observer: this.#observer,
      log: createLog("till", "warn", { write: (line) => void this.logged.push(JSON.parse(line)) }),
    });
  }
}

function inWords(row: OutboxRow): string {
  const { type, key } = toEvent(row, "till");
  return `${type} ${key}`;
}

/** An event that makes a till ask its bank. */
export function created(orderId: string, copy = ""): Event {
  return about(orderId, { type: "order.cancelled", data: { orderId, reason: "test", detail: null } }, copy);
}

/** An event that a till answers at once. */
export function paid(orderId: string): Event {
  return about(orderId, {
    type: "payment.captured",
    data: { orderId, reference: "r", amountCents: 1, currency: "EUR" },
  });
}

/** An event on which a till says two facts. */
export function declined(orderId: string): Event {
  return about(orderId, { type: "payment.declined", data: { orderId, reason: "test" } });
}

/** An event that a till only notes. */
export function noted(orderId: string): Event {
  return about(orderId, {
    type: "risk.cleared",
    data: { orderId, score: 1, reasons: [], decidedBy: "RULES" },
  });
}

function about(orderId: string, said: object, copy = ""): Event {
  const { type } = said as { type: string };
  const identity = { id: `${orderId}.${type}${copy}`, key: orderId, correlationId: orderId };
  return { ...identity, source: "test", time: 0, causationId: "test", ...said } as Event;
}

/** A promise that the test settles. */
export interface Deferred<T> {
  readonly promise: Promise<T>;
  resolve(value: T): void;
  reject(error: Error): void;
}

export function deferred<T>(): Deferred<T> {
  let settle: Omit<Deferred<T>, "promise">;
  const promise = new Promise<T>((resolve, reject) => {
    settle = { resolve, reject };
  });
  return { promise, ...settle! };
}

export function fail(message: string): never {
  throw new Error(message);
}

/** Lets the event loop turn until all that needs no timer is done. */
export async function turns(): Promise<void> {
  for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** A till that has put aside that `a` is paid, and what came of `a` afterwards. */
export async function blocked() {
  const till = new Till();
  const messages = [paid("a"), noted("a"), created("a")] as const;
  await till.take(...messages);
  return { till, messages };
}
