// Every service is restarted under load, one after the other: no customer sees an error, and no delivery comes twice.

import { Agent, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { arrangement } from "../../shared/nats/conf.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { consumes } from "../../shared/service/define.ts";
import { restless } from "../support/invariants.ts";
import { anOrder } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

const PACE_MS = 40;

let shop: TestStack;

beforeAll(async () => {
  // At this level a service logs each delivery with how often it has come.
  shop = await TestStack.start({ LOG_LEVEL: "debug", ACK_WAIT_MS: "10000" });
  await shop.stockUp("TEA-001", 1_000_000);
});

afterAll(() => shop?.stop());
beforeEach(() => shop.explainFailure());

test("a rolling restart under load shows no error to a customer, and causes no redelivery", async () => {
  const orderIds: string[] = [];
  const unexpected: string[] = [];
  let restarting = true;

  /** Asks at a steady pace until all is restarted. */
  async function customer(ask: () => Promise<void>): Promise<void> {
    while (restarting) {
      await ask().catch((error) => unexpected.push(`${error.message}: ${error.cause?.message}`));
      await sleep(PACE_MS);
    }
  }
  const place = async (send: Send) => {
    const { status, body } = await send("POST", `${shop.stack.url("orders")}/orders`, anOrder());
    if (status === 202) orderIds.push(JSON.parse(body).orderId);
    else unexpected.push(`${status} ${body}`);
  };
  const look = async (send: Send, path: string) => {
    const { status, body } = await send("GET", path);
    if (status !== 200) unexpected.push(`${path}: ${status} ${body}`);
  };
  const names = [...shop.stack.services.keys()];
  const sends = [kept(), kept(), fetched, fresh];
  const customers = [
    ...sends.map((send) => customer(() => place(send))),
    ...names.flatMap((name) =>
      [kept(), fetched, fresh].map((send) => customer(() => look(send, `${shop.stack.url(name)}/healthz`))),
    ),
  ];

  await sleep(500);
  const told: string[] = [];
  await shop.stack.restart([], (line) => told.push(line));
  restarting = false;
  await Promise.all(customers);

  expect(unexpected).toEqual([]);
  expect(told.map((line) => line.split(" ")[0])).toEqual([...names, "monitor"]);
  expect(orderIds.length).toBeGreaterThan(50);
  for (const { name, deaths, lastStop } of shop.stack.services.values()) {
    expect({ name, deaths, code: lastStop?.code }).toEqual({ name, deaths: 0, code: 0 });
    expect(lastStop!.ms).toBeLessThan(10_000);
  }
  for (const id of orderIds) expect(await shop.ended(id)).toMatchObject({ status: "completed" });
  await expectNothingRedelivered();
});

test("a build that NATS was not set up for is refused before anything is stopped", async () => {
  const pids = () => shop.stack.apps.map(({ pid }) => pid);
  const before = pids();
  const others = allServices(shop.stack.config).slice(1);
  const caller = { tell: () => {}, held: async () => {} };

  const asked = shop.stack.fulfil({ restart: ["loyalty"], arrangement: arrangement(others) }, caller);
  await expect(asked).rejects.toThrow(
    /^this build has other services .*: stop the stack with Ctrl-C, then npm start$/,
  );
  expect(pids()).toEqual(before);
});

/** Who took longer to stop, on a busy machine, may not have heard NATS out, and has to be asked again. */
const IN_GOOD_TIME_MS = 2_500;

/** Every message was delivered to each of its services once, and each delivery was acknowledged. */
async function expectNothingRedelivered(): Promise<void> {
  expect(await restless(shop)).toEqual([]);
  const flow = await shop.flow();
  const prompt = [...shop.stack.services.values()].filter(({ lastStop }) => lastStop!.ms < IN_GOOD_TIME_MS);
  expect(prompt.length).toBeGreaterThan(0);
  const connection = await shop.stack.connect();
  const { consumers } = await jetstreamManager(connection);
  for (const service of allServices(shop.stack.config)) {
    const { name } = service;
    if (!prompt.some((one) => one.name === name)) continue;
    const due = flow.filter(({ type }) => consumes(service).includes(type)).length;
    const { num_redelivered, delivered, ack_floor } = await consumers.info(FLOW_STREAM, name);
    expect({
      name,
      num_redelivered,
      delivered: delivered.consumer_seq,
      acked: ack_floor.consumer_seq,
    }).toEqual({ name, num_redelivered: 0, delivered: due, acked: due });
  }
  await connection.close();
  const tried = shop.lines.filter((line) => line.includes('"attempt":'));
  expect(tried.length).toBeGreaterThan(flow.length);
  const again = tried.filter((line) => !line.includes('"attempt":1,'));
  expect(again.filter((line) => prompt.some(({ name }) => line.includes(`"service":"${name}"`)))).toEqual([]);
}

type Send = (method: string, url: string, body?: unknown) => Promise<{ status: number; body: string }>;

const HEADERS = { "content-type": "application/json" };

/** Node's own fetch, which keeps its connections alive. */
async function fetched(...[method, url, body]: Parameters<Send>): ReturnType<Send> {
  const init = { method, headers: HEADERS, ...(body !== undefined && { body: JSON.stringify(body) }) };
  const response = await fetch(url, init);
  return { status: response.status, body: await response.text() };
}

/** A client with one connection for each service, which it keeps alive. */
function kept(): Send {
  return through(new Agent({ keepAlive: true, maxSockets: 1 }));
}

/** A new connection for every request. */
const fresh = through(new Agent({ keepAlive: false }));

function through(agent: Agent): Send {
  return (method, url, body) =>
    new Promise((resolve, reject) => {
      const sent = request(url, { agent, method, headers: HEADERS }, (response) => {
        let text = "";
        response.setEncoding("utf8").on("data", (data) => {
          text += data;
        });
        response.on("end", () => resolve({ status: response.statusCode!, body: text }));
        response.on("error", reject);
      });
      sent.on("error", reject).end(body === undefined ? undefined : JSON.stringify(body));
    });
}
