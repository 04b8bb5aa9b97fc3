// What NATS holds of a service's past: all that it heard and said, and which of what it heard it is done with.

import {
  type Consumer,
  type ConsumerInfo,
  type JetStreamClient,
  type JsMsg,
  jetstream,
} from "@nats-io/jetstream";
import { millis, type NatsConnection } from "nats";
import type { Event } from "../contracts/events.ts";
import { type AnyService, LONGEST_RETRY_MS } from "../service/define.ts";
import type { Origin, Parked } from "../service/parked.ts";
import { placeOf } from "./delivery.ts";
import { whyParked } from "./parking.ts";
import { stored } from "./stored.ts";
import {
  FLOW_STREAM,
  filterSubjects,
  PARKED_STREAM,
  parkedSubject,
  saidSubjects,
  wishSubject,
} from "./topology.ts";

/** What has become of an event: it was handled, an operator has given it up, or it is still to be handled. */
export type Fate = "handled" | "discarded" | "open";

/** Says what has become of a message, and of the event in it, if that can be read. */
export type FateOf = (message: JsMsg, event: Event | undefined) => Fate;

/** What NATS knows of the work of a service. */
export interface PastWork {
  readonly fateOf: FateOf;
  /** The messages that it has put aside, and why. */
  readonly aside: readonly { readonly origin: Origin; readonly parked: Parked }[];
}

/** How much longer is waited for a delivery than it may be put off. */
const PATIENCE_MS = 10_000;
const HAND_BACK_MS = 5_000;
const ASK_MS = 2_000;
const AT_ONCE = 500;

/** The messages of all that a service has heard or said, oldest first, as far as they are there now. */
export function pastOf(connection: NatsConnection, service: AnyService): AsyncGenerator<JsMsg> {
  const filter_subjects = [...new Set([...filterSubjects(service), ...saidSubjects([service])])];
  return stored(jetstream(connection), FLOW_STREAM, { filter_subjects });
}

/**
 * Finds out which events a service is done with; it must not run meanwhile. That is exact but for events that a process
 * handled just before it was killed, and neither acknowledged nor answered with a fact: such an event comes again.
 * Rejects when NATS does not give again in time what is not acknowledged.
 */
export async function workOf(connection: NatsConnection, service: AnyService): Promise<PastWork> {
  const js = jetstream(connection);
  const consumer = await js.consumers.get(FLOW_STREAM, service.name);
  const info = await consumer.info();
  const open = await unacknowledged(consumer, info);
  const isAcknowledged = (seq: number) => seq <= info.delivered.stream_seq && !open.has(seq);
  const discarded = await discardedFor(js, service, isAcknowledged);
  const answered = await answeredBy(js, service, info.ack_floor.stream_seq, discarded);
  const all = await parkedBy(js, service);
  const aside = all.filter(({ origin, eventId }) => !discarded.has(origin.place) && !discarded.has(eventId));
  const places = new Set(aside.map(({ origin }) => origin.place));
  const fateOf: FateOf = (message, event) => {
    // Also what an operator has given up when it was handled already.
    if (event && answered.has(event.id)) return "handled";
    if (discarded.has(placeOf(message)) || (event && discarded.has(event.id))) return "discarded";
    return isAcknowledged(message.seq) && !places.has(placeOf(message)) ? "handled" : "open";
  };
  return { fateOf, aside };
}

/** What was delivered and not acknowledged, by its place in the stream: NATS tells by delivering it again. */
async function unacknowledged(
  consumer: Consumer,
  { num_ack_pending, delivered, config }: ConsumerInfo,
): Promise<ReadonlySet<number>> {
  const open = new Set<number>();
  // A service has put them off, or was killed and has not said anything.
  const within = Math.max(LONGEST_RETRY_MS, millis(config.ack_wait ?? 0)) + PATIENCE_MS;
  const deadline = performance.now() + within;
  while (open.size < num_ack_pending) {
    if (performance.now() > deadline) {
      const missing = `${num_ack_pending - open.size} of ${num_ack_pending}`;
      throw new Error(`NATS does not deliver again ${missing} events that were not acknowledged: try again`);
    }
    for await (const message of await consumer.fetch({ max_messages: AT_ONCE, expires: ASK_MS })) {
      message.nak(HAND_BACK_MS);
      if (message.seq <= delivered.stream_seq) open.add(message.seq);
    }
  }
  return open;
}

/**
 * The events that the service has answered with a fact: of those that are acknowledged, which they are up to `floor`, only what is
 * `discarded` as well.
 */
async function answeredBy(
  js: JetStreamClient,
  service: AnyService,
  floor: number,
  discarded: ReadonlySet<string>,
): Promise<ReadonlySet<string>> {
  const answered = new Set<string>();
  const filter_subjects = saidSubjects([service]);
  if (filter_subjects.length === 0) return answered;
  const opt_start_seq = discarded.size > 0 ? 1 : floor + 1;
  const facts = stored(js, FLOW_STREAM, { filter_subjects, opt_start_seq, headers_only: true });
  for await (const { seq, headers } of facts) {
    if (headers?.get("ce-source") !== service.name) continue;
    const cause = headers.get("ce-causationid");
    if (seq > floor || discarded.has(cause)) answered.add(cause);
  }
  return answered;
}

/** The places and events that operators have given up, and the service has heard of it. */
async function discardedFor(
  js: JetStreamClient,
  { name }: AnyService,
  isAcknowledged: (seq: number) => boolean,
): Promise<ReadonlySet<string>> {
  const discarded = new Set<string>();
  const filter_subjects = [wishSubject("discarded", name, "*")];
  for await (const { seq, headers } of stored(js, FLOW_STREAM, { filter_subjects, headers_only: true })) {
    if (!isAcknowledged(seq)) continue;
    for (const name of ["Quadrille-Place", "Quadrille-Event"]) {
      const given = headers?.get(name);
      if (given) discarded.add(given);
    }
  }
  return discarded;
}

/** What the service has put aside: acknowledged, and yet not handled. */
async function parkedBy(js: JetStreamClient, { name }: AnyService) {
  const aside: { origin: Origin; parked: Parked; eventId: string }[] = [];
  const filter_subjects = [parkedSubject(name, { key: "*", place: "*" })];
  for await (const { subject, headers } of stored(js, PARKED_STREAM, {
    filter_subjects,
    headers_only: true,
  })) {
    const found = headers && whyParked(subject, headers);
    if (found) aside.push({ ...found, eventId: headers.get("ce-id") });
  }
  return aside;
}
