// Orders over HTTP: place one, look at one, list them, and watch one until it ends.

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { v7 as uuidv7 } from "uuid";
import { answered, idempotency, idempotencyHeaders, traceparent } from "../../shared/http/commands.ts";
import { json, jsonBody, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { Runtime } from "../../shared/service/runtime.ts";
import {
  accepted,
  cancellation,
  listQuery,
  order,
  orderParams,
  page,
  placement,
  totalCents,
} from "./schemas.ts";
import { cancelOrder, placeOrder } from "./service.ts";
import { type OrdersStore, type OrderView, SEARCHED } from "./store.ts";
import { watchOrder } from "./watch.ts";

const place = createRoute({
  method: "post",
  path: "/orders",
  summary: "Place an order",
  description: "Answers as soon as the order is safely stored; what becomes of it is decided afterwards.",
  request: { headers: idempotencyHeaders, body: jsonBody(placement) },
  responses: {
    202: {
      ...json(accepted, "The order is accepted."),
      headers: { Location: { schema: { type: "string" } } },
    },
    422: refusal("The body is not an order, or the Idempotency-Key was used for another."),
  },
});

const show = createRoute({
  method: "get",
  path: "/orders/{id}",
  summary: "One order",
  request: { params: orderParams },
  responses: { 200: json(order, "The order as of now."), 404: refusal("There is no such order.") },
});

const list = createRoute({
  method: "get",
  path: "/orders",
  summary: "Orders, newest first unless asked otherwise",
  request: { query: listQuery },
  description: `A search by id or customer looks through ${SEARCHED} orders at a time: a page may be empty, and \`next\` goes on behind them.`,
  responses: { 200: json(page, "A page of orders; `next` is the cursor of the page after it.") },
});

const watch = createRoute({
  method: "get",
  path: "/orders/{id}/stream",
  summary: "One order's changes, until it ends",
  description:
    "Server-sent events named `status`, each with the order as its data. The stream ends with the order.",
  request: { params: orderParams },
  responses: {
    200: { description: "The changes.", content: { "text/event-stream": { schema: order } } },
    404: refusal("There is no such order."),
    503: refusal("Too many orders are being watched."),
  },
});

const cancel = createRoute({
  method: "post",
  path: "/orders/{id}/cancellation",
  summary: "Ask for an order to be cancelled",
  description: "The order is cancelled unless its goods have left: then it is completed all the same.",
  request: {
    params: orderParams,
    headers: idempotencyHeaders,
    body: { content: { "application/json": { schema: cancellation } } },
  },
  responses: {
    202: json(order, "The wish is stored; what becomes of it is seen in the order's status."),
    404: refusal("There is no such order."),
    409: refusal("The order has ended already."),
    422: refusal("The body is not a cancellation, or the Idempotency-Key was used for another."),
  },
});

export function routes(app: OpenAPIHono, runtime: Runtime<OrdersStore, unknown>): void {
  const { store } = runtime.engine;

  app.openapi(place, async (c) => {
    const body = c.req.valid("json");
    const orderId = uuidv7();
    const result = await runtime.submit(placeOrder, {
      input: { orderId, ...body, totalCents: totalCents(body.lines) },
      key: orderId,
      idempotency: await idempotency(c),
      traceparent: traceparent(c),
    });
    const answer = answered(result);
    return c.json(answer, 202, { Location: `/orders/${answer.orderId}` });
  });

  app.openapi(cancel, async (c) => {
    const { id: orderId } = c.req.valid("param");
    found(store, orderId);
    const result = await runtime.submit(cancelOrder, {
      input: { orderId, ...cancellation.parse(c.req.valid("json")) },
      key: orderId,
      idempotency: await idempotency(c),
      traceparent: traceparent(c),
    });
    return c.json(answered(result), 202);
  });

  app.openapi(show, (c) => c.json(found(store, c.req.valid("param").id), 200));

  app.openapi(list, (c) => {
    const { order, cursor: after, limit, ...wanted } = c.req.valid("query");
    const filter = { ...wanted, order, after, limit: limit + 1 };
    const isSearch = wanted.id !== undefined || wanted.customer !== undefined;
    const { found, searchedTo } = isSearch ? store.search(filter) : { found: store.list(filter) };
    const orders = found.slice(0, limit);
    const next = found.length > limit ? orders.at(-1)!.orderId : searchedTo;
    return c.json({ orders, ...(next && { next }) }, 200);
  });

  app.openapi(watch, (c) => {
    const { id } = c.req.valid("param");
    found(store, id);
    return watchOrder(c, id, store, runtime.changes);
  });
}

function found(store: OrdersStore, orderId: string): OrderView {
  const view = store.find(orderId);
  if (!view)
    throw new Problem({ status: 404, type: "order-unknown", detail: `There is no order ${orderId}.` });
  return view;
}
