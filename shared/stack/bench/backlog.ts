// A backlog as the monitor sees it: one service is down while events come in, and then catches up under everyone's eyes.

import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import type { ConsumerStand, Snapshot } from "../../../apps/monitor/poll.ts";
import { lagOf } from "../../chaos/calm.ts";
import type { Stack } from "../stack.ts";
import { placeUntil } from "./orders.ts";

/** What the monitor has said of a backlog, against what NATS said and what came true. */
export interface BacklogRun {
  readonly service: string;
  /** How many orders it took. */
  readonly orders: number;
  /** What the monitor and NATS say while the service is down. */
  readonly said: { readonly status: string; readonly lag: number };
  readonly natsSaid: number;
  /** From its first delivery until nothing waited any more. */
  readonly caughtUpSeconds: number;
  /** Each look on the way: how much waited, the ETA that was given, and how long it took from then on, in seconds. */
  readonly looks: readonly BacklogLook[];
}

/** One look at a service that catches up. */
export interface BacklogLook {
  readonly second: number;
  readonly lag: number;
  readonly deliveries: number;
  readonly ackPending: number;
  readonly status: string;
  readonly said: number | null;
  readonly took: number;
}

const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 180_000;

/**
 * Keeps a service down while customers place orders, until at least `waiting` events wait for it; once the others have done
 * what they can, lets it catch up, and compares.
 */
export async function measureBacklog(stack: Stack, name: string, waiting: number): Promise<BacklogRun> {
  const connection = await stack.connect();
  const service = stack.services.get(name)!;
  const manager = await jetstreamManager(connection, { checkAPI: false });
  const natsSays = () => lagOf({ manager }, name);
  try {
    await until(async () => ((await isIdle(stack)) ? true : undefined));
    await service.fell();
    const orders = await placeUntilWaiting(stack, natsSays, waiting);
    const down = await until(async () => {
      const stand = await seen(stack, name);
      const isDown = stand.status === "NOBODY LISTENING" && (await isIdle(stack, name));
      return isDown && stand.lag === (await natsSays()) ? stand : undefined;
    });
    const natsSaid = await natsSays();
    service.start();
    const looks: ConsumerStand[] = [];
    const times: number[] = [];
    const endedAt = await until(async () => {
      const { at, stand } = await look(stack, name);
      if (at !== times.at(-1)) {
        looks.push(stand);
        times.push(at);
      }
      // NATS is asked often: the monitor looks every two seconds, which is much of what is left near the end.
      return (await natsSays()) < natsSaid / 100 ? Date.now() : undefined;
    });
    const begun = Math.max(
      1,
      looks.findIndex(({ deliveries }) => deliveries > down.deliveries),
    );
    return {
      service: name,
      orders,
      said: { status: down.status, lag: down.lag },
      natsSaid,
      caughtUpSeconds: (endedAt - times[begun - 1]!) / 1_000,
      looks: looks.slice(begun - 1).map(({ lag, deliveries, ackPending, status, etaSeconds }, n) => ({
        second: (times[begun - 1 + n]! - times[begun - 1]!) / 1_000,
        lag,
        deliveries,
        ackPending,
        status,
        said: status === "CATCHING UP" ? etaSeconds : null,
        took: (endedAt - times[begun - 1 + n]!) / 1_000,
      })),
    };
  } finally {
    await connection.close();
  }
}

/** Places orders until so many events wait, and returns how many orders that took. */
async function placeUntilWaiting(
  stack: Stack,
  waits: () => Promise<number>,
  waiting: number,
): Promise<number> {
  let isEnough = false;
  const watching = until(async () => ((await waits()) >= waiting ? true : undefined)).finally(() => {
    isEnough = true;
  });
  const orders = await placeUntil(stack, () => isEnough);
  await watching;
  return orders;
}

async function look(stack: Stack, service: string): Promise<{ at: number; stand: ConsumerStand }> {
  const response = await fetch(`${stack.url("monitor")}/api/consumers`);
  const { at, consumers } = (await response.json()) as Snapshot;
  return { at, stand: consumers.find(({ name }) => name === service)! };
}

/** Whether nothing waits for anyone, but for one. */
async function isIdle(stack: Stack, but?: string): Promise<boolean> {
  const response = await fetch(`${stack.url("monitor")}/api/consumers`);
  const { consumers } = (await response.json()) as Snapshot;
  return consumers.every(({ name, lag }) => lag === 0 || name === but);
}

async function seen(stack: Stack, service: string): Promise<ConsumerStand> {
  return (await look(stack, service)).stand;
}

async function until<Found>(probe: () => Promise<Found | undefined>): Promise<Found> {
  for (const deadline = Date.now() + GIVE_UP_MS; ; ) {
    const found = await probe().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error("the monitor does not see what it should");
    await sleep(LOOK_EVERY_MS);
  }
}
