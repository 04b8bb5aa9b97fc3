// The raw ceiling: consume with an explicit ack and publish one message for each, with no database at all.

import { AckPolicy, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { FLOW_STREAM } from "../../nats/topology.ts";
import type { Broker } from "./broker.ts";

const IN_FLIGHT = 512;

/** Seconds that a bare client needs for `count` waiting orders, one single publish each. */
export async function measureRaw({ connection }: Broker, count: number): Promise<number> {
  const manager = await jetstreamManager(connection);
  await manager.consumers.add(FLOW_STREAM, {
    durable_name: "raw",
    filter_subjects: ["order.created.*"],
    ack_policy: AckPolicy.Explicit,
    max_ack_pending: 2_000,
  });
  const js = jetstream(connection);
  const consumer = await js.consumers.get(FLOW_STREAM, "raw");
  const body = Buffer.alloc(120);

  const startedAt = performance.now();
  let seen = 0;
  let inFlight = 0;
  let wake = () => {};
  const messages = await consumer.consume({ max_messages: 1_000 });
  for await (const message of messages) {
    inFlight++;
    js.publish(`stock.reserved.${message.seq}`, body, { msgID: `raw-${message.seq}` }).then(() => {
      message.ack();
      inFlight--;
      wake();
    });
    while (inFlight >= IN_FLIGHT) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    if (++seen === count) break;
  }
  while (inFlight > 0) {
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
  await connection.flush();
  const seconds = (performance.now() - startedAt) / 1_000;
  await manager.consumers.delete(FLOW_STREAM, "raw");
  return seconds;
}
