// The consumers of JetStream as figures.

import { expect, it } from "vitest";
import { type StandingConsumer, showConsumers } from "../../shared/observability/jetstream-metrics.ts";
import { Metrics } from "../../shared/observability/metrics.ts";
import { Scrape } from "../support/exposition.ts";

const RISK: StandingConsumer = {
  stream_name: "ORDER_FLOW",
  name: "risk",
  num_pending: 7,
  num_ack_pending: 2,
  num_redelivered: 1,
  num_waiting: 3,
  delivered: { consumer_seq: 11, stream_seq: 40 },
  ack_floor: { consumer_seq: 8, stream_seq: 31 },
  lag_seconds: 4.5,
};

it("shows each consumer as of the latest poll, and one that is gone no more", async () => {
  const metrics = new Metrics("monitor");
  let standing = [RISK, { ...RISK, name: "orders", num_pending: 0 }];
  showConsumers(metrics, () => standing);

  const first = new Scrape(await metrics.text());
  const of = (name: string, consumer = "risk") =>
    first.sum(name, { stream_name: "ORDER_FLOW", consumer_name: consumer });
  expect([of("jetstream_consumer_num_pending"), of("jetstream_consumer_num_pending", "orders")]).toEqual([
    7, 0,
  ]);
  expect(of("jetstream_consumer_num_ack_pending")).toBe(2);
  expect(of("jetstream_consumer_num_redelivered")).toBe(1);
  expect(of("jetstream_consumer_num_waiting")).toBe(3);
  expect(of("jetstream_consumer_delivered_consumer_seq")).toBe(11);
  expect(of("jetstream_consumer_delivered_stream_seq")).toBe(40);
  expect(of("jetstream_consumer_ack_floor_consumer_seq")).toBe(8);
  expect(of("jetstream_consumer_ack_floor_stream_seq")).toBe(31);
  expect(of("quadrille_consumer_lag_seconds")).toBe(4.5);

  standing = [{ ...RISK, num_pending: 5 }];
  const second = new Scrape(await metrics.text());
  expect(second.values("jetstream_consumer_num_pending", "consumer_name")).toEqual(["risk"]);
  expect(second.sum("jetstream_consumer_num_pending")).toBe(5);
});
