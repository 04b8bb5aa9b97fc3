// Group commit: whatever is waiting when the transaction begins shares its one fsync.

import { type Clock, realClock, type Timer } from "./clock.ts";

/** A piece of work that shares a transaction with others. */
export interface Job {
  /**
   * Runs inside the transaction; says whether it wrote anything. Throwing undoes the whole group: keep it for faults
   * of the database.
   */
  run(): boolean;
  /** Called after the commit, or when nobody in the group had anything to commit. */
  committed(): void;
  /** Called instead when the group was undone. */
  failed(error: Error): void;
}

const GROUP_LIMIT = 500;

/** What a group commit works with. */
export interface GroupCommitParts {
  readonly transaction: (work: () => boolean) => void;
  readonly afterEach: () => void;
  /** How long work may wait for company; 0, for work that somebody waits for, unless given. */
  readonly lingerMs?: number | undefined;
  readonly clock?: Clock | undefined;
}

/**
 * Gathers work and commits it together. A lone piece of work is committed in the same turn of the event loop;
 * a group forms only out of what arrived during the commit before.
 */
export class GroupCommit {
  readonly #parts: GroupCommitParts;
  readonly #lingerMs: number;
  readonly #clock: Clock;
  #queue: Job[] = [];
  #timer: Timer | undefined;

  constructor(parts: GroupCommitParts) {
    this.#parts = parts;
    this.#lingerMs = parts.lingerMs ?? 0;
    this.#clock = parts.clock ?? realClock;
  }

  /** How much work is waiting. */
  get size(): number {
    return this.#queue.length;
  }

  /** Puts a job at the end of the queue. */
  add(job: Job): void {
    this.#queue.push(job);
    if (this.#queue.length === GROUP_LIMIT || !this.#timer) this.#schedule();
  }

  /** Commits at once what lingers. */
  hurry(): void {
    if (this.#queue.length > 0) this.#schedule(0);
  }

  #schedule(lingerMs = this.#queue.length < GROUP_LIMIT ? this.#lingerMs : 0): void {
    this.#timer?.cancel();
    const flush = () => this.#flush();
    this.#timer = lingerMs === 0 ? this.#clock.soon(flush) : this.#clock.after(lingerMs, flush);
  }

  #flush(): void {
    this.#timer = undefined;
    const group = this.#queue.splice(0, GROUP_LIMIT);
    let fault: Error | undefined;
    try {
      this.#parts.transaction(() => {
        let wrote = false;
        for (const job of group) wrote = job.run() || wrote;
        return wrote;
      });
    } catch (error) {
      fault = error as Error;
    }
    for (const job of group) {
      if (fault) job.failed(fault);
      else job.committed();
    }
    this.#parts.afterEach();
    if (this.#queue.length > 0 && !this.#timer) this.#schedule();
  }
}
