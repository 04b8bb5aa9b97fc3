// Ends a server without dropping a request.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { type Socket, Server as TcpServer } from "node:net";
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";

// Milliseconds. A client busy on a kept-alive connection sends again within the lull, is answered
// `connection: close` and moves on, where closing at once could cut off a request already on its way. It is slept in
// naps: a machine that is so busy that this process does not run for a while cuts one of them short, not all.
const LULL = 250;
const NAPS = 25;
const TURNS = 20;

/** An open connection. */
interface Connection {
  /** Requests that are not answered yet. */
  busy: number;
  /** How many bytes had been read of it when the last request was answered. */
  readTo: number;
}

/** Closes the server; see {@link drainer}. */
export type Drain = (graceMs: number, giveBack?: (socket: Socket) => void) => Promise<void>;

/**
 * Watches `server`, which must not have begun to listen, and returns what closes it: no more connections,
 * every response says `connection: close`, idle connections go once nothing is in flight, and after
 * `graceMs` milliseconds so does the rest. With `giveBack`, every connection goes there as soon as it is idle instead.
 */
export function drainer(server: Server): Drain {
  const connections = new Map<Socket, Connection>();
  const inFlight = new Set<ServerResponse>();
  let phase: "open" | "lull" | "settling" | "giving back" | "closed" = "open";
  let onIdle: (socket: Socket) => void = () => {};
  let onLast = () => {};

  // Node calls a connection idle while the end of its response is still being sent, hence the wait for all.
  // The turn lets a busy process take in what has already reached its sockets.
  const closeIdle = async () => {
    await turn();
    if (phase === "settling" && inFlight.size === 0) server.closeIdleConnections();
  };

  let accepted = 0;
  server.on("connection", (socket: Socket) => {
    accepted++;
    connections.set(socket, { busy: 0, readTo: 0 });
    socket.once("close", () => {
      connections.delete(socket);
      if (connections.size === 0) onLast();
    });
  });
  server.prependListener("request", (request: IncomingMessage, response: ServerResponse) => {
    const { socket } = request;
    const connection = connections.get(socket)!;
    connection.busy++;
    inFlight.add(response);
    if (phase === "lull" || phase === "settling") response.setHeader("connection", "close");
    response.once("close", () => {
      connection.busy--;
      if (request.complete) connection.readTo = socket.bytesRead;
      inFlight.delete(response);
      onIdle(socket);
    });
  });

  // Connections the kernel has taken and Node has not yet would be reset along with the listener.
  const emptyQueue = async () => {
    for (let before = -1, turns = 0; before !== accepted && turns < TURNS; turns++) {
      before = accepted;
      await turn();
    }
  };

  const closeAll = async () => {
    phase = "lull";
    onIdle = closeIdle;
    for (const response of inFlight) {
      if (!response.headersSent) response.setHeader("connection", "close");
    }
    for (let naps = 0; naps < NAPS && phase === "lull"; naps++) await sleep(LULL / NAPS);
    if (phase !== "lull") return;
    phase = "settling";
    await closeIdle();
  };

  const giveAllBack = (giveBack: (socket: Socket) => void) => {
    phase = "giving back";
    onIdle = (socket) => {
      const { busy, readTo } = connections.get(socket) ?? { busy: 1 };
      if (busy > 0 || !socket.writable) return;
      socket.pause(); // What comes from now on is for the next process to read.
      if (socket.bytesRead === readTo) giveBack(socket);
      else socket.resume(); // The beginning of a request.
    };
    // Whoever reads events comes again when they end in good order.
    for (const response of inFlight) if (isEventStream(response)) response.end();
    for (const socket of connections.keys()) onIdle(socket);
  };

  return async (graceMs, giveBack) => {
    await emptyQueue();
    if (giveBack) giveAllBack(giveBack);
    else closeAll();
    const grace = setTimeout(() => {
      for (const socket of connections.keys()) socket.destroy();
    }, graceMs);
    const last = new Promise<void>((resolve) => {
      onLast = resolve;
      if (connections.size === 0) resolve();
    });
    TcpServer.prototype.close.call(server); // http's own close would not wait for idle connections.
    await last;
    phase = "closed";
    clearTimeout(grace);
  };
}

function isEventStream(response: ServerResponse): boolean {
  return `${response.getHeader("content-type")}`.startsWith("text/event-stream");
}
