// How the flow stood at the last looks, for charts: kept in memory, and bounded.

import type { Snapshot } from "./poll.ts";

/** The last looks, oldest first, by column. Times are milliseconds since 1970. */
export interface Columns {
  readonly at: number[];
  /** Facts a second. */
  readonly facts: number[];
  /** Events that wait, by consumer. */
  readonly lag: Record<string, number[]>;
}

/** A quarter of an hour at a look every two seconds. */
export const LOOKS = 450;

/** What is remembered of each look. */
export class History {
  readonly #looks: { at: number; facts: number; lag: Record<string, number> }[] = [];

  /** Remembers a look; one that has not seen NATS tells nothing. */
  add({ at, nats, perSecond, consumers }: Snapshot): void {
    if (!nats.isConnected) return;
    const facts = Object.values(perSecond).reduce((sum, rate) => sum + rate, 0);
    const lag = Object.fromEntries(consumers.map(({ name, lag }) => [name, lag]));
    this.#looks.push({ at, facts: Math.round(facts * 10) / 10, lag });
    if (this.#looks.length > LOOKS) this.#looks.shift();
  }

  columns(): Columns {
    const names = Object.keys(this.#looks.at(-1)?.lag ?? {});
    return {
      at: this.#looks.map(({ at }) => at),
      facts: this.#looks.map(({ facts }) => facts),
      lag: Object.fromEntries(names.map((name) => [name, this.#looks.map(({ lag }) => lag[name] ?? 0)])),
    };
  }
}
