// One delivery of a JetStream message: read it, and end it by an ack or a delayed nak.

import type { JsMsg } from "@nats-io/jetstream";
import type { Event } from "../contracts/events.ts";
import type { Delivery, Wish } from "../service/delivery.ts";
import type { Origin } from "../service/parked.ts";
import { readEvent } from "./headers.ts";
import { packed, sayable } from "./parking.ts";
import { wishes } from "./topology.ts";

const PLACE = /^\d{1,15}-\d{1,20}$/;

/**
 * A delivery over NATS. It is in `held` until it has ended. Once it is not, it says nothing: where a stream was put back,
 * its number may be another message's.
 */
export class NatsDelivery implements Delivery {
  readonly attempt: number;
  readonly cameAt = Date.now();
  readonly origin: Origin;
  readonly wish: Wish | undefined;
  readonly #message: JsMsg;
  readonly #held: Set<NatsDelivery>;

  constructor(message: JsMsg, held: Set<NatsDelivery>) {
    const { subject, info } = message;
    this.attempt = info.deliveryCount;
    const said = wishIn(message);
    this.wish = said;
    const place = said ? said.place : placeOf(message);
    const key = subject.slice(subject.lastIndexOf(".") + 1);
    this.origin = { place, sequence: Number.parseInt(place, 10), key };
    this.#message = message;
    this.#held = held.add(this);
  }

  read(): Event {
    return readEvent(this.#message);
  }

  message(): Uint8Array {
    return packed(this.#message);
  }

  /** Says that it is still being worked on: the broker should not give it to anyone else meanwhile. */
  prolong(): void {
    this.#message.working();
  }

  ack(): void {
    if (this.#held.delete(this)) this.#message.ack();
  }

  retry(delayMs: number): void {
    if (this.#held.delete(this)) this.#message.nak(delayMs);
  }

  park(): void {
    this.ack();
  }
}

/** What a message is called for as long as it is put aside. */
export function placeOf({ info }: JsMsg): string {
  return `${info.streamSequence}-${info.timestampNanos}`;
}

/** What an operator wants with a parked message. Nobody else may publish on such a subject. */
function wishIn(message: JsMsg): (Wish & Pick<Origin, "place">) | undefined {
  const said = message.subject.slice(0, message.subject.indexOf("."));
  if (!Object.hasOwn(wishes, said)) return undefined;
  const headers = sayable(message);
  const place = headers.get("Quadrille-Place");
  if (!PLACE.test(place)) return undefined;
  return {
    do: wishes[said as keyof typeof wishes],
    place,
    eventId: headers.get("Quadrille-Event") || undefined,
  };
}
