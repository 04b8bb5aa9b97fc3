// The stream PARKED as one service on a bench sees it: the test can look at what is put aside, and take it away.

import type { Event } from "../../shared/contracts/events.ts";
import type { Origin, Parked } from "../../shared/service/parked.ts";
import type { Found, Parking } from "../../shared/service/redriver.ts";

/** What a message holds: the event, or why it can't be read. */
export type Content = Event | Error;

/** What is put aside, and why, in the order of the stream of the flow. */
export class Shelf implements Parking {
  /** Whether it can't be asked, and whether it takes nothing. */
  isAway = false;
  isFull = false;
  /** Until when it takes its time with what it is given. */
  slow: Promise<void> | undefined;
  /** How often it was looked for something, and what was put there, by place. */
  looks = 0;
  puts: string[] = [];
  #entries = new Map<string, Found & Origin>();
  #copy = new Map<string, Found & Origin>();
  #made = 1;
  #newest = 0;

  /** Why what is put aside is there. */
  get why(): Parked[] {
    return this.#inOrder.map(({ parked }) => parked);
  }

  /** What is put aside, by the ids of events. */
  get held(): string[] {
    return this.#inOrder
      .map(({ message }) => contentOf(message))
      .map((content) => ("id" in content ? content.id : content.message));
  }

  get #inOrder(): (Found & Origin)[] {
    return [...this.#entries.values()].sort((a, b) => a.sequence - b.sequence);
  }

  async stream(): Promise<string> {
    this.#ask();
    return `${this.#made}`;
  }

  async put({ place, sequence, key }: Origin, message: Uint8Array, parked: Parked): Promise<number> {
    this.#ask();
    if (this.isFull) throw new Error("PARKED is full");
    await this.slow;
    this.puts.push(place);
    const number = ++this.#newest;
    this.#entries.set(place, { place, sequence, key, message, parked, number });
    return number;
  }

  async find({ place }: Origin): Promise<Found | undefined> {
    this.#ask();
    this.looks++;
    return this.#entries.get(place);
  }

  async end({ place }: Origin): Promise<void> {
    this.#ask();
    this.#entries.delete(place);
  }

  read(message: Uint8Array): Event {
    return readable(contentOf(message));
  }

  /** Is made anew, empty. */
  lose(): void {
    this.#entries.clear();
    this.#made++;
    this.#newest = 0;
  }

  /** Makes a copy of what is there now. */
  copy(): void {
    this.#copy = new Map(this.#entries);
  }

  /** Is put back to the copy. */
  putBack(): void {
    this.#entries = new Map(this.#copy);
    this.#newest = Math.max(0, ...[...this.#copy.values()].map(({ number }) => number));
  }

  #ask(): void {
    if (this.isAway) throw new Error("NATS is not reachable");
  }
}

/** Every content that was put into bytes: the bytes are its number. */
const contents: Content[] = [];
const numbers = new Map<Content, number>();

export function bytesOf(content: Content): Uint8Array {
  if (!numbers.has(content)) numbers.set(content, contents.push(content) - 1);
  return Buffer.from(`${numbers.get(content)}`);
}

function contentOf(message: Uint8Array): Content {
  return contents[Number(Buffer.from(message).toString())]!;
}

/** The event, if there is one. */
export function readable(content: Content): Event {
  if (content instanceof Error) throw content;
  return content;
}
