// Puts an app on a port.

import { once } from "node:events";
import type { Server } from "node:http";
import { createAdaptorServer } from "@hono/node-server";
import { HeldDoor } from "./door.ts";
import { type Drain, drainer } from "./drain.ts";

export type ServeOptions = {
  host: string;
  /** 0 takes any free port. */
  port: number;
  /** The environment variable that sets the port, named in the error when the port is taken. */
  variable?: string;
  /** The process that started this one listens, and hands connections over. */
  held?: boolean;
};

export type Served = {
  /** Where it listens, such as `http://127.0.0.1:8080`. */
  url: string;
  /**
   * Accepts no more connections, lets requests in flight finish, and after `graceMs` milliseconds cuts
   * off what is left, such as event streams. Resolves once every connection is closed, or handed back to who holds
   * the port; never rejects.
   */
  close(graceMs: number): Promise<void>;
};

// Milliseconds.
const BOUNDS = {
  headersTimeout: 10_000,
  requestTimeout: 30_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 5_000,
};

/**
 * Resolves once `app` is served.
 *
 * @throws {Error} with a sentence for the operator and the system's `code`, such as `EADDRINUSE`, when it cannot.
 * @example
 * const { url, close } = await serve(app, { host: "127.0.0.1", port: 8080, variable: "ORDERS_PORT" });
 */
export async function serve(
  app: { fetch(request: Request): Response | Promise<Response> },
  options: ServeOptions,
): Promise<Served> {
  const server = createAdaptorServer({ fetch: app.fetch, serverOptions: BOUNDS }) as Server;
  const drain = drainer(server);
  const { port, end } = options.held ? hold(server, drain, options) : await listen(server, drain, options);

  const host = options.host.includes(":") ? `[${options.host}]` : options.host;
  let closed: Promise<void> | undefined;
  return { url: `http://${host}:${port}`, close: (graceMs) => (closed ??= end(graceMs)) };
}

async function listen(server: Server, drain: Drain, options: ServeOptions) {
  server.listen(options.port, options.host);
  await once(server, "listening").catch((error) => {
    throw Object.assign(new Error(whyNot(error, options), { cause: error }), { code: error.code });
  });
  const { port } = server.address() as { port: number };
  return { port, end: drain };
}

function hold(server: Server, drain: Drain, { port }: ServeOptions) {
  const door = new HeldDoor(server);
  door.open();
  const end: Drain = async (graceMs) => {
    const takesBack = await door.shut();
    await drain(graceMs, takesBack ? (socket) => door.giveBack(socket) : undefined);
    await door.settled();
  };
  return { port, end };
}

function whyNot(error: NodeJS.ErrnoException, { host, port, variable }: ServeOptions): string {
  const where = `port ${port} on ${host}`;
  if (error.code !== "EADDRINUSE") return `cannot listen to ${where}: ${error.message}`;
  return `${where} is already in use: stop what uses it or ${variable ? `set ${variable}` : "choose another"}`;
}
