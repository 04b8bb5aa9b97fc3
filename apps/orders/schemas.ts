// The shapes of the order endpoint, checked at the door.

import { z } from "@hono/zod-openapi";
import { MAX_LONG } from "../../shared/contracts/events.ts";
import { freeText, partOfId, skuSchema } from "../../shared/http/commands.ts";

const MAX_LINES = 100;
const MAX_QUANTITY = 10_000;

const line = z
  .strictObject({
    sku: skuSchema,
    quantity: z.int().min(1).max(MAX_QUANTITY).openapi({ example: 2 }),
    unitPriceCents: z.int().min(0).max(MAX_LONG).openapi({ example: 450 }),
  })
  .openapi("Line");

const lines = z
  .array(line)
  .min(1, "must have at least one line")
  .max(MAX_LINES)
  .check(({ value, issues }) => {
    const seen = new Set<string>();
    value.forEach(({ sku }, index) => {
      if (seen.has(sku)) {
        issues.push({
          code: "custom",
          message: `${sku} is on another line already`,
          path: [index, "sku"],
          input: sku,
        });
      }
      seen.add(sku);
    });
    if (issues.length === 0 && exactTotal(value) > BigInt(MAX_LONG)) {
      issues.push({
        code: "custom",
        message: `the total is more than ${MAX_LONG} cents`,
        path: [],
        input: value,
      });
    }
  });

const shippingPriority = z.enum(["STANDARD", "EXPRESS"]);

/** The body of `POST /orders`. */
export const placement = z
  .strictObject({
    customerId: freeText(64).openapi({ example: "c-42" }),
    email: z.email().max(254).openapi({ example: "ada@example.com" }),
    plan: z.enum(["STANDARD", "TRIAL"]).openapi({ description: "TRIAL orders are collected in person." }),
    currency: z
      .string()
      .regex(/^[A-Z]{3}$/, "must be three capital letters, as in ISO 4217")
      .openapi({ example: "EUR" }),
    shipTo: z.strictObject({
      name: freeText(100).openapi({ example: "Ada L." }),
      line1: freeText(200).openapi({ example: "1 Mill Lane" }),
      city: freeText(100).openapi({ example: "York" }),
      postcode: freeText(20).openapi({ example: "YO1 7HB" }),
      country: z
        .string()
        .regex(/^[A-Z]{2}$/, "must be two capital letters, as in ISO 3166")
        .openapi({ example: "GB" }),
    }),
    lines,
    shippingPriority: shippingPriority.default("STANDARD"),
    paymentToken: z
      .string()
      .regex(/^[\w-]{1,100}$/, "must be 1 to 100 letters, digits, dashes and underscores")
      .openapi({
        example: "tok_approve",
        description: "Sandbox: tok_approve, tok_decline, tok_flaky (times out twice), tok_slow (2 s).",
      }),
  })
  .openapi("Placement");

/** The body of `POST /orders/{id}/cancellation`, which may be left out. */
export const cancellation = z
  .strictObject({
    requestedBy: freeText(64).default("customer"),
    reason: freeText(500).nullable().default(null).openapi({ example: "ordered by mistake" }),
  })
  .openapi("Cancellation");

const status = z.enum(["pending", "in-review", "completed", "cancelled"]);

export const accepted = z.object({ orderId: z.string(), status: z.literal("pending") }).openapi("Accepted");

export const order = z
  .object({
    orderId: z.string(),
    status,
    cancellationRequested: z.literal(true).optional().openapi({
      description: "Somebody asked for it; unless the goods have left, the order will be cancelled.",
    }),
    reason: z.string().optional().openapi({ example: "out-of-stock", description: "Why it was cancelled." }),
    detail: z.string().optional(),
    customerId: z.string(),
    plan: z.enum(["STANDARD", "TRIAL"]),
    shippingPriority,
    currency: z.string(),
    totalCents: z.int(),
    lines: z.array(line),
    placedAt: z.iso.datetime(),
    endedAt: z.iso.datetime().optional(),
  })
  .openapi("Order");

export const orderParams = z.object({ id: z.string().max(64) });

export const listQuery = z.object({
  status: status.optional(),
  id: partOfId.optional().describe("A part of their ids."),
  customer: freeText(64)
    .optional()
    .describe("A part of their customer's id; capitals from A to Z do not matter."),
  order: z.enum(["newest", "oldest"]).default("newest").describe("Which come first."),
  cursor: z.uuid().optional().describe("`next` of the page before."),
  limit: z.coerce.number().int().min(1).max(500).default(50),
});

export const page = z.object({ orders: z.array(order), next: z.string().optional() });

/** The sum over the lines; exact, since the door lets in nothing beyond `MAX_LONG`. */
export function totalCents(of: readonly { quantity: number; unitPriceCents: number }[]): number {
  return Number(exactTotal(of));
}

function exactTotal(of: readonly { quantity: number; unitPriceCents: number }[]): bigint {
  return of.reduce(
    (sum, { quantity, unitPriceCents }) => sum + BigInt(quantity) * BigInt(unitPriceCents),
    0n,
  );
}
