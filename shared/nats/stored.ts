// Reads what a stream holds now, and comes to an end whatever becomes of the stream meanwhile.

import { setTimeout as sleep } from "node:timers/promises";
import type {
  Consumer,
  ConsumerMessages,
  JetStreamClient,
  JsMsg,
  OrderedConsumerOptions,
} from "@nats-io/jetstream";

/** The most messages that are on their way at once. */
const PREFETCH = 5_000;
/** How often it is looked whether anything came, and how long nothing may come although something is left. */
const LOOK_EVERY_MS = 1_000;
const SILENT_FOR_MS = 30_000;

/**
 * The messages of a stream that are there now, oldest first. Those that go before they are read are left out, and those that
 * come later need not be among them. Rejects when the connection ends, or nothing comes for `silentForMs` of what is left.
 */
export async function* stored(
  js: JetStreamClient,
  stream: string,
  options: Partial<OrderedConsumerOptions> = {},
  silentForMs = SILENT_FOR_MS,
): AsyncGenerator<JsMsg> {
  const consumer = await js.consumers.get(stream, options);
  let left = (await consumer.info()).num_pending;
  if (left === 0) return;
  const { state } = await (await js.jetstreamManager(false)).streams.info(stream);
  const messages = await consumer.consume({ max_messages: PREFETCH });
  const silence = untilSilent(consumer, messages, silentForMs);
  for await (const message of messages) {
    if (message.seq > state.last_seq) return;
    yield message;
    if (--left === 0 || message.seq === state.last_seq) return;
  }
  const fault = await silence;
  if (fault) throw new Error(`${stream} could not be read to its end: ${fault}; try again`);
}

/**
 * Ends `messages` when nothing comes any more, and resolves to what is wrong, if anything. Nothing is when nothing was left at two
 * looks in a row: what NATS has sent may come after its word that this was all.
 */
async function untilSilent(
  consumer: Consumer,
  messages: ConsumerMessages,
  silentForMs: number,
): Promise<string | undefined> {
  const over = new AbortController();
  messages.closed().then(() => over.abort());
  let received = 0;
  let since = performance.now();
  let wasAll = false;
  for (;;) {
    await sleep(LOOK_EVERY_MS, undefined, { signal: over.signal }).catch(() => {});
    if (over.signal.aborted) return "the connection has ended";
    const isSilent = messages.getReceived() === received;
    // After a break the consumer is made anew, and is not there at once.
    const info = isSilent ? await consumer.info().catch(() => undefined) : undefined;
    if (messages.getReceived() !== received) {
      received = messages.getReceived();
      since = performance.now();
      wasAll = false;
      continue;
    }
    const isAll = info?.num_pending === 0;
    const isLate = !isAll && performance.now() - since > silentForMs;
    if (isLate || (isAll && wasAll)) {
      messages.close();
      return isLate ? "NATS is silent" : undefined;
    }
    wasAll = isAll;
  }
}
