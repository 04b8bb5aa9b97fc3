// Takes deliveries through the engine; each one ends in one of five ways: reacted, ignored, duplicate, retried, parked.

import { type Event, UnknownSchemaError } from "../contracts/events.ts";
import { inLog, type Log } from "../observability/log.ts";
import { Aside } from "./aside.ts";
import { type CallEnd, Calls, type Pause, PermanentFault, retryDelay } from "./calls.ts";
import { type Clock, realClock } from "./clock.ts";
import { isDatabaseFault } from "./database.ts";
import { RETRY, type Reaction, type Store } from "./define.ts";
import type { Delivery, Outcome, Wish } from "./delivery.ts";
import type { Engine, Performed, Verdict } from "./engine.ts";
import type { GroupCommit, Job } from "./group-commit.ts";
import { Lanes } from "./lanes.ts";
import type { Observer } from "./observer.ts";
import type { OutboxPublisher } from "./outbox.ts";
import type { Origin, Parked } from "./parked.ts";
import type { Standing } from "./standing.ts";
import type { UnknownSchemas } from "./unknown-schemas.ts";

/** How a delivery leaves its transaction, or why it can't yet. */
type Ending =
  | Verdict
  | { readonly outcome: "parked"; readonly parked: Parked }
  | { readonly outcome: "retried"; readonly inMs: number; readonly cause: Error };
type Settled = Exclude<Ending, { outcome: "asks" }>;

/** A call that was made for an event, whose key's lane is held meanwhile. */
interface Call {
  readonly reaction: Reaction<unknown, unknown>;
  readonly end: CallEnd;
}

const CALLS_AT_ONCE = 128;
const SHORTEST_RETRY_MS = 10;
const DATABASE_RETRY_MS = 1_000;
const PARK_RETRY_MS = 5_000;
/** The share of a drain's time after which nothing new is begun. */
const WORK_ON_FOR = 0.75;

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
  /** Resolves once PARKED says that a message is put aside; rejects when that is not certain. Without it, nobody is told. */
  readonly tellParked?: ((origin: Origin) => Promise<void>) | undefined;
  /** Told when lanes of parked messages may have moved on. */
  readonly onLaneMoved?: () => void;
  readonly observer?: Observer | undefined;
  /** The machine's own unless given. */
  readonly clock?: Clock | undefined;
}

/** The deliveries of one service. */
export class Consumer<Port> {
  readonly #parts: ConsumerParts<Port>;
  readonly #lanes: Lanes<() => void>;
  readonly #calls: Calls<Port>;
  readonly #aside: Aside;
  readonly #clock: Clock;
  /** Deliveries whose schema is being looked up. */
  readonly #unread = new Set<Delivery>();
  /** How many deliveries were taken and have not ended. */
  #underWay = 0;
  #handingBack = false;
  #idle: (() => void) | undefined;

  constructor(parts: ConsumerParts<Port>) {
    const { engine, port, log, callsAtOnce, clock = realClock, observer } = parts;
    this.#parts = parts;
    this.#clock = clock;
    this.#lanes = new Lanes(callsAtOnce ?? CALLS_AT_ONCE);
    this.#aside = new Aside(engine, clock);
    this.#calls = new Calls({ port, lanes: this.#lanes, log, clock, observer });
  }

  /** How many deliveries were taken and have not ended, how many keys have a call, and whether calls are paused. */
  get standing(): Pick<Standing, "underWay" | "lanes" | "isPaused"> {
    return { underWay: this.#underWay, lanes: this.#lanes.size, isPaused: this.pause !== undefined };
  }

  /** Takes a delivery; it ends some time later, after its transaction and its facts are safe. */
  take(delivery: Delivery): void {
    this.#underWay++;
    this.#read(delivery);
  }

  #read(delivery: Delivery): void {
    if (delivery.wish) {
      this.#obeyInTurn(delivery, delivery.wish);
      return;
    }
    let event: Event;
    try {
      event = delivery.read();
    } catch (error) {
      const { unknownSchemas } = this.#parts;
      if (unknownSchemas && error instanceof UnknownSchemaError)
        this.#lookUp(delivery, error, unknownSchemas);
      else this.#putAside(delivery, error as Error);
      return;
    }
    this.#schedule(delivery, event);
  }

