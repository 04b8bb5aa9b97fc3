// The consumers of JetStream as figures, under the names of prometheus-nats-exporter where it has them.

import type { ConsumerInfo, SequenceInfo } from "@nats-io/jetstream";
import type { Meters } from "./meters.ts";

/** What JetStream says of a consumer, and how old the oldest event is that it has not handled; 0 when it has handled all. */
export type StandingConsumer = Pick<
  ConsumerInfo,
  "stream_name" | "name" | "num_pending" | "num_ack_pending" | "num_redelivered" | "num_waiting"
> & {
  readonly delivered: Pick<SequenceInfo, "consumer_seq" | "stream_seq">;
  readonly ack_floor: Pick<SequenceInfo, "consumer_seq" | "stream_seq">;
  readonly lag_seconds: number;
};

const FIGURES: readonly [name: string, help: string, of: (consumer: StandingConsumer) => number][] = [
  [
    "jetstream_consumer_num_pending",
    "Messages that were not delivered yet.",
    ({ num_pending }) => num_pending,
  ],
  [
    "jetstream_consumer_num_ack_pending",
    "Messages that were delivered and not acknowledged.",
    ({ num_ack_pending }) => num_ack_pending,
  ],
  [
    "jetstream_consumer_num_redelivered",
    "Messages that were delivered more than once and not acknowledged.",
    ({ num_redelivered }) => num_redelivered,
  ],
  [
    "jetstream_consumer_num_waiting",
    "Requests for messages that are open.",
    ({ num_waiting }) => num_waiting,
  ],
  [
    "jetstream_consumer_delivered_consumer_seq",
    "How many deliveries there were.",
    ({ delivered }) => delivered.consumer_seq,
  ],
  [
    "jetstream_consumer_delivered_stream_seq",
    "The number in the stream of the newest message that was delivered.",
    ({ delivered }) => delivered.stream_seq,
  ],
  [
    "jetstream_consumer_ack_floor_consumer_seq",
    "The number of the delivery up to which all are acknowledged.",
    ({ ack_floor }) => ack_floor.consumer_seq,
  ],
  [
    "jetstream_consumer_ack_floor_stream_seq",
    "The number in the stream up to which all are acknowledged.",
    ({ ack_floor }) => ack_floor.stream_seq,
  ],
  [
    "quadrille_consumer_lag_seconds",
    "The age of the oldest event that the consumer has not handled.",
    ({ lag_seconds }) => lag_seconds,
  ],
];

/** Shows consumers as they stand: `read` gives all of them as of the latest poll, and is asked at each scrape. */
export function showConsumers(meters: Meters, read: () => readonly StandingConsumer[]): void {
  for (const [figure, help, of] of FIGURES) {
    meters.gauge(figure, help, ["stream_name", "consumer_name"], (set) => {
      for (const consumer of read()) {
        const { stream_name, name: consumer_name } = consumer;
        set({ stream_name, consumer_name }, of(consumer));
      }
    });
  }
}
