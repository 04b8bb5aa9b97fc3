// CloudEvents 1.0 attributes as message headers, and back.
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md

import { type MsgHdrs, MsgHdrsImpl } from "nats";
import {
  decode,
  type Event,
  type FactType,
  keyOf,
  parseSubject,
  UndecodableError,
} from "../contracts/events.ts";
import type { OutboxRow } from "../service/engine.ts";

/** The headers of a fact that leaves the outbox of `service`, and `more` of the broker's. */
export function toHeaders(row: OutboxRow, service: string, more?: Record<string, string[]>): MsgHdrs {
  // From a record at once: setting them one by one compares each with all that are there.
  return MsgHdrsImpl.fromRecord({
    "Nats-Msg-Id": [row.event_id],
    "ce-specversion": ["1.0"],
    "ce-id": [row.event_id],
    "ce-type": [row.type],
    "ce-source": [service],
    "ce-time": [new Date(row.time).toISOString()],
    "ce-causationid": [row.causation_id],
    "ce-correlationid": [row.correlation_id],
    ...(row.traceparent && { traceparent: [row.traceparent] }),
    ...more,
  });
}

/** An event's attributes but for its data. Throws `UndecodableError` when one that dedupe needs is missing. */
function fromHeaders(headers: MsgHdrs | undefined, type: FactType, key: string): Omit<Event, "data"> {
  const values: Record<string, string | undefined> = {};
  for (const [name, [value]] of headers ?? []) values[name] = value;

  const id = required(values, "ce-id");
  const time = Date.parse(required(values, "ce-time"));
  if (Number.isNaN(time)) throw new UndecodableError("header ce-time is not a time");
  const { traceparent } = values;
  return {
    id,
    type,
    key,
    time,
    source: values["ce-source"] || "unknown",
    causationId: values["ce-causationid"] || id,
    correlationId: values["ce-correlationid"] || key,
    ...(traceparent && { traceparent }),
  };
}

/** What of a message makes an event. Its headers throw when they are such as no client may send. */
export interface Message {
  readonly subject: string;
  readonly headers?: MsgHdrs | undefined;
  readonly data: Uint8Array;
}

/** The event in a message. Throws an `UndecodableError`, or an `UnknownSchemaError`, when there is none that can be read. */
export function readEvent(message: Message): Event {
  const address = parseSubject(message.subject);
  if (!address) throw new UndecodableError(`no fact has the subject ${message.subject}`);
  const fact = decode(address.type, message.data);
  const key = keyOf(fact);
  if (key !== address.key) throw new UndecodableError(`the subject says ${address.key}, the data ${key}`);
  return Object.assign(fromHeaders(message.headers, address.type, key), fact) as Event;
}

function required(values: Record<string, string | undefined>, name: string): string {
  const value = values[name];
  if (!value) throw new UndecodableError(`header ${name} is missing`);
  return value;
}
