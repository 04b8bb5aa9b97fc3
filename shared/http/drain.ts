// Ends a server without dropping a request.

import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { Server as TcpServer } from "node:net";
import { setImmediate as turn } from "node:timers/promises";

// Milliseconds. A client busy on a kept-alive connection sends again within the lull, is answered
// `connection: close` and moves on, where closing at once could cut off a request already on its way.
const LULL = 250;
const TURNS = 20;

/**
 * Watches `server`, which must not have begun to listen, and returns what closes it: no more connections,
 * every response says `connection: close`, idle connections go once nothing is in flight, and after
 * `graceMs` milliseconds so does the rest.
 */
export function drainer(server: Server): (graceMs: number) => Promise<void> {
  const inFlight = new Set<ServerResponse>();
  let phase: "open" | "lull" | "settling" = "open";

  // Node calls a connection idle while the end of its response is still being sent, hence the wait for all.
  // The turn lets a busy process take in what has already reached its sockets.
  const closeIdle = async () => {
    await turn();
    if (phase === "settling" && inFlight.size === 0) server.closeIdleConnections();
  };
  server.prependListener("request", (_request, response: ServerResponse) => {
    inFlight.add(response);
    if (phase !== "open") response.setHeader("connection", "close");
    response.once("close", () => {
      inFlight.delete(response);
      closeIdle();
    });
  });

  // Connections the kernel has taken and Node has not yet would be reset along with the listener.
  let accepted = 0;
  server.on("connection", () => accepted++);
  const emptyQueue = async () => {
    for (let before = -1, turns = 0; before !== accepted && turns < TURNS; turns++) {
      before = accepted;
      await turn();
    }
  };

  return async (graceMs) => {
    await emptyQueue();
    phase = "lull";
    for (const response of inFlight) {
      if (!response.headersSent) response.setHeader("connection", "close");
    }
    const lull = setTimeout(() => {
      phase = "settling";
      closeIdle();
    }, LULL);
    const grace = setTimeout(() => server.closeAllConnections(), graceMs);
    const closed = once(server, "close");
    TcpServer.prototype.close.call(server); // http's own close would not wait for idle connections.
    await closed;
    clearTimeout(lull);
    clearTimeout(grace);
  };
}
