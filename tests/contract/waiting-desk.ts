// A service that knows patience: what a test of deadlines works with.

import { vi } from "vitest";
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
import type { Observer } from "../../shared/service/observer.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { Broker, Sent, toEvent } from "./machine.ts";
import { type Deferred, deferred, turns } from "./till.ts";

interface Bank {
  ask(key: string): Promise<string>;
}

type Waits = { load(): undefined; record(event: Event): void; open(limit: number): WaitRow[] };
type WaitRow = { key: string; at: number };

/** A service where orders wait until a time, and are rejected then unless they are cleared. */
export class WaitingDesk {
  readonly broker = new Broker();
  readonly calls = new Map<string, Deferred<string>>();
  /** How often the deadline of a faulty order was tried. */
  attempts = 0;
  isMended = false;
  /** The lines of its log, from warnings on. */
  readonly lines: Record<string, unknown>[] = [];
  readonly #db = openDatabase(":memory:");
  readonly #service: Service<undefined, Bank, Waits>;
  readonly #watch: boolean;
  readonly #observer: Observer | undefined;
  runtime: Runtime<Waits, Bank>;

  constructor({ watch = true, observer }: { watch?: boolean; observer?: Observer } = {}) {
    this.#watch = watch;
    this.#observer = observer;
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
  async wait(key: string, at: number, traceparent?: string): Promise<void> {
    await Promise.all([this.runtime.submit(letWait, { input: { key, at }, key, traceparent }), turns()]);
  }

  async take(...events: Event[]): Promise<void> {
    for (const event of events) this.runtime.consumer.take(new Sent(event));
    await turns();
  }

  /** Leaves the database no room. */
  fill(): void {
    this.#db.pragma(`max_page_count = ${this.#db.pragma("page_count", { simple: true })}`);
  }

  makeRoom(): void {
    this.#db.pragma("max_page_count = 1000000");
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
      log: createLog("waiting desk", "warn", { write: (line) => this.lines.push(JSON.parse(line)) }),
      observer: this.#observer,
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
            if (orderId === "silent") return [];
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
