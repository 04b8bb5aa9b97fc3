// How many orders there are, and how long they take. Read when somebody asks, from what was said since the last time.

import { setImmediate as turn } from "node:timers/promises";
import type { Labels, Meters } from "../../shared/observability/meters.ts";
import type { Runtime } from "../../shared/service/runtime.ts";
import type { OrdersStore } from "./store.ts";

/** In seconds: from an order that goes straight through to one that waits a day for a person. */
const BUCKETS = [
  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 600, 3_600, 21_600, 86_400, 172_800,
];

const OUTCOMES = { "order.completed": "completed", "order.cancelled": "cancelled" } as const;

/** Adds the figures of the orders. Those that have ended are counted once, at the first look: their number only grows. */
export function figures(meters: Meters, { engine }: Runtime<OrdersStore, unknown>): void {
  const { store } = engine;
  let ended: { completed: number; cancelled: number } | undefined;
  let seen = engine.lastRow;

  let looking = Promise.resolve();

  /** Takes in what was said since the last time, a page in a turn. Two at once take in the same page once. */
  async function lookOn(observe: (labels: Labels, seconds: number) => void): Promise<void> {
    for (let page = engine.outboxAfter(seen); page.length > 0; page = engine.outboxAfter(seen)) {
      for (const { id, type, key, time } of page) {
        seen = id;
        if (type !== "order.completed" && type !== "order.cancelled") continue;
        const outcome = OUTCOMES[type];
        if (ended) ended[outcome]++;
        observe({ outcome }, (time - store.placedAt(key)!) / 1_000);
      }
      await turn();
    }
    ended ??= { completed: store.count("completed"), cancelled: store.count("cancelled") };
  }

  meters.durations(
    "quadrille_order_seconds",
    "From an order's placement to its end.",
    ["outcome"],
    BUCKETS,
    (observe) => {
      looking = lookOn(observe);
      return looking;
    },
  );
  meters.gauge("quadrille_orders", "Orders, by status.", ["status"], async (set) => {
    await looking;
    for (const status of ["pending", "in-review"] as const) set({ status }, store.count(status));
    for (const [status, count] of Object.entries(ended ?? {})) set({ status }, count);
  });
}
