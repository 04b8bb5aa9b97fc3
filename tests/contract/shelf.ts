// The stream PARKED as one service on a bench sees it: the test can look at what is put aside.

import type { Event } from "../../shared/contracts/events.ts";
import type { Origin, Parked } from "../../shared/service/parked.ts";
import type { Parking } from "../../shared/service/redriver.ts";

/** What a message holds: the event, or why it can't be read. */
export type Content = Event | Error;

/** What is put aside, and why, in the order in which it was. */
export class Shelf implements Parking {
  /** Whether it can't be asked. */
  isAway = false;
  readonly #entries = new Map<string, { content: Content; parked: Parked }>();

  /** Why what is put aside is there. */
  get why(): Parked[] {
    return [...this.#entries.values()].map(({ parked }) => parked);
  }

  /** What is put aside, by the ids of events. */
  get held(): string[] {
    return [...this.#entries.values()].map(({ content }) => ("id" in content ? content.id : content.message));
  }

  put({ place }: Origin, content: Content, parked: Parked): void {
    this.#entries.set(place, { content, parked });
  }

  async find({ place }: Origin) {
    if (this.isAway) throw new Error("NATS is not reachable");
    const entry = this.#entries.get(place);
    return entry && { read: () => readable(entry.content) };
  }

  async update({ place }: Origin, parked: Parked): Promise<void> {
    const entry = this.#entries.get(place);
    if (entry) entry.parked = parked;
  }

  /** Forgets what is put aside. */
  lose(): void {
    this.#entries.clear();
  }

  async end({ place }: Origin): Promise<void> {
    this.#entries.delete(place);
  }
}

/** The event, if there is one. */
export function readable(content: Content): Event {
  if (content instanceof Error) throw content;
  return content;
}
