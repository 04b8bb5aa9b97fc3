// What NATS holds of a service's past: all that it heard and said, and which of what it heard it is done with.

import {
  type Consumer,
  type ConsumerInfo,
  type JetStreamClient,
  type JsMsg,
  jetstream,
  type OrderedConsumerOptions,
} from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Event } from "../contracts/events.ts";
import type { AnyService } from "../service/define.ts";
import { FLOW_STREAM, filterSubjects, flowSubjects, PARKED_STREAM, parkedSubject } from "./topology.ts";

/** Says whether a service is done with a message, and with the event in it, if that can be read. */
export type IsDone = (message: JsMsg, event: Event | undefined) => boolean;

/** Waits longer than any delivery that a service has put off. */
const AGAIN_WITHIN_MS = 60_000;
const HAND_BACK_MS = 5_000;
const ASK_MS = 2_000;
const AT_ONCE = 500;
const PREFETCH = 5_000;

/** The messages of all that a service has heard or said, oldest first, as far as they are there now. */
export function pastOf(connection: NatsConnection, service: AnyService): AsyncGenerator<JsMsg> {
  const filter_subjects = [...new Set([...filterSubjects(service), ...flowSubjects([service])])];
  return stored(jetstream(connection), FLOW_STREAM, { filter_subjects });
}

/**
 * Finds out which events a service is done with; it must not run meanwhile. That is exact but for events that a process
 * handled just before it was killed, and neither acknowledged nor answered with a fact: such an event comes again.
 * Rejects when NATS does not give again in time what is not acknowledged.
 */
export async function doneBy(connection: NatsConnection, service: AnyService): Promise<IsDone> {
  const js = jetstream(connection);
  const consumer = await js.consumers.get(FLOW_STREAM, service.name);
  const info = await consumer.info();
  const open = await unacknowledged(consumer, info);
  const answered = await answeredSince(js, service, info.ack_floor.stream_seq);
  const parked = await parkedBy(js, service);
  return ({ seq, subject }, event) => {
    if (event && answered.has(event.id)) return true;
    return seq <= info.delivered.stream_seq && !open.has(seq) && !parked.has(place(seq, subject));
  };
}

/** What was delivered and not acknowledged, by its place in the stream: NATS tells by delivering it again. */
async function unacknowledged(
  consumer: Consumer,
  { num_ack_pending, delivered }: ConsumerInfo,
): Promise<ReadonlySet<number>> {
  const open = new Set<number>();
  const deadline = performance.now() + AGAIN_WITHIN_MS;
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

/** The events that the service has answered with a fact stored after `floor`: those before it are acknowledged. */
async function answeredSince(
  js: JetStreamClient,
  service: AnyService,
  floor: number,
): Promise<ReadonlySet<string>> {
  const answered = new Set<string>();
  const filter_subjects = flowSubjects([service]);
  if (filter_subjects.length === 0) return answered;
  const facts = stored(js, FLOW_STREAM, { filter_subjects, opt_start_seq: floor + 1, headers_only: true });
  for await (const { headers } of facts) {
    if (headers?.get("ce-source") === service.name) answered.add(headers.get("ce-causationid"));
  }
  return answered;
}

/** Where in the stream the messages are that the service has put aside: acknowledged, and yet not handled. */
async function parkedBy(js: JetStreamClient, { name }: AnyService): Promise<ReadonlySet<string>> {
  const parked = new Set<string>();
  const filter_subjects = [parkedSubject(name, "*")];
  for await (const { headers } of stored(js, PARKED_STREAM, { filter_subjects, headers_only: true })) {
    parked.add(place(headers!.get("Quadrille-Sequence"), headers!.get("Quadrille-Subject")));
  }
  return parked;
}

function place(sequence: number | string, subject: string): string {
  return `${sequence} ${subject}`;
}

/** The messages of a stream that are there now, oldest first. */
async function* stored(
  js: JetStreamClient,
  stream: string,
  options: Partial<OrderedConsumerOptions>,
): AsyncGenerator<JsMsg> {
  const consumer = await js.consumers.get(stream, options);
  let left = (await consumer.info()).num_pending;
  if (left === 0) return;
  for await (const message of await consumer.consume({ max_messages: PREFETCH })) {
    yield message;
    if (--left === 0) return;
  }
}
