// Takes deliveries through the engine; each one ends in one of five ways: reacted, ignored, duplicate, retried, parked.

import { type Event, UnknownSchemaError } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { type Clock, realClock, type Timer } from "./clock.ts";
import { isDatabaseFault } from "./database.ts";
import type { Reaction, Store } from "./define.ts";
import type { Engine, Performed, Verdict } from "./engine.ts";
import type { GroupCommit, Work } from "./group-commit.ts";
import { Lanes } from "./lanes.ts";
import type { OutboxPublisher } from "./outbox.ts";
import type { UnknownSchemas } from "./unknown-schemas.ts";

/** One delivery of a message, as the consumer sees it. Exactly one of `ack`, `retry` and `park` ends it. */
export interface Delivery {
  /** How often the broker has delivered the message, this time included. */
  readonly attempt: number;
  /** The event in it. Throws when the message can't be read. */
  read(): Event;
  ack(): void;
  /** Hands the message back, to be delivered again after a delay. */
  retry(delayMs: number): void;
  /** Puts the message aside for good, with the cause; rejects when that failed and the message will come again. */
  park(cause: Error): Promise<void>;
}

/** Thrown by a call to the outside that would fail the same way every time: the message is parked. */
export class PermanentFault extends Error {
  override name = "PermanentFault";
}

/** How a delivery ends; the same five words in logs and metrics. */
export type Outcome = "reacted" | "ignored" | "duplicate" | "retried" | "parked";

const CALLS_AT_ONCE = 128;
const CALL_TIMEOUT_MS = 15_000;
const RETRY_FROM_MS = 200;
const RETRY_UP_TO_MS = 30_000;
const SHORTEST_RETRY_MS = 10;
const DATABASE_RETRY_MS = 1_000;

/** Everything a consumer works with. */
export interface ConsumerParts<Port> {
  readonly engine: Engine<Store<unknown>>;
  readonly commits: GroupCommit;
  readonly outbox: OutboxPublisher;
  readonly port: Port;
  readonly log: Log;
  /** Looks up schemas that the service was not built with; without it, what needs one is parked. */
  readonly unknownSchemas?: UnknownSchemas | undefined;
  /** The most calls to the outside under way at once; 128 unless given. */
  readonly callsAtOnce?: number | undefined;
  /** Told of every event that was handled and committed. */
  readonly onHandled?: (event: Event) => void;
  /** The machine's own unless given. */
  readonly clock?: Clock | undefined;
}

/** The deliveries of one service. */
export class Consumer<Port> {
  readonly #parts: ConsumerParts<Port>;
  readonly #lanes: Lanes<() => void>;
  readonly #clock: Clock;
  /** Deliveries whose schema is being looked up. */
  readonly #unread = new Set<Delivery>();
  #draining = false;
  #idle: (() => void) | undefined;

