// What a stream holds is read to its end over a real nats-server, also when it goes meanwhile, or when NATS does.

import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JsMsg, jetstream, jetstreamManager, type StreamAPI } from "@nats-io/jetstream";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { connectNats } from "../../shared/nats/connect.ts";
import { pastOf } from "../../shared/nats/history.ts";
import { stored } from "../../shared/nats/stored.ts";
import { ADMIN, FLOW_STREAM } from "../../shared/nats/topology.ts";
import { type Broker, placeWaiting, startBroker } from "../../shared/stack/bench/broker.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-stored-"));
const risk = allServices(loadConfig({})).find(({ name }) => name === "risk")!;
/** More than are on their way at once. */
const ORDERS = 9_000;
const EVERY_ORDER = { filter_subjects: ["order.created.*"] };

let broker: Broker;
let streams: StreamAPI;
let placed = 0;

beforeAll(async () => {
  broker = await startBroker(folder, "relaxed");
  streams = (await jetstreamManager(broker.connection)).streams;
});

beforeEach(async () => {
  await streams.purge(FLOW_STREAM);
  await place(ORDERS);
});

afterAll(async () => {
  await broker?.stop();
  rmSync(folder, { recursive: true, force: true });
});

describe("the past of a service", () => {
  it("is read once and in order, though the stream ends with what the service does not hear", async () => {
    await jetstream(broker.connection).publish("stock.adjusted.TEA-001", "");

    const read = await readAll(pastOf(broker.connection, risk));

    expect(read).toHaveLength(ORDERS);
    expect(read.every((seq, n) => seq === read[0]! + n)).toBe(true);
  });

  it("ends with what is left when most of it goes while it is read", async () => {
    const read = await readAll(pastOf(broker.connection, risk), () => purge({ keep: 100 }));

    expect(read.slice(-100)).toEqual(Array.from({ length: 100 }, (_, n) => read[0]! + ORDERS - 100 + n));
    expect(read.length).toBeLessThan(ORDERS);
  });

  it("ends when all the rest goes while it is read", async () => {
    const read = await readAll(pastOf(broker.connection, risk), () => purge());

    expect(read.length).toBeLessThan(ORDERS);
  });

  it("ends with what was there at first, however much comes while it is read and the rest goes", async () => {
    const before = (await streams.info(FLOW_STREAM)).state.last_seq;
    const read = await readAll(pastOf(broker.connection, risk), async () => {
      await purge();
      await place(500);
    });

    expect(read.at(-1)).toBeLessThanOrEqual(before);
  });

  const purge = (options?: { keep: number }) => streams.purge(FLOW_STREAM, options);
});

describe("reading what is stored", () => {
  it("fails when NATS is silent for too long", async () => {
    const pid = Number(readFileSync(join(folder, "run", "nats.pid"), "utf8"));
    const reading = readAll(stored(jetstream(broker.connection), FLOW_STREAM, EVERY_ORDER, 2_000), () =>
      process.kill(pid, "SIGSTOP"),
    );

    try {
      await expect(reading).rejects.toThrow("ORDER_FLOW could not be read to its end: NATS is silent");
    } finally {
      process.kill(pid, "SIGCONT");
      await broker.connection.flush();
    }
  });

  it("goes on after NATS was away for a moment, with nothing missing and nothing twice", async () => {
    const read = await readAll(stored(jetstream(broker.connection), FLOW_STREAM, EVERY_ORDER), () =>
      broker.connection.reconnect(),
    );

    expect(read).toEqual(Array.from({ length: ORDERS }, (_, n) => read[0]! + n));
  });

  it("fails when the connection ends: it does not take a part for the whole", async () => {
    const { NATS_HOST, NATS_PORT, ADMIN_PASSWORD } = loadConfig(broker.env);
    const account = { url: `nats://${NATS_HOST}:${NATS_PORT}`, user: ADMIN, password: ADMIN_PASSWORD! };
    const connection = await connectNats(account, false);
    const reading = readAll(stored(jetstream(connection), FLOW_STREAM, EVERY_ORDER), () =>
      connection.close(),
    );

    await expect(reading).rejects.toThrow("the connection has ended");
  });
});

async function place(orders: number): Promise<void> {
  await placeWaiting(broker.connection, orders, placed);
  placed += orders;
}

/** The numbers of all messages; something happens once the first was read. */
async function readAll(messages: AsyncIterable<JsMsg>, afterFirst?: () => unknown): Promise<number[]> {
  const read: number[] = [];
  for await (const { seq } of messages) if (read.push(seq) === 1) await afterFirst?.();
  return read;
}
