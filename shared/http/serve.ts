// Puts an app on a port, and takes it off again without dropping a request.

import { once } from "node:events";
import type { Server, ServerResponse } from "node:http";
import { Server as TcpServer } from "node:net";
import { createAdaptorServer } from "@hono/node-server";

export type ServeOptions = {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** The environment variable that sets the port, named in the error when the port is taken. */
  variable?: string;
};

export type Served = {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  url: string;
  /**
   * Accepts no more connections, lets requests in flight finish, and after `graceMs` milliseconds (3000)
   * cuts off what is left, such as event streams. Resolves once every connection is closed; never rejects.
   */
  close(graceMs?: number): Promise<void>;
};

// Milliseconds. A client busy on a kept-alive connection sends again within the lull, is answered
// `connection: close` and moves on, where closing at once could cut off a request already on its way.
const LULL = 100;
const BOUNDS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

/**
 * Resolves once `app` listens.
 *
 * @throws {Error} with a sentence for the operator when it cannot, as when the port is in use.
 * @example
 * const { url, close } = await serve(app, { host: "127.0.0.1", port: 8080, variable: "ORDERS_PORT" });
 */
export async function serve(
  app: { fetch(request: Request): Response | Promise<Response> },
  options: ServeOptions,
): Promise<Served> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: BOUNDS }) as Server;
  const drain = drainer(server);
  server.listen(options.port, options.host);
  await once(server, "listening").catch((error) => {
    throw new Error(whyNot(error, options), { cause: error });
  });

  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  const { port } = server.address() as { port: number };
  let closed: Promise<void> | undefined;
  return { url: `http://${host}:${port}`, close: (graceMs = 3_000) => (closed ??= drain(graceMs)) };
}

function drainer(server: Server): (graceMs: number) => Promise<void> {
  const inFlight = new Set<ServerResponse>();
  let phase: "open" | "lull" | "settling" = "open";

  // Node calls a connection idle while the end of its response is still being sent, hence the wait for all.
  const closeIdle = () => {
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

  return async (graceMs) => {
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

function whyNot(error: NodeJS.ErrnoException, { host, port, variable }: ServeOptions): string {
  const where = `port ${port} on ${host}`;
  if (error.code !== "EADDRINUSE") return `cannot listen to ${where}: ${error.message}`;
  return `${where} is already in use: stop what uses it or ${variable ? `set ${variable}` : "choose another"}`;
}
