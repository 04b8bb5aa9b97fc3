// Notices a consumer that looks alive and delivers nothing: nats-server has had such faults (its issues 4736 and 5839).

import { setTimeout as sleep } from "node:timers/promises";
import type { ConsumerInfo } from "@nats-io/jetstream";

/** One request of a service in that time. */
const LOOK_EVERY_MS = 10_000;

/** What a service knows of its deliveries. */
export interface Progress {
  /** Goes up with each delivery that comes. */
  readonly deliveries: number;
  /** How many are here and have not ended. */
  readonly held: number;
}

/**
 * Resolves when, at two looks in a row, something waited for a service that had nothing to do, or nobody asked for
 * anything, and nothing came between the two; or when `signal` says that it does not matter any more. Deliveries that were handed back with a delay
 * count as delivered, and not as waiting.
 */
export async function untilStalled(
  ask: () => Promise<ConsumerInfo>,
  progress: () => Progress,
  signal: AbortSignal,
  everyMs = LOOK_EVERY_MS,
): Promise<void> {
  let waitedAt: number | undefined;
  for (;;) {
    await sleep(everyMs, undefined, { signal }).catch(() => {});
    const info = await ask().catch(() => undefined); // A broker that does not answer is noticed elsewhere.
    if (signal.aborted) return;
    const { deliveries, held } = progress();
    const isWaiting = info !== undefined && held === 0 && (mayDeliver(info) || isDeaf(info));
    if (isWaiting && waitedAt === deliveries) return;
    waitedAt = isWaiting ? deliveries : undefined;
  }
}

function mayDeliver({ num_pending, num_ack_pending, config }: ConsumerInfo): boolean {
  return num_pending > 0 && num_ack_pending < config.max_ack_pending!;
}

/** A service that listens has a request open, but for a moment between two. */
function isDeaf({ num_waiting }: ConsumerInfo): boolean {
  return num_waiting === 0;
}
