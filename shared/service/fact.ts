// A row of an outbox as the event that it is.

import { decode, type Event } from "../contracts/events.ts";
import type { OutboxRow } from "./engine.ts";

/** The fact in a row of the outbox of `source`. */
export function factOf(row: OutboxRow, source: string): Event {
  return {
    ...decode(row.type, row.payload),
    id: row.event_id,
    source,
    key: row.key,
    time: row.time,
    causationId: row.causation_id,
    correlationId: row.correlation_id,
    traceparent: row.traceparent ?? undefined,
  } as Event;
}
