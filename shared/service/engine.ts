// One delivery, one transaction: dedupe, record, load, decide, and put the facts in the outbox. No I/O but SQLite.

import type { Database } from "better-sqlite3";
import { type Event, encode, type Fact, type FactType, keyOf } from "../contracts/events.ts";
import { ATTEMPTS_TABLE, Attempts } from "./attempts.ts";
import { isDatabaseFault } from "./database.ts";
import type { AnyService, Command, Deadline, Reaction, Refusal, Store } from "./define.ts";
import { eventId, FACTS_AT_ONCE } from "./event-id.ts";
import type { Observer } from "./observer.ts";
import { PARKED_TABLE, ParkedLanes } from "./parked.ts";

/**
 * How a delivery ended inside the transaction. `asks` means that nothing was stored: perform the request, then
 * handle the event again with its outcome.
 */
export type Verdict =
  | { readonly outcome: "reacted" | "ignored" | "duplicate" }
  | { readonly outcome: "asks"; readonly reaction: Reaction<unknown, unknown>; readonly request: unknown };

/** How a request that an earlier verdict asked for ended: with an answer, or with none in all the time it had. */
export type Performed = { readonly outcome: unknown } | { readonly gaveUp: true };

/** A fact that waits in the outbox, or was published from it. `id` counts up without a gap that matters. */
export interface OutboxRow {
  readonly id: number;
  readonly event_id: string;
  readonly type: FactType;
  readonly key: string;
  readonly time: number;
  readonly causation_id: string;
  readonly correlation_id: string;
  readonly traceparent: string | null;
  readonly payload: Buffer;
}

/** The most outbox rows that are read, and published, at once (one atomic batch may hold 1,000). */
export const OUTBOX_PAGE = 500;

/** The most waits of one kind that are ended in one transaction. */
const WAITS_AT_ONCE = 100;

/** What led to a fact: an event, a command, or a deadline. */
type Cause = Pick<Event, "id" | "correlationId" | "traceparent">;

const TABLES = `
  CREATE TABLE IF NOT EXISTS inbox (
    event_id TEXT PRIMARY KEY,
    at       INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS outbox (
    id             INTEGER PRIMARY KEY AUTOINCREMENT,
    event_id       TEXT NOT NULL UNIQUE,
    type           TEXT NOT NULL,
    key            TEXT NOT NULL,
    time           INTEGER NOT NULL,
    causation_id   TEXT NOT NULL,
    correlation_id TEXT NOT NULL,
    traceparent    TEXT,
    payload        BLOB NOT NULL
  );
  CREATE TABLE IF NOT EXISTS published (
    one     INTEGER PRIMARY KEY CHECK (one = 1),
    through INTEGER NOT NULL
  );
  INSERT OR IGNORE INTO published VALUES (1, 0);
  CREATE TABLE IF NOT EXISTS rounds (
    reaction TEXT NOT NULL,
    key      TEXT NOT NULL,
    times    INTEGER NOT NULL,
    PRIMARY KEY (reaction, key)
  ) WITHOUT ROWID;
${ATTEMPTS_TABLE}${PARKED_TABLE}`;

/** A service's decisions bound to its database. Synchronous; the caller owns the transaction's extent. */
export class Engine<ServiceStore extends Store<unknown>> {
  readonly store: ServiceStore;
  /** How often events were tried in vain. */
  readonly attempts: Attempts;
  /** The messages that are put aside. */
  readonly parked: ParkedLanes;
  readonly #service: AnyService;
  readonly #reactions: ReadonlyMap<FactType, Reaction<unknown, unknown>>;
  readonly #now: () => number;
  readonly #eventId: typeof eventId;
  readonly #statements: ReturnType<typeof prepare>;
  #lastRow: number;
  /** How many waits could not be ended though their time had come: the next ones are to be seen behind them. */
  #overdue = 0;

