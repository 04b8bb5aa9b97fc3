// Logs: one JSON object a line on standard output, with the service's name.

import { type DestinationStream, type Logger, pino } from "pino";
import type { Event } from "../contracts/events.ts";
import { traceIdOf } from "./traceparent.ts";

/** A service's logger. */
export type Log = Logger;

/** Creates the logger of `service`; `level` is one of pino's. Lines go to standard output, unless there is somewhere else. */
export function createLog(service: string, level: string, to: DestinationStream = process.stdout): Log {
  // Through process.stdout: pino's own writer would wait for ever, at exit, for a reader that has gone.
  process.stdout.off("error", ignore).on("error", ignore);
  return pino({ base: { service }, level, timestamp: pino.stdTimeFunctions.isoTime }, to);
}

/**
 * What a line says of an event: the fact, its id, the order or SKU that it is about, and the trace that it is handled `within`, or
 * else came in.
 */
export function inLog({ type, id, key, traceparent }: Event, within = traceparent) {
  return { type, id, key, ...(within && { traceId: traceIdOf(within) }) };
}

function ignore(): void {}
