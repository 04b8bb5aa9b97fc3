// Keeps in NATS what the services need: what somebody deleted, or a lost store took along, is made anew and named.

import { setTimeout as sleep } from "node:timers/promises";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Log } from "../observability/log.ts";
import type { AnyService } from "../service/define.ts";
import { type Floors, type Provisioned, provision } from "./provision.ts";
import { FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM } from "./topology.ts";

/** Two requests in that time. */
const LOOK_EVERY_MS = 2_000;

/**
 * Looks every two seconds whether something is missing, and provisions again if so, until `signal` says that it is enough. A
 * consumer goes on from where it was seen last. The services do the rest: they say again what the stream has lost, and put
 * their schemas into an empty bucket.
 */
export async function keep(
  connection: NatsConnection,
  services: readonly AnyService[],
  config: Provisioned,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  let before: Seen | undefined;
  while (!signal.aborted) {
    try {
      const seen = await look(manager, connection);
      const gone = missing(seen, services);
      if (gone.length > 0) {
        const floors = seen.era === before?.era ? before.floors : undefined;
        log.error({ gone }, "something is missing in NATS; making it anew");
        await provision(connection, services, config, floors);
      } else before = seen;
    } catch (error) {
      if (!signal.aborted) log.warn({ cause: (error as Error).message }, "can't look after NATS");
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** What is in NATS. */
interface Seen {
  readonly streams: ReadonlySet<string>;
  readonly floors: Floors;
  /** While this is the same, the numbers of the flow's stream mean the same: a server that was started again may have an older one. */
  readonly era: string;
}

async function look({ streams, consumers }: JetStreamManager, connection: NatsConnection): Promise<Seen> {
  const server = connection.info?.server_id;
  const there = new Map<string, string>();
  for await (const { config, created } of streams.list()) there.set(config.name, created);
  const floors = new Map<string, number>();
  const made = there.get(FLOW_STREAM);
  if (made)
    for await (const { name, ack_floor } of consumers.list(FLOW_STREAM))
      floors.set(name, ack_floor.stream_seq);
  return { streams: new Set(there.keys()), floors, era: `${made} ${server}` };
}

/** The streams and consumers that are not there, by name. A consumer is not missed where its stream is. */
function missing({ streams, floors }: Seen, services: readonly AnyService[]): string[] {
  const names = streams.has(FLOW_STREAM) ? services.map(({ name }) => name) : [];
  return [
    ...[FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM].filter((name) => !streams.has(name)),
    ...names.filter((name) => !floors.has(name)),
  ];
}
