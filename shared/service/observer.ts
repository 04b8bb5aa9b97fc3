// Who watches a service at work, such as metrics and traces. Without one nothing is measured, and nothing costs anything.

import type { Event, FactType } from "../contracts/events.ts";
import type { Delivery, Outcome } from "./delivery.ts";
import type { OutboxRow } from "./engine.ts";

/**
 * Is told what a service does while it does it, so every method has to be quick and must not throw. It decides nothing, but
 * for the W3C trace context that facts and calls are made under. Times are in milliseconds.
 */
export interface Observer {
  /** There is something to tell of a delivery: facts, calls, or a warning. The answer is the trace context for it. */
  within?(event: Event, delivery: Arrival): string | undefined;
  /** A delivery has ended, with its event, if it brought one that can be read. */
  ended?(outcome: Outcome, delivery: Arrival, event?: Event, cause?: string): void;
  /** One event was decided on, with all that was read and noted for it. */
  decided?(ms: number): void;
  /** A transaction was committed. */
  committed?(ms: number): void;
  /** A call for an event begins; the answer is told how it ends. */
  calling?(event: Event): (error?: Error) => void;
  /** A call for an event is not made, since calls are paused. */
  paused?(event: Event): void;
  /** A command is to be decided, or a deadline strikes, in the trace context that is known so far. */
  deciding?(what: Deed, key: string, traceparent?: string): Deciding;
  /** Facts were stored in the stream, in order; with `again`, facts that it has had before. */
  published?(rows: readonly OutboxRow[], again?: string): void;
}

/** What of a delivery is told. */
export type Arrival = Pick<Delivery, "attempt" | "cameAt">;

/** What is decided on without an event. */
export interface Deed {
  readonly kind: "command" | "deadline";
  readonly name: string;
  readonly emits: readonly FactType[];
}

/** A decision without an event: the trace context of the facts that it says, and who is told how it ends. */
export interface Deciding {
  readonly traceparent?: string | undefined;
  ended(outcome: string): void;
}

/** One observer for several, of which the last word on a trace context counts; undefined for none. */
export function together(observers: readonly Observer[]): Observer | undefined {
  if (observers.length < 2) return observers[0];
  return {
    within: (event, delivery) => observers.map((each) => each.within?.(event, delivery)).findLast(Boolean),
    ended(outcome, delivery, event, cause) {
      for (const each of observers) each.ended?.(outcome, delivery, event, cause);
    },
    decided(ms) {
      for (const each of observers) each.decided?.(ms);
    },
    committed(ms) {
      for (const each of observers) each.committed?.(ms);
    },
    calling(event) {
      const told = observers.map((each) => each.calling?.(event));
      return (error) => {
        for (const tell of told) tell?.(error);
      };
    },
    paused(event) {
      for (const each of observers) each.paused?.(event);
    },
    deciding(what, key, traceparent) {
      const all = observers.map((each) => each.deciding?.(what, key, traceparent));
      return {
        traceparent: all.findLast((one) => one?.traceparent)?.traceparent,
        ended(outcome) {
          for (const one of all) one?.ended(outcome);
        },
      };
    },
    published(rows, again) {
      for (const each of observers) each.published?.(rows, again);
    },
  };
}
