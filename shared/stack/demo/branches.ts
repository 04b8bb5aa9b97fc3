// The branches of the flow, each as an order that takes it, and the end that it has to come to.

import { EXAMPLE_ORDER } from "../example.ts";

/** What somebody does once the order has come so far. */
export interface Deed {
  readonly after: string;
  readonly service: "risk" | "orders";
  readonly path: (orderId: string) => string;
  readonly body: object;
  readonly told: string;
}

/** One way through the flow. */
export interface Branch {
  readonly name: string;
  /** The body of `POST /orders`. */
  readonly order: object;
  readonly deed?: Deed;
  readonly end: "order.completed" | "order.cancelled";
  /** Facts that have to be on the way. */
  readonly by: readonly string[];
}

/** What the demo's orders are of, so that nobody else's stock is taken; and what there is none of. */
export const DEMO_SKU = "DEMO-001";
const NONE_SKU = "DEMO-000";

const of = (sku: string, unitPriceCents = 450) => [{ sku, quantity: 1, unitPriceCents }];
const order = (change: object) => ({ ...EXAMPLE_ORDER, lines: of(DEMO_SKU), ...change });

const review = (decision: "approve" | "reject"): Deed => ({
  after: "risk.flagged",
  service: "risk",
  path: (orderId) => `/reviews/${orderId}`,
  body: { decision, note: "a demo" },
  told: `a person says: ${decision}`,
});

const cancellation: Deed = {
  after: "risk.flagged",
  service: "orders",
  path: (orderId) => `/orders/${orderId}/cancellation`,
  body: { reason: "changed my mind" },
  told: "the customer cancels",
};

/** All branches; totals from `reviewFromCents` on wait for a person. */
export function branches(reviewFromCents: number): Branch[] {
  const large = { lines: of(DEMO_SKU, Math.max(450, reviewFromCents)) };
  return [
    { name: "a plain order", order: order({}), end: "order.completed", by: ["shipment.dispatched"] },
    {
      name: "express",
      order: order({ shippingPriority: "EXPRESS" }),
      end: "order.completed",
      by: ["shipment.dispatched"],
    },
    {
      name: "trial plan, collected in person",
      order: order({ plan: "TRIAL" }),
      end: "order.completed",
      by: ["shipment.waived"],
    },
    {
      name: "the gateway times out twice",
      order: order({ paymentToken: "tok_flaky" }),
      end: "order.completed",
      by: ["payment.authorized"],
    },
    {
      name: "the gateway is slow",
      order: order({ paymentToken: "tok_slow" }),
      end: "order.completed",
      by: ["payment.authorized"],
    },
    {
      name: "out of stock",
      order: order({ lines: of(NONE_SKU) }),
      end: "order.cancelled",
      by: ["stock.rejected"],
    },
    {
      name: "the card is declined",
      order: order({ paymentToken: "tok_decline" }),
      end: "order.cancelled",
      by: ["payment.declined", "stock.released"],
    },
    {
      name: "the carrier refuses",
      order: order({ shipTo: { ...EXAMPLE_ORDER.shipTo, postcode: "00000" } }),
      end: "order.cancelled",
      by: ["shipment.failed", "payment.voided"],
    },
    {
      name: "reviewed and approved",
      order: order(large),
      deed: review("approve"),
      end: "order.completed",
      by: [],
    },
    {
      name: "reviewed and rejected",
      order: order(large),
      deed: review("reject"),
      end: "order.cancelled",
      by: ["risk.rejected"],
    },
    {
      name: "cancelled by the customer",
      order: order(large),
      deed: cancellation,
      end: "order.cancelled",
      by: ["shipment.withdrawn"],
    },
  ];
}
