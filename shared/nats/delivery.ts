// One delivery of a JetStream message: read it, and end it by an ack, a delayed nak, or a place in PARKED.

import type { JetStreamClient, JsMsg } from "@nats-io/jetstream";
import { headers } from "nats";
import { decode, type Event, keyOf, parseSubject, UndecodableError } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import type { Delivery } from "../service/consumer.ts";
import { fromHeaders } from "./headers.ts";
import { parkedSubject } from "./topology.ts";

/** How a service puts messages aside. */
export interface Parking {
  readonly js: JetStreamClient;
  readonly service: string;
  readonly log: Log;
}

const PARK_RETRY_MS = 5_000;

/** A delivery over NATS. It is in `held` until it has ended. */
export class NatsDelivery implements Delivery {
  readonly attempt: number;
  readonly #message: JsMsg;
  readonly #held: Set<NatsDelivery>;
  readonly #parking: Parking;

  constructor(message: JsMsg, held: Set<NatsDelivery>, parking: Parking) {
    this.attempt = message.info.deliveryCount;
    this.#message = message;
    this.#held = held.add(this);
    this.#parking = parking;
  }

  read(): Event {
    const { subject, data } = this.#message;
    const address = parseSubject(subject);
    if (!address) throw new UndecodableError(`no fact has the subject ${subject}`);
    const fact = decode(address.type, data);
    const key = keyOf(fact);
    if (key !== address.key) throw new UndecodableError(`the subject says ${address.key}, the data ${key}`);
    return Object.assign(fromHeaders(this.#message.headers, address.type, key), fact) as Event;
  }

  /** Says that it is still being worked on: the broker should not give it to anyone else meanwhile. */
  prolong(): void {
    this.#message.working();
  }

  ack(): void {
    this.#held.delete(this);
    this.#message.ack();
  }

  retry(delayMs: number): void {
    this.#held.delete(this);
    this.#message.nak(delayMs);
  }

  park(cause: Error): void {
    this.#publishParked(cause).then(
      () => this.ack(),
      (error) => {
        this.#parking.log.warn({ cause: error.message }, "can't park a message; it will come again");
        this.retry(PARK_RETRY_MS);
      },
    );
  }

  async #publishParked(cause: Error): Promise<void> {
    const { js, service } = this.#parking;
    const { subject, data, seq, info } = this.#message;
    const parked = headers();
    for (const [name, values] of this.#message.headers ?? []) {
      // Broker headers would act on the parked copy as well.
      if (!name.startsWith("Nats-")) for (const value of values) parked.append(name, value);
    }
    parked.set("Nats-Msg-Id", `${service}.${seq}.${info.timestampNanos}`);
    parked.set("Quadrille-Service", service);
    parked.set("Quadrille-Cause", cause.message.replace(/\s+/g, " ").slice(0, 1_000));
    parked.set("Quadrille-Subject", subject);
    parked.set("Quadrille-Sequence", `${seq}`);
    parked.set("Quadrille-Attempts", `${info.deliveryCount}`);
    const key = subject.slice(subject.lastIndexOf(".") + 1);
    await js.publish(parkedSubject(service, key), data, { headers: parked });
  }
}
