// Inventory over HTTP: look at stock, and adjust it.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import {
  answered,
  freeText,
  idempotency,
  idempotencyHeaders,
  skuSchema,
  traceparent,
} from "../../shared/http/commands.ts";
import { json, jsonBody, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { Runtime } from "../../shared/service/runtime.ts";
import { adjustStock } from "./service.ts";
import type { InventoryStore } from "./store.ts";

const level = z
  .object({
    sku: skuSchema,
    onHand: z.int().openapi({ description: "Free to be ordered." }),
    reserved: z.int().openapi({ description: "Set aside for orders under way." }),
    committed: z.int().openapi({ description: "Gone to customers." }),
  })
  .openapi("Level");

const adjustment = z
  .strictObject({
    delta: z
      .int()
      .min(-1_000_000_000)
      .max(1_000_000_000)
      .refine((delta) => delta !== 0, "must not be 0")
      .openapi({ example: 100 }),
    reason: freeText(200).openapi({ example: "delivery" }),
  })
  .openapi("Adjustment");

const params = z.object({ sku: skuSchema });

const listStock = createRoute({
  method: "get",
  path: "/stock",
  summary: "All stock, by SKU",
  responses: { 200: json(z.object({ stock: z.array(level) }), "Every SKU that was ever stocked.") },
});

const showStock = createRoute({
  method: "get",
  path: "/stock/{sku}",
  summary: "One SKU's stock",
  request: { params },
  responses: { 200: json(level, "The stock as of now."), 404: refusal("The SKU was never stocked.") },
});

const adjust = createRoute({
  method: "post",
  path: "/stock/{sku}/adjustments",
  summary: "Add to the stock on hand, or take from it",
  request: { params, headers: idempotencyHeaders, body: jsonBody(adjustment) },
  responses: {
    201: json(level, "The stock after the adjustment."),
    409: refusal("There is not that much on hand to take."),
    422: refusal("The body is not an adjustment, or the Idempotency-Key was used for another."),
  },
});

export function routes(app: OpenAPIHono, runtime: Runtime<InventoryStore, unknown>): void {
  const { store } = runtime.engine;

  app.openapi(listStock, (c) => c.json({ stock: store.levels() }, 200));

  app.openapi(showStock, (c) => {
    const { sku } = c.req.valid("param");
    const found = store.level(sku);
    if (!found) throw new Problem({ status: 404, type: "sku-unknown", detail: `${sku} was never stocked.` });
    return c.json(found, 200);
  });

  app.openapi(adjust, async (c) => {
    const { sku } = c.req.valid("param");
    const input = { sku, ...c.req.valid("json") };
    const result = await runtime.submit(adjustStock, {
      input,
      key: sku,
      idempotency: await idempotency(c),
      traceparent: traceparent(c),
    });
    return c.json(answered(result), 201);
  });
}