  /**
   * Creates missing tables. `now` is the clock that stamps facts, in milliseconds since 1970; `identify` gives them
   * their ids.
   */
  constructor(service: AnyService, db: Database, now: () => number = Date.now, identify = eventId) {
    db.exec(TABLES);
    db.exec(service.tables);
    this.attempts = new Attempts(db);
    this.parked = new ParkedLanes(db);
    this.store = service.store(db);
    this.#service = service;
    this.#reactions = new Map(
      service.reactions.flatMap((reaction) => reaction.on.map((type) => [type, reaction])),
    );
    this.#now = now;
    this.#eventId = identify;
    this.#statements = prepare(db);
    this.#lastRow = this.#statements.lastRow.get() as number;
  }

  /** The id of the newest outbox row: what has to be published before the deliveries so far may be acked. */
  get lastRow(): number {
    return this.#lastRow;
  }

  /** The newest outbox row known to be stored by JetStream, as of the last commit. */
  get publishedThrough(): number {
    return this.#statements.published.get() as number;
  }

  set publishedThrough(row: number) {
    this.#statements.publish.run(row);
  }

  /** The outbox rows after `row`, oldest first, {@link OUTBOX_PAGE} at most. */
  outboxAfter(row: number): OutboxRow[] {
    return row < this.#lastRow ? (this.#statements.outboxAfter.all(row) as OutboxRow[]) : [];
  }

  /** The outbox row of this number, or the newest one before it. */
  outboxUpTo(row: number): OutboxRow | undefined {
    return this.#statements.outboxUpTo.get(row) as OutboxRow | undefined;
  }

  /** When the oldest fact after `row` was said, in milliseconds since 1970; undefined when there is none. */
  oldestAfter(row: number): number | undefined {
    return this.#statements.oldestAfter.get(row) as number | undefined;
  }

  /** The number of an own event's outbox row; 0 when there is none. */
  rowOf(eventId: string): number {
    return (this.#statements.rowOf.get(eventId) as number | undefined) ?? 0;
  }

  /**
   * Runs `work` in one transaction, and commits if it returns true: what wrote nothing need not wait for the disk.
   * When `work` or the commit throws, nothing of it stays and the error goes on: it is the database's fault, not an
   * event's.
   */
  transaction(work: () => boolean): void {
    const { begin, commit, rollback } = this.#statements;
    const before = this.#lastRow;
    begin.run();
    try {
      if (work()) commit.run();
      else rollback.run();
    } catch (error) {
      this.#lastRow = before;
      if (this.#statements.db.inTransaction) rollback.run();
      throw error;
    }
  }

  /**
   * Handles one event inside the current transaction, under a savepoint of its own. `performed` is how the request
   * ended that an earlier verdict asked for. What is said carries the event's trace context, unless it is to be said
   * `within` another. Throws what the decision throws, with nothing stored.
   */
  handle(event: Event, performed?: Performed, within?: () => string | undefined): Verdict {
    return this.#savepoint(() => {
      const verdict = this.#react(event, performed, within);
      if (verdict.outcome === "asks") this.#statements.rollbackTo.run();
      return verdict;
    });
  }

  /** Whether an event was handled, or given up. */
  knows(eventId: string): boolean {
    return this.#statements.known.get(eventId) === 1;
  }

  /** Gives an event up, inside the current transaction: whenever it comes from now on, it is a duplicate. False if it is one. */
  receive(eventId: string): boolean {
    return this.#statements.receive.run(eventId, this.#now()).changes === 1;
  }

  #react(event: Event, performed?: Performed, within?: () => string | undefined): Verdict {
    if (!this.receive(event.id)) return { outcome: "duplicate" };

    const reaction = this.#reactions.get(event.type);
    if (!reaction) throw new Error(`${this.#service.name} does not react to ${event.type}`);
    this.store.record(event);
    if (!reaction.request && !reaction.decide) return { outcome: "ignored" };

    const state = this.store.load(event);
    if (!performed && !reaction.if.every((guard) => guard(state))) return { outcome: "ignored" };
    const gaveUp = performed && "gaveUp" in performed ? reaction.giveUp?.decide(state, event) : undefined;
    if (reaction.request && !gaveUp && (!performed || "gaveUp" in performed)) {
      const request = reaction.request(state, event);
      if (request !== undefined) return { outcome: "asks", reaction, request };
    }
    const outcome = performed && "outcome" in performed ? performed.outcome : undefined;
    const facts = gaveUp ?? reaction.decide?.(state, event, outcome) ?? [];
    if (facts.length > 0) {
      if (reaction.atMost !== undefined) this.#count(reaction, event.key);
      const { id, correlationId, traceparent } = event;
      this.#say(facts, { id, correlationId, traceparent: within?.() ?? traceparent }, reaction.emits);
    }
    return { outcome: facts.length > 0 || performed ? "reacted" : "ignored" };
  }

  /** Throws when the reaction has answered for the key as often as its table allows. */
  #count({ on, atMost }: Reaction<unknown, unknown>, key: string): void {
    const times = this.#statements.round.get(on.join(), key) as number;
    if (times > atMost!) {
      throw new Error(`${this.#service.name} has reacted to ${on.join(" or ")} ${atMost} times already`);
    }
  }

  /**
   * Ends the waits whose time has come at `now`, {@link WAITS_AT_ONCE} at most, but for those that `isBusy`; inside the
   * current transaction, under a savepoint each. What is said of a key then joins the trace of what was said last of it.
   * Returns the keys that it said something about. Throws only faults of the database; `onFault` is told of all others.
   */
  expire(
    now: number,
    isBusy: (key: string) => boolean,
    onFault: (error: Error, key: string, traceparent: string | undefined) => void,
    observer?: Observer,
  ): string[] {
    const limit = WAITS_AT_ONCE + this.#overdue;
    this.#overdue = 0;
    return this.#service.deadlines.flatMap((deadline: Deadline<ServiceStore, unknown>) =>
      deadline.open(this.store, limit).flatMap(({ key, at }) => {
        if (at > now) return [];
        try {
          if (!isBusy(key)) return this.#expire(deadline, key, observer);
        } catch (error) {
          if (isDatabaseFault(error)) throw error;
          onFault(error as Error, key, this.#traceOf(key));
        }
        this.#overdue++;
        return [];
      }),
    );
  }

  #expire(deadline: Deadline<ServiceStore, unknown>, key: string, observer?: Observer): [string] {
    const { name, emits } = deadline;
    const known = this.#traceOf(key);
    const deciding = observer?.deciding?.({ kind: "deadline", name, emits }, key, known);
    const traceparent = deciding?.traceparent ?? known;
    const cause = { id: `${name} ${key}`, correlationId: key, traceparent };
    try {
      this.#savepoint(() => {
        const facts = deadline.decide(deadline.load(this.store, key), key);
        if (facts.length === 0)
          throw new Error(`${cause.id}: it decides nothing, so the wait would never end`);
        this.#say(facts, cause, emits);
      });
      deciding?.ended("struck");
    } catch (error) {
      deciding?.ended("failed");
      throw error;
    }
    return [key];
  }

  /** The trace of what was said last of a key. */
  #traceOf(key: string): string | undefined {
    return this.#statements.trace.get(key, key) as string | undefined;
  }

  /** When the next wait ends, in milliseconds since 1970; undefined when there is none. */
  get nextDeadline(): number | undefined {
    const times = this.#service.deadlines.flatMap(({ open }) => open(this.store, 1).map(({ at }) => at));
    return times.length > 0 ? Math.min(...times) : undefined;
  }

  /**
   * Carries out a command inside the current transaction; the id of `cause` names it as the cause of its facts.
   * `conclude` runs last, if the command was not refused; when it throws, nothing of the command stays.
   */
  execute<State, Input>(
    command: Command<ServiceStore, State, Input>,
    input: Input,
    cause: Cause,
    conclude: (said: readonly Fact[]) => void = () => {},
  ): readonly Fact[] | Refusal {
    return this.#savepoint(() => {
      const decided = command.decide(command.load(this.store, input), input);
      if ("refused" in decided) return decided;
      this.#say(decided, cause, command.emits);
      conclude(decided);
      return decided;
    });
  }

  #say(facts: readonly Fact[], cause: Cause, allowed: readonly FactType[]): void {
    if (facts.length > FACTS_AT_ONCE)
      throw new Error(
        `${this.#service.name} says ${facts.length} facts at once: ${FACTS_AT_ONCE} are the most`,
      );
    for (const [index, fact] of facts.entries()) {
      if (!allowed.includes(fact.type)) {
        throw new Error(`${this.#service.name} may not say ${fact.type} here: its table does not declare it`);
      }
      const key = keyOf(fact);
      const event = {
        type: fact.type,
        data: fact.data,
        id: this.#eventId(key, cause.id, this.#service.name, index, fact.type),
        source: this.#service.name,
        key,
        time: this.#now(),
        causationId: cause.id,
        correlationId: cause.correlationId,
        traceparent: cause.traceparent,
      } as Event;
      this.store.record(event);
      const { lastInsertRowid } = this.#statements.append.run(
        event.id,
        event.type,
        key,
        event.time,
        event.causationId,
        event.correlationId,
        event.traceparent ?? null,
        encode(fact),
      );
      this.#lastRow = Number(lastInsertRowid);
    }
  }

  /** Runs `work` under a savepoint: when it throws, nothing of it stays. */
  #savepoint<Result>(work: () => Result): Result {
    const { db, savepoint, release, rollbackTo } = this.#statements;
    const before = this.#lastRow;
    savepoint.run();
    try {
      const result = work();
      release.run();
      return result;
    } catch (error) {
      this.#lastRow = before;
      if (db.inTransaction) {
        rollbackTo.run();
        release.run();
      }
      throw error;
    }
  }
}

