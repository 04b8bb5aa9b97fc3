// One delivery of a JetStream message: read it, and end it by an ack, a delayed nak, or a place in PARKED.

import type { JetStreamClient, JsMsg } from "@nats-io/jetstream";
import { headers, type MsgHdrs } from "nats";
import { decode, type Event, keyOf, parseSubject, UndecodableError } from "../contracts/events.ts";
import type { Delivery } from "../service/consumer.ts";
import type { Parked } from "../service/parked.ts";
import { fromHeaders } from "./headers.ts";
import { parkedSubject } from "./topology.ts";

/** How a service puts messages aside. */
export interface Parking {
  readonly js: JetStreamClient;
  readonly service: string;
  /** The largest message that the broker takes, in bytes. */
  readonly maxPayload: number;
}

const PARK_RETRY_MS = 5_000;
const MAX_HEADERS = 64 * 1024;
const MAX_CAUSE = 1_000;
const MAX_STACK = 4_000;

/** The event in a message of the flow. Throws `UndecodableError` when there is none that can be read. */
export function eventIn({ subject, data, headers }: Pick<JsMsg, "subject" | "data" | "headers">): Event {
  const address = parseSubject(subject);
  if (!address) throw new UndecodableError(`no fact has the subject ${subject}`);
  const fact = decode(address.type, data);
  const key = keyOf(fact);
  if (key !== address.key) throw new UndecodableError(`the subject says ${address.key}, the data ${key}`);
  return Object.assign(fromHeaders(headers, address.type, key), fact) as Event;
}

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
    return eventIn(this.#message);
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

  async park(parked: Parked): Promise<void> {
    try {
      await this.#publishParked(parked);
      this.ack();
    } catch (error) {
      this.retry(PARK_RETRY_MS);
      throw new Error(`can't park it: ${(error as Error).message}`, { cause: error });
    }
  }

  async #publishParked({ cause, fingerprint, attempts, firstAt, lastAt }: Parked): Promise<void> {
    const { js, service, maxPayload } = this.#parking;
    const { subject, data, seq, info } = this.#message;
    const parked = this.#sayableHeaders();
    parked.set("Nats-Msg-Id", `${service}.${seq}.${info.timestampNanos}`);
    parked.set("Quadrille-Service", service);
    parked.set("Quadrille-Cause", oneLine(cause.message).slice(0, MAX_CAUSE));
    parked.set("Quadrille-Stack", oneLine(cause.stack ?? "").slice(0, MAX_STACK));
    parked.set("Quadrille-Fingerprint", fingerprint);
    parked.set("Quadrille-Subject", subject);
    parked.set("Quadrille-Sequence", `${seq}`);
    parked.set("Quadrille-Attempts", `${attempts}`);
    parked.set("Quadrille-First-Attempt", new Date(firstAt).toISOString());
    parked.set("Quadrille-Last-Attempt", new Date(lastAt).toISOString());
    const key = subject.slice(subject.lastIndexOf(".") + 1);
    const fits = data.length + parked.toString().length < maxPayload;
    if (!fits) parked.set("Quadrille-Left-Out", "the body: it is in the stream, at the sequence above");
    await js.publish(parkedSubject(service, key), fits ? data : "", { headers: parked });
  }

  /** The original's headers but for the broker's, which would act on the copy as well. None if no client may read them. */
  #sayableHeaders(): MsgHdrs {
    const copied = headers();
    try {
      let size = 0;
      for (const [name, values] of this.#message.headers ?? []) {
        size += name.length + values.join("").length;
        if (name.startsWith("Nats-") || size > MAX_HEADERS) continue;
        for (const value of values) copied.append(name, value);
      }
      return copied;
    } catch {
      return headers();
    }
  }
}

/** What may be the value of a header. */
function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
