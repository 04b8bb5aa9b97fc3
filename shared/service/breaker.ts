// A circuit breaker: when nobody outside answers any more, calls are paused for all, and one at a time finds out whether it is over.

import { type Clock, realClock } from "./clock.ts";

const PAUSE_FROM_MS = 1_000;
const PAUSE_UP_TO_MS = 30_000;

/** Whether it is of any use to call what a service calls. */
export class Breaker {
  readonly #opensAfter: number;
  readonly #clock: Clock;
  /** The keys whose calls have failed since the last that was answered. */
  readonly #failed = new Set<string>();
  #pauseMs = 0;
  #until = 0;
  #isProbing = false;

  /** It opens when calls for `opensAfter` different keys have failed with none answered in between. */
  constructor(opensAfter: number, clock = realClock) {
    this.#opensAfter = opensAfter;
    this.#clock = clock;
  }

  /** Whether calls are paused. */
  get isOpen(): boolean {
    return this.#pauseMs > 0;
  }

  /** How long the present pause is, in milliseconds; 0 when calls are not paused. */
  get pauseMs(): number {
    return this.#pauseMs;
  }

  /** When the present pause ends, in milliseconds since 1970. */
  get until(): number {
    return this.#until;
  }

  /**
   * For how many milliseconds no call should be made; 0 when one may be. While it is open, only one at a time gets 0,
   * as a probe: it has to call, and to say how that ended.
   */
  admit(): number {
    if (!this.isOpen) return 0;
    const now = this.#clock.now();
    this.#until = Math.min(this.#until, now + this.#pauseMs); // The clock may have been set back.
    const left = this.#until - now;
    if (left > 0 || this.#isProbing) return Math.max(left, PAUSE_FROM_MS);
    this.#isProbing = true;
    return 0;
  }

  /** A call was answered, whatever the answer. Says whether calls were paused until now. */
  succeeded(): boolean {
    const wasOpen = this.isOpen;
    this.#failed.clear();
    this.#isProbing = false;
    this.#pauseMs = 0;
    return wasOpen;
  }

  /** A call was not answered. Returns for how many milliseconds calls are paused from now on, if that changes. */
  failed(key: string, isProbe: boolean): number | undefined {
    if (isProbe) this.#isProbing = false;
    else if (this.isOpen) return undefined; // It began before.
    this.#failed.add(key);
    if (!isProbe && this.#failed.size < this.#opensAfter) return undefined;
    this.#pauseMs = Math.min(Math.max(this.#pauseMs * 2, PAUSE_FROM_MS), PAUSE_UP_TO_MS);
    this.#until = this.#clock.now() + this.#pauseMs;
    return this.#pauseMs;
  }
}
