// A small service to try the HTTP base on.

import { createRoute, z } from "@hono/zod-openapi";
import { httpApp } from "../../shared/http/app.ts";
import { json, jsonBody, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";

const line = z.strictObject({
  sku: z.string().min(1).max(40).openapi({ description: "The article.", example: "TEA-100" }),
  quantity: z.int().min(1).max(99),
});
const newOrder = z
  .strictObject({ lines: z.array(line).min(1), note: z.string().optional() })
  .openapi("NewOrder");
const order = z
  .object({ id: z.uuid(), status: z.enum(["placed", "confirmed"]), lines: z.array(line) })
  .openapi("Order", { description: "An order <script>alert(1)</script>" });
const id = "0190f4b2-6c1e-7a3d-9b58-2f4d1c0a7e91";

const place = createRoute({
  method: "post",
  path: "/orders",
  summary: "Place an order",
  description: "Answers at once & works <b>later</b>.",
  request: { body: jsonBody(newOrder) },
  responses: { 202: json(order, "It is recorded."), 409: refusal("It was placed before.") },
});
const list = createRoute({
  method: "get",
  path: "/orders",
  summary: "List orders",
  request: { query: z.object({ limit: z.coerce.number().int().min(1).max(100).default(20) }) },
  responses: { 200: json(z.array(order), "The orders.") },
});
const show = createRoute({
  method: "get",
  path: "/orders/{id}",
  summary: "Show an order",
  request: { params: z.object({ id: z.uuid() }) },
  responses: { 200: json(order, "The order."), 404: refusal("There is none.") },
});

export type Readiness = { ready: boolean; reason?: string };

/** The app, what it logged, and a switch for its readiness. */
export function ordersApp(readiness: Readiness = { ready: true }) {
  const logged: { fields: object; message: string }[] = [];
  const log = { error: (fields: object, message: string) => void logged.push({ fields, message }) };
  const app = httpApp({ name: "orders", ready: () => readiness, log });

  app.openapi(place, (c) => c.json({ id, status: "placed" as const, lines: c.req.valid("json").lines }, 202));
  app.openapi(list, (c) => c.json([], 200));
  app.openapi(show, () => {
    throw new Problem({ status: 404, type: "order-unknown", detail: "There is no such order." });
  });
  app.post("/ping", (c) => c.text("pong"));
  app.get("/broken", () => {
    throw new Error("password is hunter2");
  });
  app.get("/odd", () => {
    throw "not an Error";
  });
  return { app, logged };
}
