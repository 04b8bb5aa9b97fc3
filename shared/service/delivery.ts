// A delivery of a message as a service sees it, whoever brings it: the broker, an operator who has it tried again, or a test.

import type { Event } from "../contracts/events.ts";
import type { Origin, Parked } from "./parked.ts";

/** One delivery of a message, as the consumer sees it. Exactly one of `ack`, `retry` and `park` ends it. */
export interface Delivery {
  /** How often the broker has delivered the message, this time included. */
  readonly attempt: number;
  /** When it came, in milliseconds since 1970. */
  readonly cameAt: number;
  /** Which message it is about: itself, but for what an operator says. */
  readonly origin: Origin;
  /** Whether an operator has it tried again: nothing is ahead of it in its lane. */
  readonly isRedrive?: boolean;
  /** What an operator wants done with the message, which is put aside. */
  readonly wish?: Wish | undefined;
  /** The event in it, which no other delivery has as the same object. Throws when the message can't be read. */
  read(): Event;
  /** Its bytes, as far as they are needed to put it aside. */
  message(): Uint8Array;
  ack(): void;
  /** Hands the message back, to be delivered again after a delay. */
  retry(delayMs: number): void;
  /** Says that the message is put aside, and does not come again. */
  park(parked: Parked): void;
}

/** What an operator may want: that a message is tried again, or given up; `eventId` names the event in it, if there is one. */
export type Wish = { readonly do: "redrive" | "discard"; readonly eventId?: string | undefined };

/** How a delivery ends; the same five words in logs and metrics. */
export type Outcome = "reacted" | "ignored" | "duplicate" | "retried" | "parked";
