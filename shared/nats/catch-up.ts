// How far a service is behind, how fast it catches up, and when it will be there. What each delivery says is enough: nobody is asked.

import type { Log } from "../observability/log.ts";

/** How a service stands that has much to catch up. */
export interface Backlog {
  /** How many events wait for it, those under way included. */
  readonly behind: number;
  /** By how many a second that becomes less; below zero when it becomes more. */
  readonly perSecond: number;
  /** When it will have caught up at this rate, in seconds from now; null when never. */
  readonly etaSeconds: number | null;
}

/** From here on a service is said to be behind, and down to there. */
const BEHIND_FROM = 1_000;
const BEHIND_TO = 100;
/** How many looks the rate is made of, and after how many each line of the log comes. */
const WINDOW = 5;

/** The backlog of one service; to be looked at once a second. */
export class CatchUp {
  readonly #held: () => number;
  readonly #log: Log;
  readonly #now: () => number;
  #pending = 0;
  /** Since when it is behind, in milliseconds, and how much it was then. */
  #since: { at: number; behind: number } | undefined;
  #looks: { at: number; behind: number }[] = [];
  #lines = 0;

  /** `held` tells how many deliveries are under way. */
  constructor(held: () => number, log: Log, now = () => performance.now()) {
    this.#held = held;
    this.#log = log;
    this.#now = now;
  }

  /** Says how many events wait in the broker, as each delivery tells. */
  expect(pending: number): void {
    this.#pending = pending;
  }

  /** How many events wait, those under way included. */
  get behind(): number {
    return this.#stand().behind;
  }

  /** How it stands, if it is behind. */
  get backlog(): Backlog | undefined {
    if (!this.#since) return undefined;
    const [first] = this.#looks;
    const { at, behind } = this.#stand();
    const seconds = (at - first!.at) / 1_000;
    const perSecond = seconds > 0 ? Math.round((first!.behind - behind) / seconds) : 0;
    return { behind, perSecond, etaSeconds: perSecond > 0 ? Math.ceil(behind / perSecond) : null };
  }

  /** Takes note of how it stands, and tells the log when it falls behind, every five looks, and when it has caught up. */
  look(): void {
    const stand = this.#stand();
    if (!this.#since && stand.behind < BEHIND_FROM) return;
    this.#looks = [...this.#looks, stand].slice(-WINDOW);
    if (!this.#since) {
      this.#since = stand;
      this.#lines = 0;
      this.#log.info({ behind: stand.behind }, "behind; catching up");
    } else if (stand.behind < BEHIND_TO) {
      const seconds = Math.round((stand.at - this.#since.at) / 100) / 10;
      this.#log.info({ events: this.#since.behind, seconds }, "caught up");
      this.#since = undefined;
      this.#looks = [];
    } else if (++this.#lines % WINDOW === 0) this.#log.info(this.backlog, "catching up");
  }

  #stand(): { at: number; behind: number } {
    return { at: this.#now(), behind: this.#pending + this.#held() };
  }
}
