// Server-sent events of one order: its state now, each change, and the end of the stream with the end of the order.

import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { Problem } from "../../shared/http/problem.ts";
import type { Changes } from "../../shared/service/changes.ts";
import type { OrdersStore, OrderView } from "./store.ts";

const WATCHERS = 1_000;
const HEARTBEAT_MS = 15_000;

let watchers = 0;

/** Streams the order until it ends or the client leaves. The order must exist. */
export function watchOrder(c: Context, orderId: string, store: OrdersStore, changes: Changes) {
  if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
  if (watchers >= WATCHERS) {
    throw new Problem({
      status: 503,
      type: "too-many-watchers",
      detail: `${WATCHERS} orders are being watched already: try again later, or ask for the order itself.`,
      headers: { "retry-after": "5" },
    });
  }
  watchers++;

  return streamSSE(c, async (stream) => {
    let wake = () => {};
    const changed = () => wake();
    const stopListening = changes.listen(orderId, changed);
    stream.onAbort(changed);
    try {
      let shown: string | undefined;
      while (!stream.aborted) {
        const view = store.find(orderId)!;
        const data = JSON.stringify(view);
        if (data !== shown) await stream.writeSSE({ event: "status", data });
        else await stream.write(": still here\n\n");
        shown = data;
        if (hasEnded(view)) return;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, HEARTBEAT_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          // A change may have come while the last one was being written.
          if (JSON.stringify(store.find(orderId)) !== shown) wake();
        });
      }
    } finally {
      stopListening();
      watchers--;
    }
  });
}

function hasEnded({ status }: OrderView): boolean {
  return status === "completed" || status === "cancelled";
}
