// One service on a bench: its real runtime and database, with a broker that a test can make fail, and a plug to pull.

import { copyFileSync, existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Database } from "better-sqlite3";
import { vi } from "vitest";
import type { Event } from "../../shared/contracts/events.ts";
import { createLog } from "../../shared/observability/log.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { type AnyService, defineService } from "../../shared/service/define.ts";
import type { Delivery, Wish } from "../../shared/service/delivery.ts";
import type { OutboxRow } from "../../shared/service/engine.ts";
import { factOf } from "../../shared/service/fact.ts";
import type { Origin, Parked } from "../../shared/service/parked.ts";
import { type CommandResult, Runtime } from "../../shared/service/runtime.ts";
import { stateHash } from "../../shared/service/state.ts";
import { never, Outside } from "./outside.ts";
import { bytesOf, type Content, readable, Shelf } from "./shelf.ts";

/** The longest that work lingers for a group commit, and the turns of the event loop between two moves. */
const LINGER_MS = 50;
const TURNS = 4;

/** The longest that a service sleeps while a deadline is to come. */
const DEADLINE_SLEEP_MS = 1_000;

/** What a service is told or asked to do, one at a time; or how late it gets while nobody does either. */
export type Step = { readonly event: Event } | { readonly command: CommandStep } | { readonly clock: number };

export interface CommandStep {
  readonly service: string;
  readonly name: string;
  readonly input: object;
  readonly key: string;
}

/** The broker as one service sees it. */
export class Broker {
  /** Every row it was given, repeats included. */
  readonly given: OutboxRow[] = [];
  /** What it holds: each id once, in the order in which it came. */
  readonly stored: OutboxRow[] = [];
  /** `refuses`: rejects. `loses`: stores nothing and never answers. `forgets to answer`: stores, and never answers. */
  mood: "works" | "refuses" | "loses" | "forgets to answer" = "works";
  /** The most rows that it takes of one publish. */
  most = Number.POSITIVE_INFINITY;
  readonly #ids = new Set<string>();

  async publish(rows: readonly OutboxRow[]): Promise<number> {
    if (this.mood === "refuses") throw new Error("no responders");
    if (this.mood === "loses") return never();
    const taken = rows.slice(0, this.most);
    for (const row of taken) {
      this.given.push(row);
      if (!this.#ids.has(row.event_id)) this.stored.push(row);
      this.#ids.add(row.event_id);
    }
    if (this.mood === "forgets to answer") return never();
    return taken.length;
  }

  holds(id: string): boolean {
    return this.#ids.has(id);
  }
}

type Ending = "acked" | "retried" | "parked";

/** The places of contents in a stream, in the order in which they were first sent. */
const places = new WeakMap<Content, number>();
let newest = 0;

/** One delivery, and how it ended. */
export class Sent implements Delivery {
  end: Ending | undefined;
  parked: Parked | undefined;
  retryInMs: number | undefined;
  readonly attempt: number;
  readonly cameAt = Date.now();
  /** The event in it, or why it can't be read. */
  readonly content: Content;
  /** What an operator wants done with it. */
  wish: Wish | undefined;
  readonly #mayEnd: (how: Ending) => boolean;

  /** `mayEnd` is asked when it ends; false leaves it open, as if nobody had heard. */
  constructor(content: Content, attempt = 1, mayEnd: (how: Ending) => boolean = () => true) {
    this.content = content;
    this.attempt = attempt;
    this.#mayEnd = mayEnd;
  }

  read(): Event {
    return readable(this.content);
  }

  /** Why it was parked. */
  get cause(): string | undefined {
    return this.parked?.cause;
  }

  get origin(): Origin {
    if (!places.has(this.content)) places.set(this.content, ++newest);
    const sequence = places.get(this.content)!;
    return { place: `${sequence}`, sequence, key: "key" in this.content ? `${this.content.key}` : "unknown" };
  }

  ack(): void {
    this.#finish("acked");
  }

  retry(delayMs: number): void {
    this.retryInMs = delayMs;
    this.#finish("retried");
  }

  message(): Uint8Array {
    return bytesOf(this.content);
  }

  park(parked: Parked): void {
    this.parked = parked;
    this.#finish("parked");
  }

