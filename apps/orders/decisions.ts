// What orders decides: an order is placed once and ends once, as completed or as cancelled.

import { type Event, fact, type NewOrderCreated } from "../../shared/contracts/events.ts";

/** What orders knows of one order; undefined before it was placed. */
export type Order =
  | {
      readonly status: "pending" | "in-review" | "completed" | "cancelled";
      readonly cancellationRequested: 0 | 1;
    }
  | undefined;

/** The facts after which an order can't be fulfilled. */
export type Refusal = Event<
  "stock.rejected" | "risk.rejected" | "payment.declined" | "shipment.failed" | "shipment.withdrawn"
>;

export function place(_: Order, order: NewOrderCreated) {
  return [fact("order.created", order)];
}

/** The customer's wish; whether it comes in time is for shipping to say. */
export function requestCancellation(order: Order, { orderId, requestedBy, reason }: Cancellation) {
  if (!order) return { refused: `order ${orderId} is not known` };
  if (!isOpen(order)) return { refused: `order ${orderId} is ${order.status} already` };
  if (order.cancellationRequested) return [];

  return [fact("order.cancellation-requested", { orderId, requestedBy, reason })];
}

export interface Cancellation {
  readonly orderId: string;
  readonly requestedBy: string;
  readonly reason: string | null;
}

/** The order has not ended: of several refusals, the first one ends it. */
export function isOpen(order: Order): boolean {
  return order?.status !== "completed" && order?.status !== "cancelled";
}

export function complete(order: Order, { data: { orderId } }: Event<"payment.captured">) {
  if (!isOpen(order))
    throw new Error(`money was taken for order ${orderId}, which is ${order?.status} already`);

  return [fact("order.completed", { orderId })];
}

export function cancel(_: Order, refusal: Refusal) {
  return [fact("order.cancelled", { orderId: refusal.data.orderId, ...why(refusal) })];
}

function why(refusal: Refusal): { reason: string; detail: string | null } {
  switch (refusal.type) {
    case "stock.rejected": {
      const shortages = refusal.data.shortages.map(
        ({ sku, requested, available }) => `${sku}: ${requested} wanted, ${available} on hand`,
      );
      return { reason: "out-of-stock", detail: shortages.join("; ") };
    }
    case "risk.rejected": {
      const { decidedBy, note } = refusal.data;
      return {
        reason: "risk-rejected",
        detail: decidedBy === "DEADLINE" ? "nobody reviewed it in time" : note,
      };
    }
    case "payment.declined":
      return { reason: "payment-declined", detail: refusal.data.reason };
    case "shipment.failed":
      return { reason: "shipment-failed", detail: refusal.data.reason };
    case "shipment.withdrawn":
      return { reason: "withdrawn", detail: refusal.data.reason };
  }
}
