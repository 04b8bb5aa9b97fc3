// What is wrong, told to whoever asks: as of now, or not yet.

import { setTimeout as sleep } from "node:timers/promises";
import { serve } from "@hono/node-server";
import { Hono } from "hono";
import { afterEach, expect, it, vi } from "vitest";
import type { Monitor } from "../../apps/monitor/monitor.ts";
import type { ConsumerStand, Snapshot } from "../../apps/monitor/poll.ts";
import { Watch } from "../../apps/monitor/troubles.ts";
import type { Why } from "../../apps/monitor/why.ts";
import { loadConfig } from "../../shared/config.ts";
import { NOW } from "../pure/given.ts";
import { stand } from "./circumstances.ts";

const STUCK = "0190c0de-0000-7000-8000-000000000001";
const ALSO_STUCK = "0190c0de-0000-7000-8000-000000000002";

afterEach(() => vi.restoreAllMocks());

it("of orders, nothing is told that was found long ago, though the next look takes its time", async () => {
  let takesMs = 0;
  const { url, close } = await ordersWith([STUCK], () => takesMs);
  const watch = new Watch(monitorOf(url));
  try {
    await vi.waitFor(
      async () => expect((await watch.troubles()).troubles).toMatchObject([{ about: STUCK }]),
      30_000,
    );

    const now = performance.now.bind(performance);
    vi.spyOn(performance, "now").mockImplementation(() => now() + 60_000);
    takesMs = 700;
    expect(await watch.troubles()).toMatchObject({ troubles: [], isLooking: true });
    takesMs = 0;
    await vi.waitFor(
      async () => expect(await watch.troubles()).toMatchObject({ troubles: [{ about: STUCK }] }),
      30_000,
    );
  } finally {
    close();
  }
});

it("orders that wait for the same reason are told of once, whatever its numbers are", async () => {
  const { url, close } = await ordersWith([STUCK, ALSO_STUCK]);
  const watch = new Watch(monitorOf(url));
  try {
    await vi.waitFor(
      async () => expect((await watch.troubles()).troubles).toMatchObject([{ about: STUCK, others: 1 }]),
      30_000,
    );
  } finally {
    close();
  }
});

it("nobody is sent to start a NATS that is there and can't be looked at", async () => {
  const monitor = monitorOf("http://127.0.0.1:1", {
    isConnected: false,
    isThere: true,
    cause: "stream not found",
  });

  const { troubles } = await new Watch(monitor).troubles();
  expect(troubles.filter(({ kind }) => kind === "nats")).toMatchObject([
    {
      situation: "unknown",
      sentence: "NATS is up, but can't be looked at: stream not found. The monitor tries again.",
      command: null,
    },
  ]);
});

it("a service that is down or stalled is restarted, one that is paused resumed, and one that is slow let be", async () => {
  const consumers = [
    stand("risk", { status: "SLOW", lag: 4 }),
    stand("orders", { status: "NOBODY LISTENING", lag: 3 }),
    stand("payments", { status: "STALLED", lag: 2, pausedUntil: NOW }),
    stand("shipping", { status: "STALLED", lag: 1 }),
    stand("inventory", { status: "CATCHING UP", lag: 5 }),
  ];
  const monitor = monitorOf("http://127.0.0.1:1", { isConnected: true }, consumers);

  const { troubles } = await new Watch(monitor).troubles();
  expect(troubles.map(({ about, situation, command }) => [about, situation, command])).toEqual([
    ["orders", "stuck", "npm run -s restart -- orders"],
    ["payments", "stuck", "nats consumer resume ORDER_FLOW payments"],
    ["shipping", "stuck", "npm run -s restart -- shipping"],
    ["risk", "waiting", null],
  ]);
});

/** The service orders, which knows these orders and takes its time to say so. */
async function ordersWith(ids: readonly string[], takesMs = () => 0) {
  const app = new Hono().get("/orders", async (c) => {
    await sleep(takesMs());
    return c.json({ orders: ids.map((orderId) => ({ orderId, placedAt: "2026-01-05T09:00:00.000Z" })) });
  });
  const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: 0 });
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as { port: number };
  return { url: `http://127.0.0.1:${port}`, close: () => server.close() };
}

/** A monitor that sees these services, none in trouble if there are none, and knows of each order that it is stuck. */
function monitorOf(
  url: string,
  nats: Snapshot["nats"] = { isConnected: true },
  consumers: readonly ConsumerStand[] = [],
): Monitor {
  const why = async (orderId: string): Promise<Why> => {
    const sentence = `It is stuck behind ${orderId === STUCK ? "900" : "1,200"} others, for ${orderId === STUCK ? "8 s" : "2 min 4 s"}.`;
    return { orderId, customer: null, situation: "stuck", at: "risk", sentence, command: "" };
  };
  const parts = {
    config: loadConfig({ SERVICE_URL: url }),
    latest: { nats, consumers },
    sight: undefined,
    inspector: { why },
  };
  return parts as unknown as Monitor;
}
