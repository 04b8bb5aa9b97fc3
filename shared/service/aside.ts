// What becomes of messages that can't be handled, inside the transaction: they are put aside, keep their place, and are let go.

import type { Event } from "../contracts/events.ts";
import type { Clock } from "./clock.ts";
import type { Store } from "./define.ts";
import type { Delivery, Wish } from "./delivery.ts";
import type { Engine } from "./engine.ts";
import { fingerprintOf, type Parked } from "./parked.ts";

/** The lanes of one service, as its deliveries meet them. Every method belongs into the current transaction. */
export class Aside {
  readonly #engine: Engine<Store<unknown>>;
  readonly #clock: Clock;

  constructor(engine: Engine<Store<unknown>>, clock: Clock) {
    this.#engine = engine;
    this.#clock = clock;
  }

  /** Puts a message aside that has failed. */
  put(delivery: Delivery, error: Error, event?: Event): Parked {
    const { attempt, origin } = delivery;
    const lastAt = this.#clock.now();
    const { times: attempts, firstAt } = (event && this.#engine.attempts.find(event.id)) ?? {
      times: attempt,
      firstAt: lastAt,
    };
    const { message: cause, stack = "" } = error;
    const fingerprint = fingerprintOf(event?.type ?? "unreadable", error);
    const why = { cause, stack, fingerprint, attempts, firstAt, lastAt, isWaiting: false };
    return this.#engine.parked.put(origin, why, delivery.message());
  }

  /**
   * What was put aside stays there until an operator redrives it, and whatever comes later waits behind it; undefined for what
   * may be handled.
   */
  kept(delivery: Delivery, event: Event): Parked | undefined {
    const { origin, isRedrive } = delivery;
    const { parked } = this.#engine;
    if (isRedrive) return undefined;
    const already = parked.find(origin.place);
    if (already) return already;
    const ahead = parked.ahead(origin);
    if (!ahead || this.#engine.knows(event.id)) return undefined;
    const now = this.#clock.now();
    const waiting = { isWaiting: true, attempts: 0, firstAt: now, lastAt: now, stack: "" };
    const cause = "waits behind an earlier message of its lane";
    const why = { ...waiting, cause, fingerprint: ahead.fingerprint };
    return parked.put(origin, why, delivery.message());
  }

  /** Whether a message that was to be tried again is so no more: meanwhile an operator has given it up. */
  isOver({ isRedrive, origin }: Delivery): boolean {
    return isRedrive === true && this.#engine.parked.get(origin.place)?.state !== "redriven";
  }

  /** Does what an operator wants. The same may be wanted again, by a word that comes twice: what was handled has ended. */
  obey({ origin }: Delivery, { do: wanted, eventId }: Wish): void {
    const { attempts, parked } = this.#engine;
    if (eventId) attempts.forget(eventId);
    if (wanted === "discard" && eventId) this.#engine.receive(eventId);
    if (wanted === "discard" || (eventId && this.#engine.knows(eventId))) parked.end(origin);
    else parked.redrive(origin);
  }
}
