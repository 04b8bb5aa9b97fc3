// What is parked, kept up to date by reading only what PARKED has got since the last time.

import type { NatsObserver, StreamStand } from "../nats/observer.ts";
import { PARKED_STREAM } from "../nats/topology.ts";
import { type Entry, entryOf, type Group, groupsOf } from "./entries.ts";

/** An entry as the board keeps it: without its stack and its bytes, of which there may be many. */
export type Note = Omit<Entry, "stack" | "message">;

const PAGE = 500;
/** The most messages that are read at one look: the rest is read at the next ones. */
const PAGES = 10;

/** The entries of PARKED. */
export class Board {
  readonly #observer: NatsObserver;
  /** By subject; a message that comes anew goes to the end, so that they are in the order of PARKED. */
  readonly #notes = new Map<string, Note>();
  /** For whoever asks until something changes: many may ask, and there may be very many notes. */
  #shown: { readonly notes: readonly Note[]; groups?: readonly Group[] } | undefined;
  #through = 0;
  #life: string | undefined;

  constructor(observer: NatsObserver) {
    this.#observer = observer;
  }

  /** The entries as of the last look, oldest first. */
  get notes(): readonly Note[] {
    this.#shown ??= { notes: [...this.#notes.values()] };
    return this.#shown.notes;
  }

  /** The entries by the cause of their failure, the most frequent first. */
  get groups(): readonly Group[] {
    const { notes } = this;
    const shown = this.#shown!;
    shown.groups ??= groupsOf(notes);
    return shown.groups;
  }

  /** Reads what is new, 5,000 messages at most. Rejects when NATS does not answer. */
  async look(): Promise<void> {
    const stream = await this.#observer.stream(PARKED_STREAM);
    if (stream.life !== this.#life) this.#forget(); // Its numbers may be others' now.
    this.#life = stream.life;
    for (let page = 0; page < PAGES && this.#through < stream.lastSeq; page++) await this.#readPage(stream);
    this.#expire(stream);
  }

  async #readPage({ firstSeq, lastSeq }: StreamStand): Promise<void> {
    const from = Math.max(this.#through + 1, firstSeq);
    const messages = await this.#observer.messages(PARKED_STREAM, from, PAGE);
    this.#shown = undefined;
    for (const message of messages) {
      const entry = entryOf(message);
      this.#notes.delete(message.subject);
      if (entry) this.#notes.set(message.subject, noteOf(entry));
    }
    this.#through = messages.at(-1)?.seq ?? lastSeq;
  }

  /** What PARKED does not have any more because of its age; it says so of nothing. */
  #expire({ messages, firstSeq }: StreamStand): void {
    for (const [subject, { id }] of this.#notes) {
      if (messages > 0 && id >= firstSeq) return; // It goes in the order in which it came.
      this.#notes.delete(subject);
      this.#shown = undefined;
    }
  }

  #forget(): void {
    this.#notes.clear();
    this.#shown = undefined;
    this.#through = 0;
  }
}

/** An entry without what takes room. */
export function noteOf({ stack: _, message: __, ...note }: Entry): Note {
  return note;
}
