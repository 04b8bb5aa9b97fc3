// CloudEvents 1.0 attributes as message headers, and back.
// https://github.com/cloudevents/spec/blob/main/cloudevents/bindings/nats-protocol-binding.md

import { headers, type MsgHdrs } from "nats";
import { type Event, type FactType, UndecodableError } from "../contracts/events.ts";
import type { OutboxRow } from "../service/engine.ts";

/** The headers of a fact that leaves the outbox of `service`. */
export function toHeaders(row: OutboxRow, service: string): MsgHdrs {
  const h = headers();
  h.set("Nats-Msg-Id", row.event_id);
  h.set("ce-specversion", "1.0");
  h.set("ce-id", row.event_id);
  h.set("ce-type", row.type);
  h.set("ce-source", service);
  h.set("ce-time", new Date(row.time).toISOString());
  h.set("ce-causationid", row.causation_id);
  h.set("ce-correlationid", row.correlation_id);
  if (row.traceparent) h.set("traceparent", row.traceparent);
  return h;
}

/** An event's attributes but for its data. Throws `UndecodableError` when one that dedupe needs is missing. */
export function fromHeaders(h: MsgHdrs | undefined, type: FactType, key: string): Omit<Event, "data"> {
  const id = required(h, "ce-id");
  const time = Date.parse(required(h, "ce-time"));
  if (Number.isNaN(time)) throw new UndecodableError("header ce-time is not a time");
  const traceparent = h?.get("traceparent");
  return {
    id,
    type,
    key,
    time,
    source: h?.get("ce-source") || "unknown",
    causationId: h?.get("ce-causationid") || id,
    correlationId: h?.get("ce-correlationid") || key,
    ...(traceparent && { traceparent }),
  };
}

function required(h: MsgHdrs | undefined, name: string): string {
  const value = h?.get(name);
  if (!value) throw new UndecodableError(`header ${name} is missing`);
  return value;
}