  #finish(how: Ending): void {
    if (!this.#mayEnd(how)) return;
    if (this.end) throw new Error(`a delivery was ${this.end}, and then ${how}`);
    this.end = how;
  }
}

/** A service that runs. Deliveries and facts pass through the test's hands; timers are the test's as well. */
export class Machine {
  readonly service: AnyService;
  readonly outside: Outside;
  readonly broker = new Broker();
  readonly shelf = new Shelf();
  /** The deliveries since the process began. */
  deliveries: Sent[] = [];
  /** Every event that was acked, in this process or an earlier one. */
  readonly acked = new Set<Event>();
  /** Acks that came before the facts they stand for were stored. There should be none. */
  readonly earlyAcks: string[] = [];
  losesAcks = false;
  #brought: Event[] = [];
  #folder: string | undefined;
  #db: Database;
  // biome-ignore lint/suspicious/noExplicitAny: any service at all.
  #runtime!: Runtime<any, any>;
  #life = 0;
  #moves = 0;

  /** Starts the service on an empty database: in memory, or in a file that outlives a crash. */
  constructor(service: AnyService, options: { outside?: Outside; onDisk?: boolean } = {}) {
    this.service = service;
    this.outside = options.outside ?? new Outside();
    if (options.onDisk) this.#folder = mkdtempSync(join(tmpdir(), "quadrille-contract-"));
    this.#db = this.#open();
    this.#start(service);
  }

  /** All that the service has said, in order, whether it is published or not. */
  get outbox(): OutboxRow[] {
    return this.#runtime.engine.outboxAfter(0);
  }

  get facts(): Event[] {
    return this.outbox.map((row) => toEvent(row, this.service.name));
  }

