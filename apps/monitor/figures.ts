// The consumers of the latest look as figures for GET /metrics.

import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { type StandingConsumer, showConsumers } from "../../shared/observability/jetstream-metrics.ts";
import type { Meters } from "../../shared/observability/meters.ts";
import type { Monitor } from "./monitor.ts";
import type { ConsumerStand } from "./poll.ts";

/** Shows whether the monitor sees NATS; how every consumer stood, as long as it does; and whether the numbers were found right. */
export function showFigures(meters: Meters, monitor: Monitor): void {
  meters.gauge("quadrille_nats_seen", "1 while the monitor sees NATS.", [], (set) =>
    set({}, monitor.state.ready ? 1 : 0),
  );
  const agree = "1 where the last count in the stream found what the consumer says, else 0.";
  meters.gauge("quadrille_consumer_numbers_agree", agree, ["consumer_name"], (set) => {
    for (const { name, agrees } of monitor.checks) set({ consumer_name: name }, agrees ? 1 : 0);
  });
  showConsumers(meters, () => {
    const { latest } = monitor;
    return latest?.nats.isConnected ? latest.consumers.map(figuresOf) : [];
  });
}

function figuresOf(stand: ConsumerStand): StandingConsumer {
  return {
    stream_name: FLOW_STREAM,
    name: stand.name,
    num_pending: stand.pending,
    num_ack_pending: stand.ackPending,
    num_redelivered: stand.redelivered,
    num_waiting: stand.waiting,
    delivered: { consumer_seq: stand.deliveries, stream_seq: stand.deliveredSeq },
    ack_floor: { consumer_seq: stand.floorDelivery, stream_seq: stand.floorSeq },
    lag_seconds: stand.lagSeconds,
  };
}
