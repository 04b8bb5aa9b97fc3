// CloudEvents 1.0 attributes as message headers, and back.
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md

import { type MsgHdrs, MsgHdrsImpl, MsgImpl } from "nats";
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

/** A text as it may be the value of a header: lines become one. */
export function oneLine(text: string): string {
  return text.replace(/\s+/g, " ").trim();
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
  return Object.assign(attributes(message, address.type, key), fact) as Event;
}

/** An event's attributes but for its data. Throws `UndecodableError` when one that dedupe needs is missing. */
function attributes(message: Message, type: FactType, key: string): Omit<Event, "data"> {
  const head = headOf(message);
  const id = required(head, "ce-id");
  const time = Date.parse(required(head, "ce-time"));
  if (Number.isNaN(time)) throw new UndecodableError("header ce-time is not a time");
  return {
    id,
    type,
    key,
    time,
    source: valueIn(head, "ce-source") || "unknown",
    causationId: valueIn(head, "ce-causationid") || id,
    correlationId: valueIn(head, "ce-correlationid") || key,
    traceparent: valueIn(head, "traceparent") || undefined,
  };
}

/** What is certainly a head that nats.js would take: lines of a name, a colon and a value. */
const WELL_FORMED = /^[^\r\n]*(?:\r\n(?:[!-9;-~]*:[^\r\n]*)?)*$/;

/**
 * The headers of a message as NATS sends them. nats.js decodes them by comparing each with all that came before it, which took
 * half of the memory that a delivery needs: so they are read where it keeps them until somebody asks. About whatever looks odd it is
 * asked.
 */
function headOf(message: Message & { readonly msg?: unknown }): string {
  const { msg } = message;
  if (msg instanceof MsgImpl && msg._rdata && msg._msg?.hdr > 0) {
    const head = UTF_8.decode(msg._rdata.subarray(0, msg._msg.hdr));
    if (WELL_FORMED.test(head)) return head;
  }
  try {
    return message.headers?.toString() ?? "";
  } catch {
    throw new UndecodableError("the headers are such as no client may send");
  }
}

const UTF_8 = new TextDecoder();

/** The first header of a name. */
function valueIn(head: string, name: Attribute): string | undefined {
  const mark = MARKS[name];
  const at = head.indexOf(mark);
  if (at < 0) return undefined;
  const from = at + mark.length;
  const to = head.indexOf("\r\n", from);
  return head.slice(from, to < 0 ? head.length : to).trim();
}

const MARKS = {
  "ce-id": "\r\nce-id:",
  "ce-time": "\r\nce-time:",
  "ce-source": "\r\nce-source:",
  "ce-causationid": "\r\nce-causationid:",
  "ce-correlationid": "\r\nce-correlationid:",
  traceparent: "\r\ntraceparent:",
};
type Attribute = keyof typeof MARKS;

function required(head: string, name: Attribute): string {
  const value = valueIn(head, name);
  if (!value) throw new UndecodableError(`header ${name} is missing`);
  return value;
}
