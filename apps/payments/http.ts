// Payments over HTTP: what is held or taken for an order.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { json, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { Runtime } from "../../shared/service/runtime.ts";
import type { PaymentsStore } from "./store.ts";

const payment = z
  .object({
    orderId: z.string(),
    status: z.enum(["none", "authorized", "declined", "unanswered", "captured", "voided"]),
    reference: z.string().optional(),
    amountCents: z.int(),
    currency: z.string(),
  })
  .openapi("Payment");

const showPayment = createRoute({
  method: "get",
  path: "/payments/{orderId}",
  summary: "What is held or taken for an order",
  request: { params: z.object({ orderId: z.string().max(64) }) },
  responses: { 200: json(payment, "The payment."), 404: refusal("Payments has not heard of the order.") },
});

export function routes(app: OpenAPIHono, { engine }: Runtime<PaymentsStore, unknown>): void {
  app.openapi(showPayment, (c) => {
    const { orderId } = c.req.valid("param");
    const { order, status, reference } = engine.store.find(orderId);
    if (!order)
      throw new Problem({ status: 404, type: "order-unknown", detail: `No payment for order ${orderId}.` });
    const { amountCents, currency } = order;
    return c.json({ orderId, status, ...(reference && { reference }), amountCents, currency }, 200);
  });
}
