// Stories as the monitor reads them, made of events of the production services.

import type { Told } from "../../apps/monitor/timeline.ts";
import { type Event, encode, subjectOf } from "../../shared/contracts/events.ts";

/** Between two messages of a story, in milliseconds. */
const STEP_MS = 100;

/** The messages of a story, in the order of the stream; the first is number 1. */
export function toldOf(events: readonly Event[]): Told[] {
  return events.map((event, index) => ({
    seq: index + 1,
    at: event.time + index * STEP_MS,
    subject: subjectOf(event),
    event,
    payload: encode(event),
  }));
}
