// Makes a problem of everything that ends a request early.

import type { Context, MiddlewareHandler } from "hono";
import { HTTPException } from "hono/http-exception";
import { traceIdOf } from "../observability/traceparent.ts";
import { isDatabaseFault } from "../service/database.ts";
import { traceparent } from "./commands.ts";
import { Problem } from "./problem.ts";

/** Where unexpected errors go: a pino logger, or `console`. */
export type ErrorLog = { error(fields: object, message: string): void };

/**
 * A thrown problem as it is, a client error of Hono's in our words, a database that can't store as a 503, and
 * anything else as a mute 500; the last two are logged.
 */
export function toProblem(error: Error, c: Context, log: ErrorLog): Problem {
  if (error instanceof Problem) return error;
  if (error instanceof HTTPException && error.status < 500) {
    return new Problem({ status: error.status, detail: details[error.status] ?? `${error.message}.` });
  }
  const trace = traceparent(c);
  const line = { err: error, method: c.req.method, path: c.req.path };
  log.error({ ...line, ...(trace && { traceId: traceIdOf(trace) }) }, "request failed");
  if (isDatabaseFault(error)) {
    const detail = "Nothing was stored: the service's disk does not take it. Try again later.";
    return new Problem({ status: 503, type: "storage", detail, headers: { "retry-after": "5" } });
  }
  return new Problem({ status: 500, detail: "The service failed to answer this request. Try again later." });
}

const details: Record<number, string> = {
  400: "The request body is not well-formed JSON.",
  415: "The body must be JSON: send content-type: application/json.",
};

/** Answers a path no route knows. */
export function notFound(c: Context): Response {
  return new Problem({ status: 404, detail: `There is nothing at ${c.req.path}.` }).toResponse();
}

/** Answers a path that routes know under other methods, which go in `allow`. */
export function methodNotAllowed(c: Context, methods: string[]): Response {
  const allow = methods.join(", ");
  const detail = `${c.req.path} takes ${allow}, not ${c.req.method}.`;
  return new Problem({ status: 405, detail, headers: { allow } }).toResponse();
}

/** Hono shows `onError` only what is an Error; this wraps whatever else is thrown. */
export const throwErrors: MiddlewareHandler = async (_c, next) => {
  try {
    await next();
  } catch (cause) {
    throw cause instanceof Error ? cause : new Error("Something other than an Error was thrown.", { cause });
  }
};
