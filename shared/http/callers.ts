// Who may ask: programs, and pages of the same address. No other site that a browser has open, and nobody under a stranger's name.

import type { MiddlewareHandler } from "hono";
import { Problem } from "./problem.ts";

/**
 * Refuses with 403 what a browser asks on behalf of another site, and what comes under a name that is not this machine's: a
 * stranger's name may be made to point here (DNS rebinding). Addresses and names without a dot, such as those of containers,
 * belong to no stranger; others are those in `names`, with commas between. A link from another site is followed, since whoever
 * follows it sees the answer, and the other site does not.
 */
export function callers(names = ""): MiddlewareHandler {
  const known = new Set(names.toLowerCase().split(",").filter(Boolean));
  return async (c, next) => {
    const host = c.req.header("host") ?? new URL(c.req.url).host;
    const { origin, "sec-fetch-site": site, "sec-fetch-mode": mode } = c.req.header();
    const name = host.replace(/:\d+$/, "").toLowerCase();
    if (!OURS.test(name) && !known.has(name)) {
      throw refused(`This is asked for as ${host}: use its address, or name it in HTTP_NAMES.`);
    }
    const isLink = mode === "navigate" && (c.req.method === "GET" || c.req.method === "HEAD");
    const isOwn = origin === undefined || origin === `http://${host}` || origin === `https://${host}`;
    const isNear = site === undefined || site === "same-origin" || site === "none";
    if (!isLink && !(isOwn && isNear)) throw refused("Other sites get no answer.");
    await next();
  };
}

/** Names without a dot, and addresses. */
const OURS = /^([a-z\d_-]+|\d{1,3}(\.\d{1,3}){3}|\[[\da-f:.]+\])$/;

function refused(detail: string): Problem {
  return new Problem({ status: 403, type: "other-origin", detail });
}
