// How a customer's wish to cancel an order is taken or turned down.
// biome-ignore-all lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.

import BetterSqlite from "better-sqlite3";
import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import { routes } from "../../apps/orders/http.ts";
import { orders } from "../../apps/orders/service.ts";
import type { OrdersStore } from "../../apps/orders/store.ts";
import { decode, type Event } from "../../shared/contracts/events.ts";
import { httpApp } from "../../shared/http/app.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { heard } from "../pure/given.ts";
import { anOrder } from "../support/order.ts";

let app: ReturnType<typeof httpApp>;
let runtime: Runtime<OrdersStore, unknown>;
let orderId: string;

const json = { "content-type": "application/json" };

beforeEach(async () => {
  const publish = () => Promise.reject(new Error("the broker is down"));
  const log = pino({ level: "silent" });
  runtime = new Runtime(orders, { db: new BetterSqlite(":memory:"), port: undefined, publish, log });
  app = httpApp({ name: "orders", ready: () => ({ ready: true }), log });
  routes(app, runtime);
  orderId = await place();
});

async function place(): Promise<string> {
  const response = await app.request("/orders", {
    method: "POST",
    headers: json,
    body: JSON.stringify(anOrder()),
  });
  return ((await response.json()) as any).orderId;
}

function hear(event: Event): void {
  runtime.engine.transaction(() => runtime.engine.handle(event).outcome !== "duplicate");
}

async function cancel(body?: unknown, headers: Record<string, string> = body === undefined ? {} : json) {
  return cancelOrder(orderId, { headers, ...(body !== undefined && { body: JSON.stringify(body) }) });
}

async function cancelOrder(id: string, request: RequestInit) {
  const response = await app.request(`/orders/${id}/cancellation`, { method: "POST", ...request });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: (await response.json()) as any,
  };
}

function wishes(): unknown[] {
  return runtime.engine
    .outboxAfter(0)
    .filter(({ type }) => type === "order.cancellation-requested")
    .map(({ type, payload }) => decode(type, payload).data);
}

describe("a wish to cancel an order", () => {
  test.each([
    ["without a body", undefined, { requestedBy: "customer", reason: null }],
    ["with an empty one", {}, { requestedBy: "customer", reason: null }],
    ["with null for a reason", { reason: null }, { requestedBy: "customer", reason: null }],
    [
      "with a reason",
      { reason: " ordered by mistake " },
      { requestedBy: "customer", reason: "ordered by mistake" },
    ],
    [
      "of somebody else",
      { requestedBy: "support", reason: "a call" },
      { requestedBy: "support", reason: "a call" },
    ],
  ])("is taken %s, and shown", async (_, body, said) => {
    expect(await cancel(body)).toMatchObject({
      status: 202,
      body: { orderId, status: "pending", cancellationRequested: true },
    });
    expect(wishes()).toEqual([{ orderId, ...said }]);
    const shown = (await (await app.request(`/orders/${orderId}`)).json()) as any;
    expect(shown).toMatchObject({ status: "pending", cancellationRequested: true });
  });

  test("is not shown when there is none", async () => {
    const shown = (await (await app.request(`/orders/${orderId}`)).json()) as any;
    expect(shown).not.toHaveProperty("cancellationRequested");
  });

  test("may come again, and is said once", async () => {
    const first = await cancel({ reason: "ordered by mistake" });
    for (const again of [{ reason: "ordered by mistake" }, { reason: "really" }, undefined])
      expect(await cancel(again)).toEqual(first);

    expect(wishes()).toEqual([{ orderId, requestedBy: "customer", reason: "ordered by mistake" }]);
  });

  test("may come twice at the same time, and is said once", async () => {
    const answers = await Promise.all([cancel(), cancel({})]);

    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(wishes()).toHaveLength(1);
  });

  test("gets its first answer under its Idempotency-Key, which is for no other wish", async () => {
    const key = { ...json, "idempotency-key": "once" };
    const first = await cancel({ reason: "a" }, key);
    hear(heard("shipment.withdrawn", { orderId, reason: "a" }));

    expect(await cancel({ reason: "a" }, key)).toEqual(first);
    expect((await cancel({ reason: "b" }, key)).status).toBe(422);
    expect(wishes()).toHaveLength(1);
  });

  test("needs no body under an Idempotency-Key either", async () => {
    const headers = { "idempotency-key": "once" };
    const answers = [await cancel(undefined, headers), await cancel(undefined, headers)];

    expect(answers.map(({ status }) => status)).toEqual([202, 202]);
    expect(wishes()).toHaveLength(1);
  });

  test("is for an order that waits for a person as well", async () => {
    hear(heard("risk.flagged", { orderId, score: 60, reasons: [], decideBy: 0 }));

    expect(await cancel()).toMatchObject({ status: 202, body: { status: "in-review" } });
    expect(wishes()).toHaveLength(1);
  });

  test("is not for an order that there is not", async () => {
    expect(await cancelOrder("nobody", {})).toMatchObject({
      status: 404,
      type: "application/problem+json",
      body: { type: "urn:quadrille:problem:order-unknown" },
    });
    expect(wishes()).toEqual([]);
  });

  test.each([
    [
      "completed",
      () => heard("payment.captured", { orderId, reference: "r", amountCents: 900, currency: "EUR" }),
    ],
    ["cancelled", () => heard("payment.declined", { orderId, reason: "no funds" })],
  ])("comes too late when the order is %s", async (status, end) => {
    hear(end());

    for (const body of [undefined, { reason: "too late" }]) {
      const answer = await cancel(body);
      expect(answer).toMatchObject({ status: 409, type: "application/problem+json" });
      expect(answer.body.detail).toContain(`order ${orderId} is ${status} already`);
    }
    expect(wishes()).toEqual([]);
  });

  test.each([
    ["an empty reason", { reason: " " }, ["#/reason"]],
    ["a reason that is too long", { reason: "x".repeat(501) }, ["#/reason"]],
    ["a reason that is no text", { reason: 1 }, ["#/reason"]],
    ["nobody who wants it", { requestedBy: "" }, ["#/requestedBy"]],
  ])("is refused with %s", async (_, body, pointers) => {
    const answer = await cancel(body);

    expect(answer).toMatchObject({ status: 422, type: "application/problem+json" });
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(pointers);
    expect(wishes()).toEqual([]);
  });

  test("is refused as JSON that breaks off, or as something else", async () => {
    expect((await cancelOrder(orderId, { headers: json, body: '{"reason":' })).status).toBe(400);
    expect((await cancelOrder(orderId, { headers: json, body: "[]" })).status).toBe(422);
    const form = { "content-type": "application/x-www-form-urlencoded" };
    expect((await cancelOrder(orderId, { headers: form, body: "reason=x" })).status).toBe(415);
    expect(wishes()).toEqual([]);
  });
});