function prepare(db: Database) {
  return {
    db,
    begin: db.prepare("BEGIN IMMEDIATE"),
    commit: db.prepare("COMMIT"),
    rollback: db.prepare("ROLLBACK"),
    savepoint: db.prepare("SAVEPOINT delivery"),
    release: db.prepare("RELEASE delivery"),
    rollbackTo: db.prepare("ROLLBACK TO delivery"),
    receive: db.prepare("INSERT OR IGNORE INTO inbox VALUES (?, ?)"),
    known: db.prepare("SELECT EXISTS (SELECT 1 FROM inbox WHERE event_id = ?)").pluck(),
    append: db.prepare(`INSERT INTO outbox
      (event_id, type, key, time, causation_id, correlation_id, traceparent, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    lastRow: db.prepare("SELECT coalesce(max(id), 0) FROM outbox").pluck(),
    // No bare parameter in the range or the limit: SQLite would plan the query anew for every value.
    outboxAfter: db.prepare(`SELECT * FROM outbox WHERE id > ? + 0 ORDER BY id LIMIT ${OUTBOX_PAGE}`),
    outboxUpTo: db.prepare("SELECT * FROM outbox WHERE id <= ? ORDER BY id DESC LIMIT 1"),
    oldestAfter: db.prepare("SELECT time FROM outbox WHERE id > ? + 0 ORDER BY id LIMIT 1").pluck(),
    // A key's rows are together in the index of ids; the plus keeps SQLite from going through all rows by number.
    trace: db
      .prepare(`SELECT traceparent FROM outbox
        WHERE event_id > ? || '.' AND event_id < ? || '/' AND traceparent IS NOT NULL ORDER BY +id DESC LIMIT 1`)
      .pluck(),
    rowOf: db.prepare("SELECT id FROM outbox WHERE event_id = ?").pluck(),
    round: db
      .prepare(
        "INSERT INTO rounds VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1 RETURNING times",
      )
      .pluck(),
    published: db.prepare("SELECT through FROM published").pluck(),
    publish: db.prepare("UPDATE published SET through = ?"),
  };
}
