// Serves the page: one shell for all of its addresses, and its files. Nothing comes from anywhere else.

import { join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Context } from "hono";
import { accepts } from "hono/accepts";
import { html } from "hono/html";
import { notFound } from "../../shared/http/failures.ts";
import { Problem } from "../../shared/http/problem.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { type Assets, readAssets } from "./assets.ts";
import type { Monitor } from "./monitor.ts";
import { Shell } from "./shell.tsx";

/** Where the build puts it. */
export const BUILT = join(projectRoot, "dist", "page");

/** The addresses of the page; its script knows what each of them shows. */
const ADDRESSES = ["/", "/services/:name", "/orders", "/orders/:id", "/reviews", "/parked", "/schemas"];

/** Scripts and styles come from here and nowhere else, and none of them from within the page. */
const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types 'none'",
].join("; ");

/** Adds the page to the monitor's app. */
export function page(app: OpenAPIHono, { config }: Monitor, folder = BUILT): void {
  const assets = readAssets(folder);
  const settings = { pollMs: config.MONITOR_POLL_MS, canAct: config.OPERATOR_PASSWORD !== undefined };

  const shell = (c: Context, status: 200 | 404) => {
    c.header("content-security-policy", POLICY);
    c.header("cache-control", "no-cache");
    return c.html(html`<!doctype html>${Shell({ assets: built(assets), settings })}`, status);
  };
  for (const address of ADDRESSES) app.get(address, (c) => shell(c, 200));
  // Programs are told what is missing; people, where they can go from there.
  app.notFound((c) => (wantsPage(c) ? shell(c, 404) : notFound(c)));

  for (const [url, { body, type, isForEver }] of assets?.files ?? []) {
    app.get(url, (c) => {
      c.header("content-type", type);
      c.header("cache-control", isForEver ? "public, max-age=31536000, immutable" : "public, max-age=3600");
      return c.body(body);
    });
  }
}

function wantsPage(c: Context): boolean {
  const supports = ["application/json", "text/html"];
  return accepts(c, { header: "Accept", supports, default: "application/json" }) === "text/html";
}

function built(assets: Assets | undefined): Assets {
  if (assets) return assets;
  const detail = "The page has not been built: npm start builds it. Everything else is here: see /docs.";
  throw new Problem({ status: 503, type: "no-page", detail });
}
