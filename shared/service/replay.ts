// Fills a new database with what a service has heard and said before: nothing is decided again, and nobody is called.

import type { Database } from "better-sqlite3";
import type { Event } from "../contracts/events.ts";
import type { AnyService, Store } from "./define.ts";
import { Engine } from "./engine.ts";
import type { Origin, Parked } from "./parked.ts";
import { askedBy, openReplies, type Replies } from "./replies.ts";

/** What there is when a replay begins. */
export interface Beginning {
  readonly engine?: Engine<Store<unknown>> | undefined;
  readonly recorded?: ReadonlySet<string> | undefined;
}

/** The past of one service, told event by event, in the order of the stream. The caller owns the transactions. */
export class Replay {
  readonly #engine: Engine<Store<unknown>>;
  readonly #service: AnyService;
  readonly #replies: Replies;
  readonly #recorded: ReadonlySet<string>;
  readonly #statements: ReturnType<typeof prepare>;
  /** What was handled by reactions that may answer only so often: the name and key of their count, by the event's id. */
  readonly #counted = new Map<string, readonly [reaction: string, key: string]>();

  /**
   * Begins on an empty database, or on one with a past; with the `engine` that is on it, if there is one. The service's own facts
   * that are `recorded` are so already, though the outbox does not have them.
   */
  constructor(service: AnyService, db: Database, { engine, recorded = new Set() }: Beginning = {}) {
    this.#replies = openReplies(db);
    this.#engine = engine ?? new Engine(service, db);
    this.#recorded = recorded;
    this.#service = service;
    this.#statements = prepare(db);
  }

  get store(): Store<unknown> {
    return this.#engine.store;
  }

  /** Takes note of a fact of the service's own, whose data are `payload`. What is noted already is nothing new. */
  said(fact: Event, payload: Uint8Array): void {
    const { changes } = this.#statements.append.run(
      fact.id,
      fact.type,
      fact.key,
      fact.time,
      fact.causationId,
      fact.correlationId,
      fact.traceparent ?? null,
      payload,
    );
    if (changes === 0 || this.#recorded.has(fact.id)) return;
    this.store.record(fact);
    this.#answer(fact);
  }

  /** The answer to the command that led to the fact is known again, so that a repeat has no second effect. */
  #answer(fact: Event): void {
    const asked = askedBy(fact.causationId);
    const command = this.#service.commands.find(({ name }) => name === asked?.command);
    if (!asked || !command || this.#replies.find(asked) !== undefined) return;
    this.#replies.remember(asked, command.answer?.(this.store, fact.key, [fact]));
  }

  /** Takes note of an event that the service has handled. What is noted already is nothing new. */
  handled(event: Event): void {
    if (this.#statements.receive.run(event.id, event.time).changes === 0) return;
    this.store.record(event);
    const reaction = this.#service.reactions.find(({ on }) => on.includes(event.type));
    if (reaction?.atMost !== undefined) this.#counted.set(event.id, [reaction.on.join(), event.key]);
  }

  /** Takes note of an event that an operator has given up, be it of a schema that nobody knows. */
  gaveUp({ id, time }: Pick<Event, "id" | "time">): void {
    this.#statements.receive.run(id, time);
  }

  /** Puts a message into its lane that the service has put aside. */
  putAside(origin: Origin, parked: Parked): void {
    this.#engine.parked.restore(origin, parked);
  }

  /** Has messages tried again that wait behind nothing, when all are put aside. */
  letFollow(): void {
    this.#engine.parked.follow();
  }

  /** Says that all facts so far are in the stream; those that come now are still to be published. */
  allStored(): void {
    this.#statements.publish.run();
  }

  /** Counts again how often each reaction has answered, when all is told. */
  count(): void {
    if (this.#counted.size === 0) return;
    const { causes, round } = this.#statements;
    for (const cause of causes.all() as string[]) {
      const counted = this.#counted.get(cause);
      if (counted) round.run(...counted);
    }
  }
}

function prepare(db: Database) {
  return {
    receive: db.prepare("INSERT OR IGNORE INTO inbox VALUES (?, ?)"),
    append: db.prepare(`INSERT OR IGNORE INTO outbox
      (event_id, type, key, time, causation_id, correlation_id, traceparent, payload) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`),
    publish: db.prepare("UPDATE published SET through = (SELECT coalesce(max(id), 0) FROM outbox)"),
    causes: db.prepare("SELECT DISTINCT causation_id FROM outbox").pluck(),
    round: db.prepare("INSERT INTO rounds VALUES (?, ?, 1) ON CONFLICT DO UPDATE SET times = times + 1"),
  };
}
