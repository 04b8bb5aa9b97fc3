// A running service: its database, its consumer, its outbox and its commands, wired together.

import { randomUUID } from "node:crypto";
import type { Database } from "better-sqlite3";
import type { FactType } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { Changes } from "./changes.ts";
import { type Clock, realClock, type Timer } from "./clock.ts";
import { Consumer } from "./consumer.ts";
import { isDatabaseFault } from "./database.ts";
import { Deadlines } from "./deadlines.ts";
import { type Command, isObserver, type Refusal, type Service, type Store } from "./define.ts";
import type { Delivery } from "./delivery.ts";
import { Engine } from "./engine.ts";
import { GroupCommit } from "./group-commit.ts";
import type { Lookout } from "./lost.ts";
import type { Observer } from "./observer.ts";
import { OutboxPublisher, type Publish } from "./outbox.ts";
import type { Origin } from "./parked.ts";
import { Pruner, type Retention } from "./pruner.ts";
import { type Parking, Redriver } from "./redriver.ts";
import { asked, causeOf, MISMATCH, openReplies } from "./replies.ts";
import type { Standing } from "./standing.ts";
import type { UnknownSchemas } from "./unknown-schemas.ts";

/** How a command ended: carried out (now or earlier, under the same key), refused, or its key misused. */
export type CommandResult<Answer> =
  | { readonly outcome: "done"; readonly answer: Answer }
  | { readonly outcome: "mismatch" }
  | ({ readonly outcome: "refused" } & Refusal);

/** One call of a command. */
export interface CommandCall<Input> {
  readonly input: Input;
  /** The key of what it begins or belongs to: an order id, a SKU. */
  readonly key: string;
  /** The answer is kept under the key: a repeat with the same key and the same `request` text gets the first answer and has no effect. */
  readonly idempotency?: { readonly key: string; readonly request: string } | undefined;
  readonly traceparent?: string | undefined;
}

const IDLE_CHECKPOINT_MS = 500;
const OBSERVER_LINGER_MS = 50;

/** The parts of a service that run, whatever brings deliveries and takes facts away. */
export class Runtime<ServiceStore extends Store<unknown>, Port> {
  readonly engine: Engine<ServiceStore>;
  readonly outbox: OutboxPublisher;
  readonly consumer: Consumer<Port>;
  readonly redriver: Redriver | undefined;
  readonly #pruner: Pruner | undefined;
  /** Tells who wants to know whenever something about a key was committed. */
  readonly changes = new Changes();
  readonly #commits: GroupCommit;
  readonly #deadlines: Deadlines;
  readonly #replies: ReturnType<typeof openReplies>;
  #checkpointed: number;
  readonly #clock: Clock;
  readonly #observer: Observer | undefined;
  #checkpoint: Timer | undefined;

