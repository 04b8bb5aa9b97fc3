// Times as OpenTelemetry has them.

import type { HrTime } from "@opentelemetry/api";

/** Milliseconds as whole seconds and the nanoseconds after them, of which there are always less than a second's. */
export function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);
  return [seconds, Math.trunc((ms - seconds * 1_000) * 1e6)]; // Rounded up, it might be a whole second.
}
