// Creates what the services need in NATS, or brings it up to date. Safe to run at every start.

import {
  AckPolicy,
  type ConsumerConfig,
  DeliverPolicy,
  DiscardPolicy,
  JetStreamApiCodes,
  JetStreamApiError,
  type JetStreamManager,
  jetstreamManager,
  type StreamConfig,
} from "@nats-io/jetstream";
import { type NatsConnection, nanos } from "nats";
import type { Config } from "../config.ts";
import type { AnyService } from "../service/define.ts";
import {
  FLOW_STREAM,
  filterSubjects,
  flowSubjects,
  PARKED_STREAM,
  parkedSubject,
  SCHEMA_STREAM,
  schemaSubject,
} from "./topology.ts";

/** The most deliveries a service may hold unacknowledged: the bound of its queues. */
const MAX_ACK_PENDING = 2_000;

/** The largest event, headers included, in bytes: half of what a message may be, so that it fits into PARKED with its cause. */
export const MAX_EVENT_SIZE = 512 * 1024;

/** The most schemas in their bucket, and the size of the largest, in bytes. */
const MAX_SCHEMAS = 10_000;
const MAX_SCHEMA_SIZE = 256 * 1024;

/** What is decided by the environment. */
export type Provisioned = Pick<
  Config,
  "ACK_WAIT_MS" | "DUPLICATE_WINDOW_MS" | "STREAM_MAX_AGE_HOURS" | "PARKED_MAX_AGE_HOURS"
>;

/** How far consumers had come, by name: up to that number of the flow's stream all is acknowledged. */
export type Floors = ReadonlyMap<string, number>;

/**
 * Provisions the streams, the bucket of the schemas, and one durable consumer for each service. A new consumer begins after its
 * floor, if there is one, else with the stream.
 */
export async function provision(
  connection: NatsConnection,
  services: readonly AnyService[],
  config: Provisioned,
  floors: Floors = new Map(),
): Promise<void> {
  const manager = await jetstreamManager(connection);
  const hours = (count: number) => nanos(count * 3_600_000);
  await putStream(manager, {
    name: FLOW_STREAM,
    subjects: flowSubjects(services),
    max_age: hours(config.STREAM_MAX_AGE_HOURS),
    duplicate_window: nanos(config.DUPLICATE_WINDOW_MS),
    allow_atomic: true,
    max_msg_size: MAX_EVENT_SIZE,
  });
  // The last word on each message is the one that counts.
  await putStream(manager, {
    name: PARKED_STREAM,
    subjects: [parkedSubject("*", { key: "*", place: "*" })],
    max_age: hours(config.PARKED_MAX_AGE_HOURS),
    max_msgs_per_subject: 1,
    allow_msg_ttl: true,
  });
  // A bucket as key-value clients know it, in which nothing can be overwritten or removed: a stored event may need it.
  await putStream(manager, {
    name: SCHEMA_STREAM,
    subjects: [schemaSubject(">")],
    max_msgs_per_subject: 1,
    discard_new_per_subject: true,
    deny_delete: true,
    deny_purge: true,
    max_msgs: MAX_SCHEMAS,
    max_msg_size: MAX_SCHEMA_SIZE,
  });
  for (const service of services) {
    const consumer = {
      durable_name: service.name,
      filter_subjects: filterSubjects(service),
      ack_policy: AckPolicy.Explicit,
      ack_wait: nanos(config.ACK_WAIT_MS),
      max_ack_pending: MAX_ACK_PENDING,
      max_deliver: -1,
    };
    await putConsumer(manager, consumer, floors.get(service.name) ?? 0);
  }
}

async function putStream(manager: JetStreamManager, config: Partial<StreamConfig> & { name: string }) {
  const full = { ...config, discard: DiscardPolicy.New, allow_direct: true };
  if (await exists(manager.streams.info(config.name), JetStreamApiCodes.StreamNotFound)) {
    await manager.streams.update(config.name, full);
  } else {
    await manager.streams.add(full);
  }
}

async function putConsumer(
  manager: JetStreamManager,
  config: Partial<ConsumerConfig> & { durable_name: string },
  floor: number,
) {
  const name = config.durable_name;
  if (await exists(manager.consumers.info(FLOW_STREAM, name), JetStreamApiCodes.ConsumerNotFound)) {
    await manager.consumers.update(FLOW_STREAM, name, config);
  } else {
    const begin =
      floor > 0
        ? { deliver_policy: DeliverPolicy.StartSequence, opt_start_seq: floor + 1 }
        : { deliver_policy: DeliverPolicy.All };
    await manager.consumers.add(FLOW_STREAM, { ...config, ...begin });
  }
}

async function exists(info: Promise<unknown>, notFound: number): Promise<boolean> {
  try {
    await info;
    return true;
  } catch (error) {
    if (error instanceof JetStreamApiError && error.code === notFound) return false;
    throw error;
  }
}
