// Moves the outbox to the stream, in order, and acks each delivery once everything it led to is stored there. What the
// stream has lost since then is moved there again.

import { type Clock, realClock, type Timer } from "./clock.ts";
import type { OutboxRow } from "./engine.ts";
import { type Lookout, type OutboxRows, storedThrough } from "./lost.ts";
import type { Observer } from "./observer.ts";

/** What the publisher needs of the rest; a test or a simulation may stand in for each. */
export interface OutboxSource extends OutboxRows {
  readonly publishedThrough: number;
  outboxAfter(row: number): OutboxRow[];
}

/**
 * Publishes rows in order; resolves to how many, from the first, are stored; rejects when none is. Rows that the broker has
 * had before and has lost are published `again`, under ids made with that word: it may remember the old ones.
 */
export type Publish = (rows: readonly OutboxRow[], again?: string) => Promise<number>;

/** What waits for its facts to be stored. */
interface Ackable {
  ack(): void;
}

const RETRY_FROM_MS = 100;
const RETRY_UP_TO_MS = 5_000;

/** What the publisher works with. */
export interface OutboxParts {
  readonly source: OutboxSource;
  readonly publish: Publish;
  readonly onFailure: (error: Error, retryInMs: number) => void;
  /** Without it, what the broker has acknowledged is taken for stored for good. */
  readonly lookout?: Lookout | undefined;
  readonly observer?: Observer | undefined;
  readonly clock?: Clock | undefined;
}

/** Publishes an outbox, one batch at a time: while one is under way, the next one gathers. */
export class OutboxPublisher {
  readonly #parts: OutboxParts;
  readonly #clock: Clock;
  readonly #waiting: { row: number; delivery: Ackable }[] = [];
  #through: number;
  /** Whether the stream may have lost what it had: it is looked before anything is published. */
  #isToLook: boolean;
  /** Whether that holds of what is on its way as well. */
  #inDoubt = false;
  /** What was lost and is published again: up to which row, and under which ids. */
  #healing = { to: 0, again: "" };
  #running: Promise<void> | undefined;
  #again = false;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(parts: OutboxParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
    this.#through = parts.source.publishedThrough;
    this.#isToLook = this.#canLook;
  }

  /** The newest row that is stored in the stream. */
  get through(): number {
    return this.#through;
  }

  get #canLook(): boolean {
    return this.#parts.lookout !== undefined;
  }

  /** Acks the delivery once the stream holds every row up to `row`; in the order of the calls. */
  ackAfter(row: number, delivery: Ackable): void {
    if (row <= this.#through && this.#waiting.length === 0 && !this.#isToLook) delivery.ack();
    else this.#waiting.push({ row, delivery });
  }

  /** Says that the broker may be back, with or without what it had or was just given: no need to wait for the next try. */
  retryNow(): void {
    this.#doubt();
    this.#wake?.();
    this.kick();
  }

  /** Says that the stream may have lost something, though nothing seems to have happened: what is on its way counts. */
  look(): void {
    this.#isToLook = this.#canLook;
    this.kick();
  }

  /** Says that there may be new rows. */
  kick(): void {
    this.#again = true;
    if (this.#stopped) return;
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined;
      if (this.#again && !this.#stopped) this.kick();
    });
  }

  /** Resolves when the outbox is empty, or after `timeoutMs`; nothing is published afterwards. */
  async stop(timeoutMs: number): Promise<void> {
    this.#wake?.();
    this.kick();
    let timer: Timer | undefined;
    const timeout = new Promise<void>((resolve) => {
      timer = this.#clock.after(timeoutMs, resolve);
    });
    await Promise.race([this.#running, timeout]);
    timer?.cancel();
    this.#stopped = true;
    this.#wake?.();
  }

  async #run(): Promise<void> {
    const { source, publish, observer, onFailure } = this.#parts;
    let retryInMs = RETRY_FROM_MS;
    while (!this.#stopped) {
      this.#again = false;
      try {
        while (this.#isToLook) await this.#goBack();
        if (this.#stopped) return;
        this.#ackStored();
        const page = source.outboxAfter(this.#through);
        if (page.length === 0) return;
        const { to, again } = this.#healing;
        const wereLost = this.#through < to;
        const rows = wereLost ? page.filter(({ id }) => id <= to) : page;
        const stored = await publish(rows, wereLost ? again : undefined);
        observer?.published?.(rows.slice(0, stored), wereLost ? again : undefined);
        if (this.#stopped) return;
        if (this.#inDoubt) continue; // The broker went and came back meanwhile: what it has said may not hold.
        this.#through = rows[stored - 1]!.id;
        this.#ackStored();
        retryInMs = RETRY_FROM_MS;
      } catch (error) {
        if (this.#stopped) return;
        this.#doubt();
        onFailure(error as Error, retryInMs);
        await this.#pause(retryInMs);
        retryInMs = Math.min(retryInMs * 2, RETRY_UP_TO_MS);
      }
    }
  }

  #doubt(): void {
    this.#isToLook = this.#canLook;
    this.#inDoubt = this.#isToLook;
  }

  /** Goes back to the newest row that the stream still has, if it has lost some. */
  async #goBack(): Promise<void> {
    const { source, lookout } = this.#parts;
    this.#isToLook = false; // Who doubts while it is looked has it looked once more.
    this.#inDoubt = false;
    const now = this.#clock.now();
    const there = await storedThrough(source, this.#through, lookout!, now);
    if (there === this.#through || this.#stopped) return;
    lookout!.onLost(this.#through - there);
    // What was lost before, and is not published again yet, is under its old id still known to the broker.
    this.#healing = { to: Math.max(this.#healing.to, this.#through), again: `again-${now}` };
    this.#through = there;
  }

  #ackStored(): void {
    let stored = 0;
    while (stored < this.#waiting.length && this.#waiting[stored]!.row <= this.#through) {
      this.#waiting[stored++]!.delivery.ack();
    }
    this.#waiting.splice(0, stored);
  }

  #pause(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#clock.after(milliseconds, resolve);
      this.#wake = () => {
        timer.cancel();
        resolve();
      };
    });
  }
}