  /**
   * Works on until all that was taken has ended. What has not begun when most of the time is over is handed back, and
   * so is what comes afterwards. Resolves after `timeoutMs` at the latest.
   */
  async drain(timeoutMs: number): Promise<void> {
    this.#parts.commits.hurry();
    await this.#untilIdle(timeoutMs * WORK_ON_FOR);
    this.#handingBack = true;
    this.#calls.stop();
    for (const delivery of this.#unread) this.#handBack(delivery);
    this.#unread.clear();
    for (const resume of this.#lanes.abandonWaiting()) resume();
    await this.#untilIdle(timeoutMs * (1 - WORK_ON_FOR));
  }

  async #untilIdle(timeoutMs: number): Promise<void> {
    if (this.#isIdle) return;
    await new Promise<void>((resolve) => {
      const timer = this.#clock.after(timeoutMs, resolve);
      this.#idle = () => {
        timer.cancel();
        resolve();
      };
    });
  }

  get #isIdle(): boolean {
    return this.#underWay === 0 && this.#parts.commits.size === 0;
  }

  /** The pause of all calls, if nobody outside answers. */
  get pause(): Pause | undefined {
    return this.#calls.pause;
  }

  /** Whether something of the key is under way, so that it has to be left alone. */
  isBusy(key: string): boolean {
    return this.#lanes.isBusy(key);
  }

  /** Lets a drain go on when nothing is under way any more; to be called whenever something has ended. */
  checkIdle(): void {
    if (this.#isIdle) this.#idle?.();
  }

  async #lookUp(delivery: Delivery, unknown: UnknownSchemaError, schemas: UnknownSchemas): Promise<void> {
    if (this.#handingBack) return this.#handBack(delivery);
    this.#unread.add(delivery);
    const advice = await schemas.advise(unknown, delivery.attempt);
    if (!this.#unread.delete(delivery)) return; // The service is stopping: it was handed back.
    if (advice.do === "read again") this.#read(delivery);
    else if (advice.do === "park") this.#putAside(delivery, advice.cause);
    else this.#end(delivery, { outcome: "retried", inMs: advice.inMs, cause: advice.cause });
  }

  /** Queues the delivery for the next group commit, behind its key's lane if there is a call under way. */
  #schedule(delivery: Delivery, event: Event): void {
    if (this.#handingBack) this.#handBack(delivery, event);
    else if (this.#lanes.isBusy(event.key)) {
      this.#lanes.wait(event.key, () => this.#schedule(delivery, event));
    } else this.#parts.commits.add(this.#job(delivery, event));
  }

  /** Does what an operator wants once nothing of the key is under way. */
  #obeyInTurn(delivery: Delivery, wish: Wish): void {
    const { key } = delivery.origin;
    if (this.#handingBack) this.#handBack(delivery);
    else if (this.#lanes.isBusy(key)) this.#lanes.wait(key, () => this.#obeyInTurn(delivery, wish));
    else {
      const obey = (): Settled => {
        this.#aside.obey(delivery, wish);
        return { outcome: "reacted" };
      };
      const { run, committed, failed } = this.#jobWithout(delivery, obey);
      let isHeld = false; // By a call that began in the same group.
      this.#parts.commits.add({
        run: () => {
          isHeld = this.#lanes.isBusy(key);
          return !isHeld && run();
        },
        committed: () => (isHeld ? this.#obeyInTurn(delivery, wish) : committed()),
        failed,
      });
    }
  }

  /** Puts a message aside that nobody can read. */
  #putAside(delivery: Delivery, cause: Error): void {
    const settle = (): Settled =>
      this.#aside.isOver(delivery) ? { outcome: "duplicate" } : this.#parked(delivery, cause);
    this.#parts.commits.add(this.#jobWithout(delivery, settle));
  }

  /** The share of a transaction of a delivery that brings no event. */
  #jobWithout(delivery: Delivery, settle: () => Settled): Job {
    let ending: Settled;
    return {
      run: () => {
        ending = settle();
        return true;
      },
      committed: () => this.#end(delivery, ending),
      failed: (cause) => this.#end(delivery, { outcome: "retried", inMs: DATABASE_RETRY_MS, cause }),
    };
  }

