// Whether what a service has handled is remembered for as long as it may come again, whatever NATS was really told.

import { setTimeout as sleep } from "node:timers/promises";
import { StartRefusedError } from "./start-refused.ts";

/** How long the streams keep messages, in milliseconds; `Infinity` when they never let go. */
export interface Ages {
  readonly flowMs: number;
  readonly parkedMs: number;
}

/** The provisioner may be about to bring the streams up to date. */
const PATIENCE_MS = 5_000;
const LOOK_EVERY_MS = 500;
const HOUR_MS = 3_600_000;

/**
 * Makes sure that a service remembers for `recordsMs` at least as long as an event may come to it again, from one stream and
 * then from the other. Throws {@link StartRefusedError} when that is still not so after `patienceMs`.
 */
export async function expectLongMemory(
  recordsMs: number,
  agesNow: () => Promise<Ages>,
  patienceMs = PATIENCE_MS,
): Promise<void> {
  for (let waitedMs = 0; ; waitedMs += LOOK_EVERY_MS) {
    const { flowMs, parkedMs } = await agesNow();
    if (recordsMs >= flowMs + parkedMs) return;
    if (waitedMs >= patienceMs) throw new StartRefusedError(unsafe(recordsMs, flowMs, parkedMs));
    await sleep(LOOK_EVERY_MS);
  }
}

function unsafe(recordsMs: number, flowMs: number, parkedMs: number): string {
  return (
    `NATS keeps events ${inHours(flowMs)} and parked ones ${inHours(parkedMs)} more, and what was handled is known ` +
    `for ${inHours(recordsMs)} only: an event would be handled twice. Raise INBOX_MAX_AGE_HOURS, or have npm start or ` +
    "npm run provision set the streams to STREAM_MAX_AGE_HOURS and PARKED_MAX_AGE_HOURS"
  );
}

function inHours(ms: number): string {
  return ms === Number.POSITIVE_INFINITY ? "for ever" : `${Math.ceil(ms / HOUR_MS)} hours`;
}
