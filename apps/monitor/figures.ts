// The consumers of the latest look as figures for GET /metrics.

import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { type StandingConsumer, showConsumers } from "../../shared/observability/jetstream-metrics.ts";
import type { Meters } from "../../shared/observability/meters.ts";
import type { Monitor } from "./monitor.ts";
import type { ConsumerStand } from "./poll.ts";

/** Shows how every consumer stood when the monitor last saw NATS; none while it does not. */
export function showFigures(meters: Meters, monitor: Monitor): void {
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
    ack_floor: { stream_seq: stand.floorSeq },
    lag_seconds: stand.lagSeconds,
  };
}
