// Orders: opens an order on a customer's request, and closes it when the others are done with it.

import type { NewOrderCreated } from "../../shared/contracts/events.ts";
import { command, defineService, observe, when } from "../../shared/service/define.ts";
import { cancel, complete, place } from "./decisions.ts";
import { type OrdersStore, store, tables } from "./store.ts";

export const placeOrder = command({
  name: "place",
  load: (orders: OrdersStore, { orderId }: NewOrderCreated) => orders.load({ key: orderId }),
  decide: place,
  emits: ["order.created"],
});

export const orders = defineService({
  name: "orders",
  commands: [placeOrder],
  reactions: [
    when({ on: "payment.captured", decide: complete, emits: ["order.completed"] }),
    when({
      on: ["stock.rejected", "payment.declined", "shipment.failed"],
      decide: cancel,
      emits: ["order.cancelled"],
    }),
    observe("risk.flagged", "risk.cleared"),
  ],
  tables,
  store,
});