  /** The delivery's share of a transaction; `call` was made for it, and it holds its key's lane. */
  #job(delivery: Delivery, event: Event, call?: Call): Job {
    const { engine } = this.#parts;
    let ending: Ending | undefined;
    let lastRow = 0;

    return {
      run: () => {
        ending = undefined;
        if (!call && this.#lanes.isBusy(event.key)) return false;
        ending = this.#settle(delivery, event, call);
        if (ending.outcome === "asks") this.#lanes.enter(event.key);
        lastRow = engine.lastRow;
        return delivery.isRedrive || hasWritten(ending, call);
      },

      committed: () => {
        if (!ending) return this.#schedule(delivery, event);
        if (ending.outcome === "asks") return this.#perform(delivery, event, ending.reaction, ending.request);
        this.#end(delivery, ending, event, lastRow);
        if (call) this.#leave(event.key);
      },

      failed: (error) => {
        if (call?.end.kind === "answered" && !this.#handingBack) {
          return this.#commitLater(delivery, event, call, error);
        }
        this.#end(delivery, { outcome: "retried", inMs: DATABASE_RETRY_MS, cause: error }, event);
        if (call || ending?.outcome === "asks") this.#leave(event.key);
      },
    };
  }

  /** An answer is kept until the database takes it: whoever has given it is not asked again, and no mail goes out twice. */
  #commitLater(delivery: Delivery, event: Event, call: Call, { message: cause }: Error): void {
    const { commits, log, observer } = this.#parts;
    log.warn(
      { ...inLog(event, observer?.within?.(event, delivery)), cause },
      "an answer waits for the database",
    );
    this.#clock.after(DATABASE_RETRY_MS, () => commits.add(this.#job(delivery, event, call)));
  }

  /** Decides inside the transaction how the delivery ends. Throws only faults of the database. */
  #settle(delivery: Delivery, event: Event, call?: Call): Ending {
    try {
      if (!call) {
        const parked = this.#aside.kept(delivery, event);
        return parked ? { outcome: "parked", parked } : this.#handle(delivery, event);
      }
      const { reaction, end } = call;
      if (end.kind === "answered") return this.#handle(delivery, event, { outcome: end.outcome });
      return this.#unanswered(delivery, event, reaction, end);
    } catch (error) {
      if (isDatabaseFault(error)) throw error;
      return this.#parked(delivery, error as Error, event);
    }
  }

  #handle(delivery: Delivery, event: Event, performed?: Performed): Verdict {
    const { engine, observer } = this.#parts;
    const from = observer?.decided && performance.now();
    const within = observer?.within && (() => observer.within!(event, delivery));
    const verdict = engine.handle(event, performed, within);
    if (from !== undefined) observer!.decided!(performance.now() - from);
    if (delivery.isRedrive && verdict.outcome !== "asks") engine.parked.end(delivery.origin);
    return verdict;
  }

  /** What becomes of an event whose call has had no answer: it gives up, is parked, or comes again later. */
  #unanswered(
    delivery: Delivery,
    event: Event,
    { giveUp, retry = RETRY }: Reaction<unknown, unknown>,
    end: Exclude<CallEnd, { kind: "answered" }>,
  ): Ending {
    const { engine } = this.#parts;
    const { error } = end;
    if (error instanceof PermanentFault) return this.#parked(delivery, error, event);
    const now = this.#clock.now();
    const times =
      end.kind === "failed" ? engine.attempts.add(event.id, end.tries, error.message, now).times : 0;
    const leftMs = giveUp ? event.time + giveUp.afterMs - now : 0;
    if (giveUp && leftMs <= 0 && !this.#handingBack) {
      const verdict = this.#handle(delivery, event, { gaveUp: true });
      if (verdict.outcome !== "asks") return verdict;
    }
    if (times >= retry.tries && leftMs <= 0) return this.#parked(delivery, error, event);
    const handedBack = Math.ceil(times / (retry.inPlace + 1));
    const delayMs = end.kind === "paused" ? end.inMs : retryDelay(handedBack, retry, this.#clock);
    const inMs = leftMs > 0 ? Math.min(delayMs, Math.max(leftMs, SHORTEST_RETRY_MS)) : delayMs;
    return { outcome: "retried", inMs, cause: error };
  }

  /** Puts the message into its lane, inside the current transaction. */
  #parked(delivery: Delivery, error: Error, event?: Event): Settled {
    return { outcome: "parked", parked: this.#aside.put(delivery, error, event) };
  }

  async #perform(
    delivery: Delivery,
    event: Event,
    reaction: Reaction<unknown, unknown>,
    request: unknown,
  ): Promise<void> {
    this.#parts.observer?.within?.(event, delivery);
    const end = await this.#calls.make(reaction, event, request);
    this.#parts.commits.add(this.#job(delivery, event, { reaction, end }));
  }

  #leave(key: string): void {
    for (const resume of this.#lanes.leave(key)) resume();
  }

  #handBack(delivery: Delivery, event?: Event): void {
    delivery.retry(0);
    this.#parts.observer?.ended?.("retried", delivery, event, "the service is stopping");
    this.#underWay--;
    this.checkIdle();
  }

  #end(delivery: Delivery, ending: Settled, event?: Event, lastRow = 0): void {
    if (ending.outcome === "parked") {
      const { parked } = ending;
      const told = this.#parts.tellParked?.(delivery.origin) ?? Promise.resolve();
      told.then(
        () => {
          delivery.park(parked);
          this.#ended("parked", delivery, event, parked);
        },
        ({ message }: Error) => {
          delivery.retry(PARK_RETRY_MS);
          this.#ended("retried", delivery, event, { cause: `can't park it: ${message}` });
        },
      );
    } else if (ending.outcome === "retried") {
      delivery.retry(ending.inMs);
      this.#ended("retried", delivery, event, { cause: ending.cause.message });
    } else {
      this.#parts.outbox.ackAfter(lastRow, delivery);
      this.#ended(ending.outcome, delivery, event);
      if (event) this.#parts.onHandled?.(event);
      if (delivery.wish || delivery.isRedrive) this.#parts.onLaneMoved?.();
    }
  }

  #ended(
    outcome: Outcome,
    delivery: Delivery,
    event?: Event,
    why?: Pick<Parked, "cause"> & Partial<Parked>,
  ): void {
    const { log, observer } = this.#parts;
    const { attempt, origin } = delivery;
    this.#underWay--;
    this.checkIdle();
    const within = why && event && observer?.within?.(event, delivery);
    observer?.ended?.(outcome, delivery, event, why?.cause);
    if (!why) {
      if (log.isLevelEnabled("debug"))
        log.debug({ outcome, attempt, ...(event ? inLog(event) : { key: origin.key }) }, outcome);
    } else {
      const { cause, stack, isWaiting } = why;
      const line = { outcome, attempt, ...(event ? inLog(event, within) : { key: origin.key }), cause };
      if (outcome === "parked" && !isWaiting) log.error({ ...line, stack }, outcome);
      else log.warn(line, outcome);
    }
  }
}

/** Whether there is something to be committed: an event that was handled or put aside, or a try that was counted. */
function hasWritten({ outcome }: Ending, call?: Call): boolean {
  if (outcome === "retried") return call?.end.kind === "failed";
  return outcome !== "duplicate" && outcome !== "asks";
}
