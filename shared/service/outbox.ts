// Moves the outbox to the stream, in order, and acks each delivery once everything it led to is stored there.

import { type Clock, realClock, type Timer } from "./clock.ts";
import type { OutboxRow } from "./engine.ts";

/** What the publisher needs of the rest; a test or a simulation may stand in for each. */
export interface OutboxSource {
  readonly publishedThrough: number;
  outboxAfter(row: number): OutboxRow[];
}

/** Publishes rows in order; resolves to how many, from the first, are stored; rejects when none is. */
export type Publish = (rows: readonly OutboxRow[]) => Promise<number>;

/** What waits for its facts to be stored. */
interface Ackable {
  ack(): void;
}

const RETRY_FROM_MS = 100;
const RETRY_UP_TO_MS = 5_000;

/** Publishes an outbox, one batch at a time: while one is under way, the next one gathers. */
export class OutboxPublisher {
  readonly #source: OutboxSource;
  readonly #publish: Publish;
  readonly #onFailure: (error: Error, retryInMs: number) => void;
  readonly #clock: Clock;
  readonly #waiting: { row: number; delivery: Ackable }[] = [];
  #through: number;
  #running: Promise<void> | undefined;
  #again = false;
  #wake: (() => void) | undefined;
  #stopped = false;

  constructor(
    source: OutboxSource,
    publish: Publish,
    onFailure: (error: Error, retryInMs: number) => void,
    clock = realClock,
  ) {
    this.#source = source;
    this.#publish = publish;
    this.#onFailure = onFailure;
    this.#clock = clock;
    this.#through = source.publishedThrough;
  }

  /** The newest row that is stored in the stream. */
  get through(): number {
    return this.#through;
  }

  /** Acks the delivery once the stream holds every row up to `row`; in the order of the calls. */
  ackAfter(row: number, delivery: Ackable): void {
    if (row <= this.#through && this.#waiting.length === 0) delivery.ack();
    else this.#waiting.push({ row, delivery });
  }

  /** Says that the broker may be back: no need to wait for the next try. */
  retryNow(): void {
    this.#wake?.();
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
    this.retryNow();
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
    let retryInMs = RETRY_FROM_MS;
    while (!this.#stopped) {
      this.#again = false;
      try {
        const rows = this.#source.outboxAfter(this.#through);
        if (rows.length === 0) {
          this.#ackStored();
          return;
        }
        const stored = await this.#publish(rows);
        if (this.#stopped) return;
        this.#through = rows[stored - 1]!.id;
        this.#ackStored();
        retryInMs = RETRY_FROM_MS;
      } catch (error) {
        if (this.#stopped) return;
        this.#onFailure(error as Error, retryInMs);
        await this.#pause(retryInMs);
        retryInMs = Math.min(retryInMs * 2, RETRY_UP_TO_MS);
      }
    }
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
