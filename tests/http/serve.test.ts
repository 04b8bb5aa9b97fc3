// On a port and off it again, with every request answered.

import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { Hono } from "hono";
import { streamSSE } from "hono/streaming";
import { afterEach, expect, test } from "vitest";
import { MAX_BODY } from "../../shared/http/body.ts";
import { type Served, serve } from "../../shared/http/serve.ts";
import { ordersApp } from "./orders.ts";

const GRACE_MS = 30_000;
/** So long an idle connection is kept. */
const KEEP_ALIVE_MS = 5_000;

const app = new Hono()
  .get("/", (c) => c.text("here"))
  .get("/slow", async (c) => {
    await sleep(200);
    return c.text("done");
  })
  .get("/large", (c) => c.text("x".repeat(8 * 1024 * 1024)))
  .get("/events", (c) =>
    streamSSE(c, async (stream) => {
      await stream.writeSSE({ data: "hello" });
      await new Promise<void>((resolve) => stream.onAbort(resolve));
    }),
  );

const open: Served[] = [];
afterEach(() => Promise.all(open.splice(0).map(({ close }) => close(0))));

async function start(served: Parameters<typeof serve>[0] = app) {
  const server = await serve(served, { host: "127.0.0.1", port: 0 });
  open.push(server);
  return server;
}

/** One GET through `agent`: its status, or what went wrong: a connection that was never accepted has lost no request. */
async function ask(url: string, agent: Agent): Promise<number | string | undefined> {
  const request = get(url, { agent });
  try {
    const [response] = (await once(request, "response")) as [IncomingMessage];
    for await (const _ of response);
    return response.statusCode;
  } catch (error) {
    return request.reusedSocket ? `dropped: ${(error as Error).message}` : "not accepted";
  }
}

test("listens where it says", async () => {
  const { url } = await start();
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  expect(await (await fetch(url)).text()).toBe("here");
});

test("says in a sentence that the port is taken, and what to set", async () => {
  const { url } = await start();
  const port = Number(new URL(url).port);
  const again = (variable?: string) => serve(app, { host: "127.0.0.1", port, ...(variable && { variable }) });

  const sentence = `port ${port} on 127.0.0.1 is already in use: stop what uses it or`;
  await expect(again("ORDERS_PORT")).rejects.toThrow(`${sentence} set ORDERS_PORT`);
  await expect(again()).rejects.toThrow(`${sentence} choose another`);
  await expect(again()).rejects.toMatchObject({ code: "EADDRINUSE" });
});

test("says why it cannot listen for another reason", async () => {
  const elsewhere = serve(app, { host: "192.0.2.1", port: 0 });
  await expect(elsewhere).rejects.toThrow("cannot listen to port 0 on 192.0.2.1: ");
});

test("refuses connections once closed", async () => {
  const { url, close } = await start();
  await close(GRACE_MS);
  expect(await ask(url, new Agent())).toBe("not accepted");
});

test("closes at once when nobody is connected, however often it is told to", async () => {
  const { close } = await start();
  const started = performance.now();
  await Promise.all([close(GRACE_MS), close(GRACE_MS)]);
  await close(GRACE_MS);
  expect(performance.now() - started).toBeLessThan(KEEP_ALIVE_MS);
});

test("lets a request in flight finish and tells it to close the connection", async () => {
  const { url, close } = await start();
  const response = fetch(`${url}/slow`);
  await sleep(50);
  const closed = close(GRACE_MS);

  expect((await response).headers.get("connection")).toBe("close");
  expect(await (await response).text()).toBe("done");
  await closed;
});

test("does not wait for kept-alive connections that are idle", async () => {
  const { url, close } = await start();
  const agent = new Agent({ keepAlive: true });
  await ask(url, agent);
  const started = performance.now();
  await close(GRACE_MS);
  expect(performance.now() - started).toBeLessThan(KEEP_ALIVE_MS - 500);
});

test("answers a request that comes on a kept-alive connection while it is closing", async () => {
  const { url, close } = await start();
  const agent = new Agent({ keepAlive: true });
  await ask(url, agent);
  const closed = close(GRACE_MS);
  expect(await ask(url, agent)).toBe(200);
  await closed;
});

test("cuts an event stream off after the grace period", async () => {
  const { url, close } = await start();
  const stream = await fetch(`${url}/events`);
  const reader = stream.body!.getReader();
  await reader.read();
  const started = performance.now();
  await close(200);

  expect(performance.now() - started).toBeGreaterThan(190);
  expect(performance.now() - started).toBeLessThan(KEEP_ALIVE_MS);
  await expect(reader.read()).rejects.toThrow();
});

test("answers those who connected just before it closed", async () => {
  const { url, close } = await start();
  const answers = Array.from({ length: 20 }, () => ask(url, new Agent()));
  await close(GRACE_MS);
  expect(await Promise.all(answers)).toEqual(Array(20).fill(200));
});

test("drops no request when it closes under load", async () => {
  const { url, close } = await start();
  const agent = new Agent({ keepAlive: true });
  const answers = new Map<unknown, number>();
  const client = async (path: string) => {
    for (let last: unknown = 200; last === 200; ) {
      last = await ask(`${url}${path}`, agent);
      answers.set(last, (answers.get(last) ?? 0) + 1);
    }
  };
  const clients = ["/", "/", "/", "/large", "/slow"].map(client);
  await sleep(100);
  await close(GRACE_MS);
  await Promise.all(clients);

  expect([...answers.keys()].sort()).toEqual([200, "not accepted"]);
});

test("keeps a connection usable after it refused a body on it", async () => {
  const { url } = await start(ordersApp().app);
  const refuse = (body: string, type: string) =>
    fetch(`${url}/orders`, { method: "POST", body, headers: { "content-type": type } });

  for (let time = 0; time < 5; time++) {
    expect((await refuse("x".repeat(2 * MAX_BODY), "application/json")).status).toBe(413);
    expect((await refuse("x".repeat(MAX_BODY), "text/plain")).status).toBe(415);
  }
});

test("logs nothing when a client leaves in the middle of a body", async () => {
  const { app, logged } = ordersApp();
  const { url } = await start(app);
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  const head = "POST /orders HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n";
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"lin\r\n`);
  await sleep(50);
  socket.destroy();
  await sleep(50);
  expect(logged).toEqual([]);
});
