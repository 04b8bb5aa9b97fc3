// Virtual time: calls are made in the order of their times, and between two of them no time passes.

import type { Timer } from "../../service/clock.ts";

/** How many calls share a turn of the event loop. */
const CALLS_A_TURN = 64;

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly isErrand: boolean;
  call: (() => void) | undefined;
}

/** What is to be called, and when: a binary heap by time, then by the order in which it was asked for. */
export class Scheduler {
  readonly #heap: Entry[] = [];
  #now = 0;
  #order = 0;
  #errands = 0;
  #made = 0;

  /** Milliseconds since the beginning. */
  get now(): number {
    return this.#now;
  }

  /** How many errands are still to be run. */
  get errands(): number {
    return this.#errands;
  }

  /** How many calls were made. */
  get made(): number {
    return this.#made;
  }

  /** Calls after some milliseconds; at once means after everything that is due at this moment already. */
  after(milliseconds: number, call: () => void): Timer {
    return this.#add(milliseconds, call, false);
  }

  /** The same for something that has to be over before all is at rest. */
  errand(milliseconds: number, call: () => void): Timer {
    return this.#add(milliseconds, call, true);
  }

  /**
   * Makes the calls until `isOver` says so before one of them, or there is none. Between two calls all promises that
   * can go on do so: Node empties its queue of microtasks between two immediates. Rejects with what a call throws.
   */
  run(isOver: () => boolean): Promise<void> {
    return new Promise((resolve, reject) => {
      let waiting = 0;
      let ended = false;
      const turn = () => {
        waiting--;
        if (!ended) {
          try {
            ended = isOver() || !this.#step();
          } catch (error) {
            ended = true;
            reject(error);
          }
          if (ended) resolve();
        }
        if (!ended && waiting === 0) turns();
      };
      const turns = () => {
        for (; waiting < CALLS_A_TURN; waiting++) setImmediate(turn);
      };
      turns();
    });
  }

  #add(milliseconds: number, call: () => void, isErrand: boolean): Timer {
    const time = this.#now + Math.max(0, Math.ceil(milliseconds));
    const entry: Entry = { time, order: this.#order++, isErrand, call };
    if (isErrand) this.#errands++;
    this.#push(entry);
    return {
      cancel: () => {
        if (entry.call && isErrand) this.#errands--;
        entry.call = undefined;
      },
    };
  }

  /** Makes the next call; false when there is none. */
  #step(): boolean {
    for (let next = this.#pop(); next; next = this.#pop()) {
      const { call } = next;
      if (!call) continue;
      next.call = undefined;
      if (next.isErrand) this.#errands--;
      this.#now = next.time;
      this.#made++;
      call();
      return true;
    }
    return false;
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let at = heap.push(entry) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (isBefore(heap[parent]!, entry)) break;
      heap[at] = heap[parent]!;
      at = parent;
    }
    heap[at] = entry;
  }

  #pop(): Entry | undefined {
    const heap = this.#heap;
    const first = heap[0];
    const last = heap.pop();
    if (!last || heap.length === 0) return first;
    let at = 0;
    for (let child = 1; child < heap.length; child = 2 * at + 1) {
      if (child + 1 < heap.length && isBefore(heap[child + 1]!, heap[child]!)) child++;
      if (isBefore(last, heap[child]!)) break;
      heap[at] = heap[child]!;
      at = child;
    }
    heap[at] = last;
    return first;
  }
}

function isBefore(one: Entry, other: Entry): boolean {
  return one.time < other.time || (one.time === other.time && one.order < other.order);
}
