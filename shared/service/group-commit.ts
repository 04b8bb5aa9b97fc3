// Group commit: whatever is waiting when the transaction begins shares its one fsync.

/** A piece of work that shares a transaction with others. */
export interface Work {
  /** Runs inside the transaction. Throwing undoes the whole group: keep it for faults of the database. */
  run(): void;
  /** Called after the commit. */
  committed(): void;
  /** Called instead when the group was undone. */
  failed(error: Error): void;
}

const GROUP_LIMIT = 500;

/**
 * Gathers work and commits it together. A lone piece of work is committed in the same turn of the event loop;
 * a group forms only out of what arrived during the commit before.
 */
export class GroupCommit {
  readonly #transaction: (work: () => void) => void;
  readonly #afterEach: () => void;
  #queue: Work[] = [];
  #scheduled = false;

  constructor(transaction: (work: () => void) => void, afterEach: () => void) {
    this.#transaction = transaction;
    this.#afterEach = afterEach;
  }

  /** How much work is waiting. */
  get size(): number {
    return this.#queue.length;
  }

  /** Puts work at the end of the queue. */
  add(work: Work): void {
    this.#queue.push(work);
    if (this.#scheduled) return;
    this.#scheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    const group = this.#queue.splice(0, GROUP_LIMIT);
    let fault: Error | undefined;
    try {
      this.#transaction(() => {
        for (const work of group) work.run();
      });
    } catch (error) {
      fault = error as Error;
    }
    for (const work of group) {
      if (fault) work.failed(fault);
      else work.committed();
    }
    this.#afterEach();
    if (this.#queue.length > 0) setImmediate(() => this.#flush());
    else this.#scheduled = false;
  }
}
