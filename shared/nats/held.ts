// The deliveries that a service holds, and how far the broker has counted them.

import type { NatsDelivery } from "./delivery.ts";

/** The deliveries of a consumer that were taken and have not ended. */
export class Held extends Set<NatsDelivery> {
  #next = 1;

  /** The number that the broker gives to the next delivery, at least. */
  get next(): number {
    return this.#next;
  }

  /**
   * Says which number the next delivery has. Where the broker counts from an older one its consumer was put back or made
   * anew: what is held may be known there under other numbers, so it is let go, and comes again.
   */
  expect(next: number): void {
    if (next < this.#next) this.clear();
    this.#next = next;
  }
}
