// Orders: opens an order on a customer's request, and closes it when the others are done with it.

import type { NewOrderCreated } from "../../shared/contracts/events.ts";
import { command, defineService, observe, when } from "../../shared/service/define.ts";
import { type Cancellation, cancel, complete, isOpen, place, requestCancellation } from "./decisions.ts";
import { type OrdersStore, store, tables } from "./store.ts";

export const placeOrder = command({
  name: "place",
  load: (orders: OrdersStore, { orderId }: NewOrderCreated) => orders.load({ key: orderId }),
  decide: place,
  answer: (_, orderId) => ({ orderId, status: "pending" as const }),
  emits: ["order.created"],
});

export const cancelOrder = command({
  name: "cancel",
  load: (orders: OrdersStore, { orderId }: Cancellation) => orders.load({ key: orderId }),
  decide: requestCancellation,
  answer: (orders, orderId) => orders.find(orderId)!,
  emits: ["order.cancellation-requested"],
});

export const orders = defineService({
  name: "orders",
  commands: [placeOrder, cancelOrder],
  reactions: [
    when({ on: "payment.captured", decide: complete, emits: ["order.completed"] }),
    when({
      on: ["stock.rejected", "risk.rejected", "payment.declined", "shipment.failed", "shipment.withdrawn"],
      if: [isOpen],
      decide: cancel,
      emits: ["order.cancelled"],
    }),
    observe("risk.flagged", "risk.cleared"),
  ],
  tables,
  store,
});
