// Risk over HTTP: the orders that wait for a person, and the person's decision.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  answered,
  freeText,
  idempotency,
  idempotencyHeaders,
  traceparent,
} from "../../shared/http/commands.ts";
import { json, jsonBody, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { Runtime } from "../../shared/service/runtime.ts";
import { reviewOrder } from "./service.ts";
import { COUNTED, type RiskStore } from "./store.ts";

const openReview = z
  .object({
    orderId: z.string(),
    score: z.int().openapi({ description: "0 to 100." }),
    reasons: z.array(z.string()).openapi({ example: ["the total is 1,000.00 EUR or more"] }),
    decideBy: z.iso.datetime().openapi({ description: "Without an answer the order is rejected then." }),
    placed: z
      .object({
        customerId: z.string(),
        totalCents: z.int(),
        currency: z.string(),
        lines: z.array(z.object({ sku: z.string(), quantity: z.int(), unitPriceCents: z.int() })),
      })
      .optional()
      .openapi({ description: "What was ordered; not there if an older build has flagged the order." }),
  })
  .openapi("Review");

const verdict = z
  .strictObject({
    decision: z.enum(["approve", "reject"]),
    note: freeText(500).optional().openapi({ example: "a customer of many years" }),
  })
  .openapi("Verdict");

const decided = z.object({ orderId: z.string(), status: z.enum(["cleared", "rejected"]) }).openapi("Decided");

const CURSOR = /^(\d{1,15})_(.{1,64})$/;

const listReviews = createRoute({
  method: "get",
  path: "/reviews",
  summary: "The orders that wait for a person, the most urgent first",
  request: {
    query: z.object({
      cursor: z.string().regex(CURSOR, "must be `next` of another page").optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
  },
  responses: {
    200: json(
      z.object({ reviews: z.array(openReview), next: z.string().optional(), total: z.int() }),
      `A page of open reviews; \`next\` is the cursor of the page after it. \`total\` counts all that are open, ${COUNTED} at most.`,
    ),
  },
});

const decideReview = createRoute({
  method: "post",
  path: "/reviews/{orderId}",
  summary: "Approve or reject an order that waits for a person",
  request: {
    params: z.object({ orderId: z.string().max(64) }),
    headers: idempotencyHeaders,
    body: jsonBody(verdict),
  },
  responses: {
    200: json(decided, "The decision is made, and is carried out by the other services."),
    404: refusal("Risk has not heard of the order."),
    409: refusal("The order does not wait for a person: it was decided already, or has ended."),
    422: refusal("The body is not a decision, or the Idempotency-Key was used for another."),
  },
});

export function routes(app: OpenAPIHono, runtime: Runtime<RiskStore, unknown>): void {
  const { store } = runtime.engine;

  app.openapi(listReviews, (c) => {
    const { cursor, limit } = c.req.valid("query");
    const [, at = "-1", orderId = ""] = CURSOR.exec(cursor ?? "") ?? [];
    const found = store.reviews({ at: Number(at), orderId }, limit + 1);
    const reviews = found.slice(0, limit);
    const last = found.length > limit ? reviews.at(-1) : undefined;
    const next = last && `${Date.parse(last.decideBy)}_${last.orderId}`;
    return c.json({ reviews, ...(next && { next }), total: store.open() }, 200);
  });

  app.openapi(decideReview, async (c) => {
    const { orderId } = c.req.valid("param");
    if (store.find(orderId).status === "none")
      throw new Problem({ status: 404, type: "order-unknown", detail: `Risk knows no order ${orderId}.` });
    const result = await runtime.submit(reviewOrder, {
      input: { orderId, ...c.req.valid("json") },
      key: orderId,
      idempotency: await idempotency(c),
      traceparent: traceparent(c),
    });
    return c.json(answered(result), 200);
  });
}