  constructor(parts: ConsumerParts<Port>) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
    this.#lanes = new Lanes(parts.callsAtOnce ?? CALLS_AT_ONCE);
  }

  /** Takes a delivery; it ends some time later, after its transaction and its facts are safe. */
  take(delivery: Delivery): void {
    try {
      this.#schedule(delivery, delivery.read());
    } catch (error) {
      const { unknownSchemas } = this.#parts;
      if (unknownSchemas && error instanceof UnknownSchemaError)
        this.#lookUp(delivery, error, unknownSchemas);
      else this.#park(delivery, error as Error);
    }
  }

  /** Hands back what has not begun; resolves when the calls under way have ended, or after `timeoutMs`. */
  async drain(timeoutMs: number): Promise<void> {
    this.#draining = true;
    for (const delivery of this.#unread) delivery.retry(0);
    this.#unread.clear();
    for (const resume of this.#lanes.abandonWaiting()) resume();
    this.#parts.commits.hurry();
    if (this.#lanes.size === 0 && this.#parts.commits.size === 0) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(timeoutMs, resolve);
      this.#idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  async #lookUp(delivery: Delivery, unknown: UnknownSchemaError, schemas: UnknownSchemas): Promise<void> {
    if (this.#draining) return delivery.retry(0);
    this.#unread.add(delivery);
    const advice = await schemas.advise(unknown, delivery.attempt);
    if (!this.#unread.delete(delivery)) return; // The service is stopping: it was handed back.
    if (advice.do === "read again") this.take(delivery);
    else if (advice.do === "park") this.#park(delivery, advice.cause);
    else {
      delivery.retry(advice.inMs);
      this.#ended("retried", delivery, undefined, advice.cause);
    }
  }

  /** Queues the delivery for the next group commit, behind its key's lane if there is a call under way. */
  #schedule(delivery: Delivery, event: Event): void {
    if (this.#draining) delivery.retry(0);
    else if (this.#lanes.isBusy(event.key)) {
      this.#lanes.wait(event.key, () => this.#schedule(delivery, event));
    } else this.#parts.commits.add(this.#work(delivery, event));
  }

  /** The delivery's share of a transaction; `performed` is there when it holds its key's lane. */
  #work(delivery: Delivery, event: Event, performed?: Performed): Work {
    const { engine } = this.#parts;
    let verdict: Verdict | undefined;
    let fault: Error | undefined;
    let lastRow = 0;

    return {
      run: () => {
        verdict = fault = undefined;
        if (!performed && this.#lanes.isBusy(event.key)) return false;
        try {
          verdict = engine.handle(event, performed);
        } catch (error) {
          if (isDatabaseFault(error)) throw error;
          fault = error as Error;
        }
        if (verdict?.outcome === "asks" && !performed) this.#lanes.enter(event.key);
        lastRow = engine.lastRow;
        return verdict?.outcome === "reacted" || verdict?.outcome === "ignored";
      },

      committed: () => {
        if (fault) this.#park(delivery, fault, event);
        else if (!verdict) return this.#schedule(delivery, event);
        else if (verdict.outcome === "asks" && performed) this.#tryLater(delivery, event, verdict.reaction);
        else if (verdict.outcome === "asks")
          return this.#perform(delivery, event, verdict.reaction, verdict.request);
        else {
          this.#parts.outbox.ackAfter(lastRow, delivery);
          this.#ended(verdict.outcome, delivery, event);
          this.#parts.onHandled?.(event);
        }
        if (performed) this.#leave(event.key);
      },

      failed: (error) => {
        delivery.retry(DATABASE_RETRY_MS);
        this.#ended("retried", delivery, event, error);
        if (performed || verdict?.outcome === "asks") this.#leave(event.key);
      },
    };
  }

  async #perform(
    delivery: Delivery,
    event: Event,
    reaction: Reaction<unknown, unknown>,
    request: unknown,
  ): Promise<void> {
    const { commits, port } = this.#parts;
    try {
      const outcome = await this.#lanes.call(() =>
        withTimeout((signal) => reaction.call!(port, request, signal), CALL_TIMEOUT_MS, this.#clock),
      );
      commits.add(this.#work(delivery, event, { outcome }));
    } catch (error) {
      if (error instanceof PermanentFault) this.#park(delivery, error, event);
      else if (isTooLate(reaction, event, this.#clock) && !this.#draining)
        return commits.add(this.#work(delivery, event, { gaveUp: true }));
      else this.#tryLater(delivery, event, reaction, error as Error);
      this.#leave(event.key);
      this.checkIdle();
    }
  }

  #tryLater(
    delivery: Delivery,
    event: Event,
    { giveUp }: Reaction<unknown, unknown>,
    error = new Error("the call has to go on until it is answered"),
  ): void {
    const delay = retryDelay(delivery.attempt, this.#clock);
    const left = giveUp ? event.time + giveUp.afterMs - this.#clock.now() : 0;
    delivery.retry(left > 0 ? Math.min(delay, Math.max(left, SHORTEST_RETRY_MS)) : delay);
    this.#ended("retried", delivery, event, error);
  }

  /** Whether something of the key is under way, so that it has to be left alone. */
  isBusy(key: string): boolean {
    return this.#lanes.isBusy(key);
  }

  #leave(key: string): void {
    for (const resume of this.#lanes.leave(key)) resume();
  }

  #park(delivery: Delivery, cause: Error, event?: Event): void {
    delivery.park(cause).then(
      () => this.#ended("parked", delivery, event, cause),
      (error) => this.#ended("retried", delivery, event, error),
    );
  }

  #ended(outcome: Outcome, { attempt }: Delivery, event?: Event, error?: Error): void {
    const { log } = this.#parts;
    if (!error) {
      if (log.isLevelEnabled("debug"))
        log.debug({ outcome, attempt, type: event?.type, id: event?.id }, outcome);
    } else {
      const line = { outcome, attempt, type: event?.type, id: event?.id, cause: error.message };
      if (outcome === "parked") log.error({ ...line, stack: error.stack }, outcome);
      else log.warn(line, outcome);
    }
  }

  /** Lets a drain go on when nothing is under way any more; to be called whenever something has ended. */
  checkIdle(): void {
    if (this.#idle && this.#lanes.size === 0 && this.#parts.commits.size === 0) this.#idle();
  }
}

/** Whether a call that fails has had all the time that there is for it. */
function isTooLate({ giveUp }: Reaction<unknown, unknown>, { time }: Event, clock: Clock): boolean {
  return giveUp !== undefined && clock.now() >= time + giveUp.afterMs;
}

/** Exponential with jitter, in milliseconds: 0.2 s at first, 30 s at most. */
function retryDelay(attempt: number, clock: Clock): number {
  const delay = Math.min(RETRY_FROM_MS * 2 ** (attempt - 1), RETRY_UP_TO_MS);
  return Math.round(delay * (0.5 + clock.random() / 2));
}

async function withTimeout<Outcome>(
  call: (signal: AbortSignal) => Promise<Outcome>,
  milliseconds: number,
  clock: Clock,
): Promise<Outcome> {
  const abort = new AbortController();
  let timer: Timer | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = clock.after(milliseconds, () => {
      const error = new Error(`no answer within ${milliseconds} ms`);
      reject(error);
      abort.abort(error);
    });
  });
  try {
    return await Promise.race([call(abort.signal), timeout]);
  } finally {
    timer?.cancel();
  }
}
