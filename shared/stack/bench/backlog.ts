// A backlog as the monitor sees it: one service is down while events come in, and then catches up under everyone's eyes.

import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { ConsumerStand, Snapshot } from "../../../apps/monitor/poll.ts";
import { FLOW_STREAM } from "../../nats/topology.ts";
import type { Stack } from "../stack.ts";
import { placeWaiting } from "./broker.ts";

/** What the monitor has said of a backlog, against what NATS said and what came true. */
export interface BacklogRun {
  readonly waiting: number;
  /** What the monitor and NATS say while the service is down. */
  readonly said: { readonly status: string; readonly lag: number };
  readonly natsSaid: number;
  /** From its first delivery until nothing waited any more. */
  readonly caughtUpSeconds: number;
  /** Each ETA that was given on the way, and how long it took from then on. */
  readonly etas: readonly { readonly said: number; readonly took: number }[];
}

/** Hears nothing more of what it says itself leads to: what waits for it only becomes fewer. */
const SERVICE = "risk";
const LOOK_EVERY_MS = 20;
const GIVE_UP_MS = 180_000;

/** Keeps risk down for `waiting` orders, lets it catch up, and compares. */
export async function measureBacklog(stack: Stack, waiting: number): Promise<BacklogRun> {
  const connection = await stack.connect();
  const service = stack.services.get(SERVICE)!;
  try {
    await service.fell();
    const before = await natsSays(connection);
    await placeWaiting(connection, waiting);
    const down = await until(async () => {
      const stand = await seen(stack);
      return stand.status === "NOBODY LISTENING" && stand.pending >= before + waiting ? stand : undefined;
    });
    const natsSaid = await natsSays(connection);
    service.start();
    const looks: ConsumerStand[] = [];
    const times: number[] = [];
    const endedAt = await until(async () => {
      const stand = await seen(stack);
      if (stand.deliveries !== looks.at(-1)?.deliveries) {
        looks.push(stand);
        times.push(performance.now());
      }
      const isOver = stand.lag < waiting / 100 && looks.length > 1;
      return isOver ? performance.now() : undefined;
    });
    const begun = looks.findIndex(({ deliveries }) => deliveries > down.deliveries);
    const etas = looks.flatMap(({ status, etaSeconds }, index) =>
      status === "CATCHING UP" && etaSeconds !== null
        ? [{ said: etaSeconds, took: (endedAt - times[index]!) / 1_000 }]
        : [],
    );
    return {
      waiting,
      said: { status: down.status, lag: down.lag },
      natsSaid,
      caughtUpSeconds: (endedAt - times[Math.max(0, begun)]!) / 1_000,
      etas,
    };
  } finally {
    await connection.close();
  }
}

async function seen(stack: Stack): Promise<ConsumerStand> {
  const response = await fetch(`${stack.url("monitor")}/api/consumers`);
  const { consumers } = (await response.json()) as Snapshot;
  return consumers.find(({ name }) => name === SERVICE)!;
}

async function natsSays(connection: NatsConnection): Promise<number> {
  const { consumers } = await jetstreamManager(connection, { checkAPI: false });
  const { num_pending, num_ack_pending } = await consumers.info(FLOW_STREAM, SERVICE);
  return num_pending + num_ack_pending;
}

async function until<Found>(probe: () => Promise<Found | undefined>): Promise<Found> {
  for (const deadline = Date.now() + GIVE_UP_MS; ; ) {
    const found = await probe().catch(() => undefined);
    if (found !== undefined) return found;
    if (Date.now() > deadline) throw new Error("the monitor does not see what it should");
    await sleep(LOOK_EVERY_MS);
  }
}
