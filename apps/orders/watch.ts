// One order as it is watched: its state now, each change, and the end of the stream with the end of the order.

import type { Context } from "hono";
import { watching } from "../../shared/http/watching.ts";
import type { Changes } from "../../shared/service/changes.ts";
import type { OrdersStore, OrderView } from "./store.ts";

const WATCHERS = 1_000;
const REFUSAL = `${WATCHERS} orders are being watched already: try again later, or ask for the order itself.`;

const watch = watching(WATCHERS, REFUSAL);

/** Streams the order until it ends or the client leaves. The order must exist. */
export function watchOrder(c: Context, orderId: string, store: OrdersStore, changes: Changes) {
  return watch<OrderView>(c, {
    state: () => store.find(orderId),
    message: (view) => ({ event: "status", data: JSON.stringify(view) }),
    isLast: ({ status }) => status === "completed" || status === "cancelled",
    listen: (changed) => changes.listen(orderId, changed),
  });
}
