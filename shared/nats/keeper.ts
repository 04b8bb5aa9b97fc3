// Keeps in NATS what the services need: what somebody deleted, or a lost store took along, is made anew and named.

import { setTimeout as sleep } from "node:timers/promises";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import type { Log } from "../observability/log.ts";
import type { AnyService } from "../service/define.ts";
import { type Provisioned, provision } from "./provision.ts";
import { FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM } from "./topology.ts";

/** Two requests in that time. */
const LOOK_EVERY_MS = 2_000;

/**
 * Looks every two seconds whether something is missing, and provisions again if so, until `signal` says that it is enough. The
 * services do the rest: they say again what the stream has lost, and put their schemas into an empty bucket.
 */
export async function keep(
  connection: NatsConnection,
  services: readonly AnyService[],
  config: Provisioned,
  log: Log,
  signal: AbortSignal,
): Promise<void> {
  const manager = await jetstreamManager(connection, { checkAPI: false });
  while (!signal.aborted) {
    try {
      const gone = await missing(manager, services);
      if (gone.length > 0) {
        log.error({ gone }, "something is missing in NATS; making it anew");
        await provision(connection, services, config);
      }
    } catch (error) {
      if (!signal.aborted) log.warn({ cause: (error as Error).message }, "can't look after NATS");
    }
    await sleep(LOOK_EVERY_MS, undefined, { signal }).catch(() => {});
  }
}

/** The streams and consumers that are not there, by name. A consumer is not missed where its stream is. */
async function missing(
  { streams, consumers }: JetStreamManager,
  services: readonly AnyService[],
): Promise<string[]> {
  const there = new Set<string>();
  for await (const name of streams.names()) there.add(name);
  if (there.has(FLOW_STREAM)) for await (const { name } of consumers.list(FLOW_STREAM)) there.add(name);
  else for (const { name } of services) there.add(name);
  return [FLOW_STREAM, PARKED_STREAM, SCHEMA_STREAM, ...services.map(({ name }) => name)].filter(
    (name) => !there.has(name),
  );
}