  constructor(
    // biome-ignore lint/suspicious/noExplicitAny: the state is between the service's own parts.
    service: Service<any, Port, ServiceStore>,
    parts: {
      db: Database;
      port: Port;
      publish: Publish;
      /** Looks whether the stream has lost something; without it, nobody does. */
      lookout?: Lookout | undefined;
      log: Log;
      /** Where messages are put aside; without it none can be redriven. */
      parking?: Parking;
      /** How long things are kept; without it, for good. */
      retention?: Retention | undefined;
      unknownSchemas?: UnknownSchemas;
      callsAtOnce?: number | undefined;
      /** Watches what the service does; without it, nothing is measured. */
      observer?: Observer | undefined;
      /** The machine's own unless given. */
      clock?: Clock;
    },
  ) {
    const {
      db,
      port,
      publish,
      lookout,
      parking,
      retention,
      log,
      unknownSchemas,
      callsAtOnce,
      observer,
      clock = realClock,
    } = parts;
    const now = () => clock.now();
    this.#clock = clock;
    this.#observer = observer;
    this.engine = new Engine<ServiceStore>(service, db, now);
    this.#replies = openReplies(db, now);
    this.#checkpointed = this.engine.publishedThrough;
    this.outbox = new OutboxPublisher({
      source: this.engine,
      publish,
      onFailure: (error, retryInMs) =>
        log.warn({ cause: error.message, retryInMs }, "facts wait in the outbox"),
      lookout,
      observer,
      clock,
    });
    this.#commits = new GroupCommit({
      transaction: (work) => this.#transaction(work),
      afterEach: () => {
        this.outbox.kick();
        this.consumer.checkIdle();
        this.#deadlines.look();
        this.#checkpoint ??= this.#checkpointLater();
      },
      lingerMs: isObserver(service) ? OBSERVER_LINGER_MS : 0,
      clock,
    });
    this.consumer = new Consumer<Port>({
      engine: this.engine,
      commits: this.#commits,
      outbox: this.outbox,
      port,
      log,
      unknownSchemas,
      callsAtOnce,
      onHandled: ({ key }) => this.changes.tell(key),
      tellParked: parking && ((origin) => this.redriver!.tell(origin)),
      onLaneMoved: () => this.redriver?.kick(),
      observer,
      clock,
    });
    const take = (delivery: Delivery) => this.consumer.take(delivery);
    const lanes = this.engine.parked;
    this.redriver = parking && new Redriver({ lanes, parking, commits: this.#commits, take, log, clock });
    const onExpired = (messages: readonly Origin[]) => {
      const named = messages.map(({ key, sequence }) => ({ key, sequence }));
      log.error({ expired: named }, "parked messages have expired; their orders go on without them");
      this.redriver?.kick();
    };
    this.#pruner =
      retention && new Pruner({ db, commits: this.#commits, lanes, retention, onExpired, clock });
    this.#pruner?.start();
    this.#deadlines = new Deadlines({
      engine: this.engine,
      commits: this.#commits,
      isBusy: (key) => this.consumer.isBusy(key),
      onStruck: (key) => this.changes.tell(key),
      log,
      clock,
      observer,
    });
  }

  /** Lets deadlines strike from now on: what they lead to has to be readable for others. */
  watchDeadlines(): void {
    this.#deadlines.start();
  }

  /** What waits in the outbox. Costs one look-up by key. */
  get unpublished(): Standing["outbox"] {
    const { through } = this.outbox;
    return { waiting: this.engine.lastRow - through, oldestAt: this.engine.oldestAfter(through) };
  }

  /** How the service stands now. */
  get standing(): Standing {
    const parked = this.engine.parked.count();
    return { outbox: this.unpublished, ...this.consumer.standing, parked };
  }

  /** Carries out a command; resolves once it is durable. Rejects when the database can't take it. */
  submit<State, Input, Answer>(
    command: Command<ServiceStore, State, Input, FactType, Answer>,
    { input, key, idempotency, traceparent }: CommandCall<Input>,
  ): Promise<CommandResult<Answer>> {
    const ask = idempotency && asked(command.name, idempotency.key, idempotency.request);
    const deciding = this.#observer?.deciding?.(
      { kind: "command", name: command.name, emits: command.emits },
      key,
      traceparent,
    );
    const cause = {
      id: ask ? causeOf(ask) : `${command.name} ${randomUUID()}`,
      correlationId: key,
      traceparent: deciding?.traceparent ?? traceparent,
    };
    const carryOut = (): CommandResult<Answer> => {
      if (ask) {
        const earlier = this.#replies.find(ask);
        if (earlier === MISMATCH) return { outcome: "mismatch" };
        if (earlier !== undefined) return { outcome: "done", answer: earlier as Answer };
      }
      let given: Answer | undefined;
      const decided = this.engine.execute(command, input, cause, (said) => {
        given = command.answer?.(this.engine.store, key, said);
        if (ask) this.#replies.remember(ask, given);
      });
      return "refused" in decided
        ? { outcome: "refused", ...decided }
        : { outcome: "done", answer: given as Answer };
    };

    return new Promise((resolve, reject) => {
      let result: CommandResult<Answer> | undefined;
      let fault: unknown;
      this.#commits.add({
        run: () => {
          try {
            result = carryOut();
            return result.outcome === "done";
          } catch (error) {
            if (isDatabaseFault(error)) throw error;
            fault = error;
            return false;
          }
        },
        committed: () => {
          deciding?.ended(result?.outcome ?? "failed");
          if (!result) return reject(fault);
          resolve(result);
          this.changes.tell(key);
        },
        failed: (error) => {
          deciding?.ended("failed");
          reject(error);
        },
      });
    });
  }

  /** Handles what was taken, or hands it back, within `timeoutMs`; commands are still carried out. */
  finishDeliveries(timeoutMs: number): Promise<void> {
    this.redriver?.stop();
    return this.consumer.drain(timeoutMs);
  }

  /**
   * Ends the work: what was taken is handled, what can't be begun in time is handed back, and the outbox is emptied,
   * all within `timeoutMs`. What can't be finished is in the database, or comes again.
   */
  async drain(timeoutMs: number): Promise<void> {
    const deadline = this.#clock.now() + timeoutMs;
    this.#deadlines.stop();
    this.#pruner?.stop();
    await this.finishDeliveries(timeoutMs * 0.75);
    await this.outbox.stop(Math.max(0, deadline - this.#clock.now()));
    this.#checkpoint?.cancel();
    this.#noteThrough();
  }

  /** A transaction that also notes, if it is committed, how far the outbox is published: a restart goes on from there. */
  #transaction(work: () => boolean): void {
    const { through } = this.outbox;
    let noted = false;
    let writtenAt: number | undefined;
    this.engine.transaction(() => {
      const wrote = work();
      noted = wrote && through !== this.#checkpointed;
      if (noted) this.engine.publishedThrough = through;
      if (wrote && this.#observer) writtenAt = performance.now();
      return wrote;
    });
    if (noted) this.#checkpointed = through;
    if (writtenAt !== undefined) this.#observer?.committed?.(performance.now() - writtenAt);
  }

  /** Notes how far the outbox is published. Where that fails, a restart only repeats what the broker recognises. */
  #noteThrough(): void {
    try {
      this.#transaction(() => true);
    } catch {
      // The next transaction tries again.
    }
  }

  #checkpointLater(): Timer {
    return this.#clock.after(IDLE_CHECKPOINT_MS, () => this.#checkpointWhenIdle());
  }

  #checkpointWhenIdle(): void {
    this.#checkpoint = undefined;
    const caughtUp = this.outbox.through === this.engine.lastRow;
    if (this.#commits.size === 0 && caughtUp && this.outbox.through !== this.#checkpointed) {
      this.#noteThrough();
    } else if (!caughtUp) {
      this.#checkpoint = this.#checkpointLater();
    }
  }
}
