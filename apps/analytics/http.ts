// Analytics over HTTP: one summary.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { json } from "../../shared/http/describe.ts";
import type { AnalyticsStore } from "./store.ts";

const counts = z.record(z.string(), z.int());

const summary = z
  .object({
    orders: z.object({ placed: z.int(), completed: z.int(), cancelled: z.int(), open: z.int() }),
    cancelledBy: counts.openapi({
      example: { "out-of-stock": 3 },
      description: "Cancelled orders by reason.",
    }),
    revenueCents: counts.openapi({ example: { EUR: 129900 }, description: "Captured money by currency." }),
    topSkus: z
      .array(z.object({ sku: z.string(), quantity: z.int() }))
      .openapi({ description: "By pieces that left." }),
    facts: counts.openapi({ description: "How often each fact was said." }),
  })
  .openapi("Summary");

const showSummary = createRoute({
  method: "get",
  path: "/analytics/summary",
  summary: "Orders by outcome and reason, revenue, top SKUs",
  request: {
    query: z.object({ top: z.coerce.number().int().min(1).max(100).default(10).describe("How many SKUs.") }),
  },
  responses: { 200: json(summary, "The summary as of now.") },
});

export function routes(app: OpenAPIHono, store: AnalyticsStore): void {
  app.openapi(showSummary, (c) => c.json(store.summary(c.req.valid("query").top), 200));
}
