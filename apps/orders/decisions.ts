// What orders decides: an order is placed once and ends once, as completed or as cancelled.

import { type Event, fact, type NewOrderCreated } from "../../shared/contracts/events.ts";

/** What orders knows of one order; undefined before it was placed. */
export type Order = { readonly status: "pending" | "in-review" | "completed" | "cancelled" } | undefined;

/** The facts after which an order can't be fulfilled. */
export type Refusal = Event<"stock.rejected" | "payment.declined" | "shipment.failed">;

export function place(_: Order, order: NewOrderCreated) {
  return [fact("order.created", order)];
}

export function complete(order: Order, { data: { orderId } }: Event<"payment.captured">) {
  return hasEnded(order) ? [] : [fact("order.completed", { orderId })];
}

export function cancel(order: Order, refusal: Refusal) {
  const { orderId } = refusal.data;
  return hasEnded(order) ? [] : [fact("order.cancelled", { orderId, ...why(refusal) })];
}

function hasEnded(order: Order): boolean {
  return order?.status === "completed" || order?.status === "cancelled";
}

function why(refusal: Refusal): { reason: string; detail: string } {
  switch (refusal.type) {
    case "stock.rejected": {
      const shortages = refusal.data.shortages.map(
        ({ sku, requested, available }) => `${sku}: ${requested} wanted, ${available} on hand`,
      );
      return { reason: "out-of-stock", detail: shortages.join("; ") };
    }
    case "payment.declined":
      return { reason: "payment-declined", detail: refusal.data.reason };
    case "shipment.failed":
      return { reason: "shipment-failed", detail: refusal.data.reason };
  }
}
