// A nats-server for measurements, with this project's nats.conf, and waiting events to put into it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type NatsConnection, nuid } from "nats";
import { allServices } from "../../../apps/services.ts";
import { loadConfig } from "../../config.ts";
import { encode, type Fact, fact, subjectOf } from "../../contracts/events.ts";
import { connectNats } from "../../nats/connect.ts";
import { toHeaders } from "../../nats/headers.ts";
import { provision } from "../../nats/provision.ts";
import { ADMIN, users } from "../../nats/topology.ts";
import { EXAMPLE_ORDER } from "../example.ts";
import { findNatsServer } from "../nats-server.ts";
import { ensurePasswords } from "../passwords.ts";
import { isolatedEnv } from "../ports.ts";
import { projectRoot } from "../project.ts";
import { natsEnv } from "../stack.ts";
import { Supervised } from "../supervise.ts";

/** A provisioned broker that has no service attached. */
export interface Broker {
  readonly env: NodeJS.ProcessEnv;
  readonly connection: NatsConnection;
  stop(): Promise<void>;
}

/** Starts a broker on an empty folder. */
export async function startBroker(folder: string, durability: "strict" | "relaxed"): Promise<Broker> {
  mkdirSync(join(folder, "run"), { recursive: true });
  const env: NodeJS.ProcessEnv = { ...(await isolatedEnv(folder)), DURABILITY: durability };
  const config = loadConfig(env);
  const services = allServices(config);
  const passwords = ensurePasswords(join(folder, "passwords.env"), users(services));
  const server = new Supervised({
    name: "nats",
    node: false,
    command: await findNatsServer(),
    args: ["-c", join(projectRoot, "nats.conf")],
    env: { ...env, ...natsEnv(config, folder), ...passwords },
    pidFile: join(folder, "run", "nats.pid"),
    onLine: () => {},
  });
  server.start();

  const account = {
    url: `nats://${config.NATS_HOST}:${config.NATS_PORT}`,
    user: ADMIN,
    password: passwords.ADMIN_PASSWORD!,
  };
  let connection: NatsConnection | undefined;
  for (let tries = 0; !connection; tries++) {
    connection = await connectNats(account, false).catch(async (error) => {
      if (tries > 1_000) throw error;
      await sleep(50);
      return undefined;
    });
  }
  await provision(connection, services, config);
  const open = connection;
  return {
    env: { ...env, ...passwords },
    connection,
    async stop() {
      await open.close();
      await server.stop();
    },
  };
}

/** Puts `count` orders into the stream, as the orders service would, in atomic batches; `after` is how many there are already. */
export async function placeWaiting(connection: NatsConnection, count: number, after = 0): Promise<void> {
  const BATCH = 500;
  for (let first = after; first < after + count; first += BATCH) {
    const batchId = nuid.next();
    const size = Math.min(BATCH, after + count - first);
    for (let index = 1; index <= size; index++) {
      const order = orderCreated(first + index);
      const subject = subjectOf({ type: order.type, key: order.data.orderId });
      const headers = toHeaders(
        {
          id: 0,
          event_id: `bench-${first + index}`,
          type: order.type,
          key: order.data.orderId,
          time: Date.now(),
          causation_id: "bench",
          correlation_id: order.data.orderId,
          traceparent: null,
          payload: Buffer.alloc(0),
        },
        "orders",
      );
      headers.set("Nats-Batch-Id", batchId);
      headers.set("Nats-Batch-Sequence", `${index}`);
      if (index < size) {
        connection.publish(subject, encode(order), { headers });
      } else {
        headers.set("Nats-Batch-Commit", "1");
        const reply = await connection.request(subject, encode(order), { headers, timeout: 10_000 });
        const { error } = reply.json<{ error?: { description: string } }>();
        if (error) throw new Error(`waiting orders could not be placed: ${error.description}`);
      }
    }
  }
}

function orderCreated(n: number): Fact<"order.created"> {
  return fact("order.created", {
    orderId: `00000000-0000-7000-8000-${n.toString().padStart(12, "0")}`,
    ...EXAMPLE_ORDER,
    lines: [...EXAMPLE_ORDER.lines],
    customerId: `c-${n % 1000}`,
    totalCents: 900,
  });
}
