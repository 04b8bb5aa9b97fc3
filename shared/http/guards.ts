// What every request passes on its way in, and what every response carries on its way out.

import type { MiddlewareHandler } from "hono";
import { secureHeaders } from "hono/secure-headers";
import { stylesheetHash } from "./docs/style.ts";
import { Problem } from "./problem.ts";

/**
 * Nothing is loaded, framed or posted from a response, save the docs page's own stylesheet. A handler that
 * serves a page may set its own policy. HSTS is left to whatever terminates TLS in front.
 */
export const strictHeaders = secureHeaders({
  contentSecurityPolicy: {
    defaultSrc: ["'none'"],
    styleSrc: [stylesheetHash],
    baseUri: ["'none'"],
    formAction: ["'none'"],
    frameAncestors: ["'none'"],
  },
  xFrameOptions: "DENY",
  strictTransportSecurity: false,
  overwrite: false,
});

/**
 * Refuses a body that says it is not JSON with 415. A body that does not say is left to zod-openapi, which
 * answers 415 where a route reads one.
 */
export const jsonOnly: MiddlewareHandler = async (c, next) => {
  const type = c.req.header("content-type");
  const isEmpty = c.req.header("content-length") === "0";
  if (writes.has(c.req.method) && type && !isEmpty && !jsonType.test(type)) {
    throw new Problem({ status: 415, detail: "The body must be JSON: send content-type: application/json." });
  }
  await next();
};

const writes = new Set(["POST", "PUT", "PATCH"]);
const jsonType = /^application\/([\w.-]+\+)?json\s*(;|$)/i;
