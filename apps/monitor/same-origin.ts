// Lets only the monitor's own page, and programs that are no browsers, ask for anything: no other site that a browser has open.

import type { MiddlewareHandler } from "hono";
import { Problem } from "../../shared/http/problem.ts";

/**
 * Refuses with 403 what a browser asks on behalf of another site, and what comes under a name that is not this machine's: a
 * stranger's name may be made to point here (DNS rebinding). Bodies have to be JSON, which no other site can send unasked.
 */
export const sameOrigin: MiddlewareHandler = async (c, next) => {
  const host = c.req.header("host") ?? "";
  const origin = c.req.header("origin");
  const site = c.req.header("sec-fetch-site");
  if (!isAddress(host)) {
    throw refused(`The monitor is asked for as ${host}: use its address, such as 127.0.0.1 or localhost.`);
  }
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`)
    throw refused("The monitor does not answer other sites.");
  if (site !== undefined && site !== "same-origin" && site !== "none")
    throw refused("The monitor does not answer other sites.");
  await next();
};

/** Whether a Host header names an address, or this machine. */
function isAddress(host: string): boolean {
  return /^(localhost|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])(:\d+)?$/i.test(host);
}

function refused(detail: string): Problem {
  return new Problem({ status: 403, type: "other-origin", detail });
}
