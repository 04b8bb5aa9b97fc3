// Reads all that a stream holds.

import { type JsMsg, jetstream, jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";

/** What each message of a stream is to its reader, in the order of the stream. */
export async function readStream<Read>(
  connection: NatsConnection,
  stream: string,
  read: (message: JsMsg) => Read,
): Promise<Read[]> {
  const { state } = await (await jetstreamManager(connection)).streams.info(stream);
  if (state.messages === 0) return [];
  const all: Read[] = [];
  const consumer = await jetstream(connection).consumers.get(stream);
  for await (const message of await consumer.consume()) {
    all.push(read(message));
    if (message.info.pending === 0) break;
  }
  return all;
}
