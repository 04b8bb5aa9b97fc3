// Tells who watches of every request: which route took it, how it was answered, and in which trace.

import type { MiddlewareHandler } from "hono";
import { routePath } from "hono/route";
import { isTraceparent } from "../observability/traceparent.ts";

/** Watches requests. Its methods have to be quick and must not throw. */
export interface HttpObserver {
  /** A request has come; undefined when that does not matter. */
  requested(method: string, path: string, traceparent?: string): Answering | undefined;
}

/** A request that is being answered. */
export interface Answering {
  /** The W3C trace context of what it leads to. */
  readonly traceparent?: string | undefined;
  /** The answer's head is ready; `route` is the pattern of the path, such as `/orders/:id`. */
  answered(route: string, status: number): void;
}

/** The route of what no route knows: one word for all, since callers make up paths. */
export const NO_ROUTE = "(none)";

/** Shows every request to the observers. */
export function observed(observers: readonly HttpObserver[]): MiddlewareHandler {
  return async (c, next) => {
    const sent = c.req.header("traceparent");
    const known = isTraceparent(sent) ? sent : undefined;
    const all = observers.map((each) => each.requested(c.req.method, c.req.path, known));
    const traceparent = all.findLast((one) => one?.traceparent)?.traceparent;
    if (traceparent) c.set("traceparent", traceparent);
    await next();
    const path = routePath(c, -1);
    const route = path.includes("*") ? NO_ROUTE : path;
    for (const one of all) one?.answered(route, c.res.status);
  };
}