  /** The service's own tables, row by row. */
  get state(): Record<string, unknown[]> {
    return dump(this.#db);
  }

  /** The hash of all that it knows, as a rebuild compares it. */
  get stateHash(): string {
    return stateHash(this.#db);
  }

  /** A number that grows with everything that happens; see {@link settle}. */
  get moves(): number {
    return this.#moves + this.broker.given.length + this.outside.calls.length;
  }

  /** Gives the service deliveries, all at once, and waits until it has done with them what it can. */
  async take(...contents: Content[]): Promise<Sent[]> {
    const sent = contents.map((content) => this.give(content));
    await settle(this);
    return sent;
  }

  /** Gives the service one delivery, and does not wait. */
  give(content: Content, wish?: Wish): Sent {
    if (!(content instanceof Error) && !wish) this.#brought.push(content);
    const attempt = this.deliveries.filter((earlier) => earlier.content === content).length + 1;
    const life = this.#life;
    const sent = new Sent(content, attempt, (how) => {
      if (life !== this.#life || (how === "acked" && this.losesAcks)) return false;
      if (how === "acked" && !sent.wish) this.#noteAck(content as Event);
      this.#moves++;
      return true;
    });
    sent.wish = wish;
    this.deliveries.push(sent);
    this.#runtime.consumer.take(sent);
    return sent;
  }

  /** Tells the service what an operator wants done with a message that it has put aside. */
  async tell(what: Wish["do"], content: Content): Promise<void> {
    this.give(content, { do: what, eventId: "id" in content ? content.id : undefined });
    await settle(this);
    for (let left = -1; left !== this.shelf.held.length; ) {
      left = this.shelf.held.length;
      await settle(this);
    }
  }

  /** Carries out a command under an idempotency key of its own: the same step again is a repeat. */
  async command({ name, input, key }: CommandStep): Promise<CommandResult<string> | Error> {
    const command = this.service.commands.find((one) => one.name === name);
    if (!command) throw new Error(`${this.service.name} has no command ${name}`);
    const request = JSON.stringify(input);
    const idempotency = { key: `for-${key}`, request };
    const result = this.#runtime
      .submit({ ...command, answer: () => answerTo({ name, key }) }, { input, key, idempotency })
      .catch((error: Error) => error)
      .finally(() => this.#moves++);
    await settle(this);
    return result;
  }

  async play(step: Step): Promise<void> {
    if ("event" in step) await this.take(step.event);
    else if ("command" in step) await this.command(step.command);
    else await atTime(step.clock, () => settle(this));
  }

  /** Brings again what was not acked. */
  async redeliver(): Promise<void> {
    await this.take(...new Set(this.#brought.filter((event) => !this.acked.has(event))));
  }

  /** Ends the process as `kill -9` does: what is in the files stays, all else is gone. Then starts it again. */
  async crash(): Promise<void> {
    if (!this.#folder) throw new Error("only a machine on disk can crash");
    const before = this.#file();
    this.#life++;
    for (const suffix of ["", "-wal"]) {
      if (existsSync(before + suffix)) copyFileSync(before + suffix, this.#file() + suffix);
    }
    vi.clearAllTimers();
    this.#db.close();
    this.#db = this.#open();
    this.broker.mood = "works";
    this.outside.silence = "none";
    this.losesAcks = false;
    this.deliveries = [];
    this.#start(this.service);
    await settle(this);
  }

  /** Stops the service in good order and starts it again, or another one in its place on the same database. */
  async restart(service: AnyService = this.service): Promise<void> {
    await this.#runtime.drain(1_000);
    this.#life++;
    this.deliveries = [];
    this.#start(service);
    await settle(this);
  }

  close(): void {
    this.#life++;
    vi.clearAllTimers();
    this.#db.close();
    if (this.#folder) rmSync(this.#folder, { recursive: true });
  }

  #start(service: AnyService): void {
    const life = this.#life;
    this.#runtime = new Runtime(service, {
      db: this.#db,
      port: this.outside,
      log: createLog(service.name, "silent"),
      publish: (rows) => (life === this.#life ? this.broker.publish(rows) : never()),
      parking: this.shelf,
    });
    this.#runtime.outbox.retryNow();
    this.#runtime.watchDeadlines();
  }

  // The process is killed, not the power cut: nothing has to reach the disk.
  #open(): Database {
    const db = openDatabase(this.#file(), "relaxed");
    db.pragma("synchronous = OFF");
    return db;
  }

  #file(): string {
    return this.#folder ? join(this.#folder, `${this.#life}.db`) : ":memory:";
  }

  #noteAck(event: Event): void {
    const early = this.facts.filter(
      ({ id, causationId }) => causationId === event.id && !this.broker.holds(id),
    );
    this.earlyAcks.push(...early.map(({ type, id }) => `${type} ${id}`));
    this.acked.add(event);
  }
}

/** What a command answers. */
export function answerTo({ name, key }: Pick<CommandStep, "name" | "key">): string {
  return `${name} ${key}`;
}

/** Lets the clock show a later time, by which every deadline until then has struck, for as long as `work` takes. */
export async function atTime(clock: number, work: () => Promise<void>): Promise<void> {
  const now = vi.mocked(Date.now);
  const before = Date.now();
  now.mockReturnValue(clock);
  vi.advanceTimersByTime(DEADLINE_SLEEP_MS);
  await work();
  now.mockReturnValue(before);
}

/**
 * Waits until nothing moves any more: no delivery ends, nothing is published, nobody is called. Time goes on as long as
 * a service may wait for company, and no longer. Timers have to be fake.
 */
export async function settle(...machines: Machine[]): Promise<void> {
  await stillness(machines);
  vi.advanceTimersByTime(LINGER_MS);
  await stillness(machines);
}

async function stillness(machines: readonly Machine[]): Promise<void> {
  const moves = () => machines.reduce((sum, machine) => sum + machine.moves, 0);
  let last = moves();
  for (let quiet = 0; quiet < TURNS; quiet++) {
    await new Promise((resolve) => setImmediate(resolve));
    if (moves() !== last) quiet = -1;
    last = moves();
  }
}

/** A row of an outbox as those hear it who consume it. */
export function toEvent(row: OutboxRow, source: string): Event {
  const fact = factOf(row, source);
  return { ...fact, data: JSON.parse(JSON.stringify(fact.data)) } as Event;
}

/** The rows of every table but the kit's, in no order but their own. */
export function dump(db: Database): Record<string, unknown[]> {
  const tables = tablesOf(db).filter((table) => !kitTables.has(table));
  const rowsOf = (table: string) => db.prepare(`SELECT * FROM "${table}"`).all();
  const sorted = (rows: unknown[]) =>
    rows.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1));
  return Object.fromEntries(tables.map((table) => [table, sorted(rowsOf(table))]));
}

function tablesOf(db: Database): string[] {
  return db
    .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")
    .pluck()
    .all() as string[];
}

/** The tables that every service has: those of a service that has none of its own. */
const kitTables = new Set(
  (() => {
    const db = openDatabase(":memory:");
    const store = () => ({ load: () => undefined, record: () => undefined });
    const nothing = defineService({ name: "nothing", reactions: [], tables: "", store });
    new Runtime(nothing, { db, port: undefined, publish: never, log: createLog("nothing", "silent") });
    const tables = tablesOf(db);
    db.close();
    return tables;
  })(),
);
