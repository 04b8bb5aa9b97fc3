// The HTTP app every service starts from: guarded requests, problems for errors, health, OpenAPI, docs.

import { OpenAPIHono } from "@hono/zod-openapi";
import { methodNotAllowed as otherMethods } from "hono/method-not-allowed";
import { boundedBody } from "./body.ts";
import { callers } from "./callers.ts";
import { docsPage } from "./docs/page.ts";
import { type ErrorLog, methodNotAllowed, notFound, throwErrors, toProblem } from "./failures.ts";
import { jsonOnly, strictHeaders } from "./guards.ts";
import { invalid } from "./invalid.ts";
import { type HttpObserver, observed } from "./observer.ts";
import { Problem } from "./problem.ts";

/** Of the API that the OpenAPI document describes. */
const VERSION = "0.1.0";

export type HttpAppOptions = {
  /** The service's name: title of its OpenAPI document, `service` in `/healthz`. */
  name: string;
  /** The names, with commas between, under which it may be asked for; see {@link callers}. */
  names?: string | undefined;
  /** Asked on every `GET /healthz` and `GET /readyz`, so it must be quick. The caller is shown the reason, and the backlog. */
  ready: () => { ready: boolean; reason?: string; backlog?: object };
  /** Asked before every request that may change something; the problem that it gives is the answer. */
  refusal?: () => Problem | undefined;
  log: ErrorLog;
  /** Told of every request. */
  observers?: readonly HttpObserver[];
  /** The text of `GET /metrics`; without it, there is nothing there. */
  metrics?: (() => Promise<string>) | undefined;
};

/**
 * An app with `/healthz`, `/readyz`, `/openapi.json`, `/docs` and, if it is measured, `/metrics`, whose every error is an RFC 9457 problem:
 * 400 for malformed JSON or a bad parameter, 403 for whom {@link callers} turns away, 404, 405, 413 for a body over 256 KiB, 415 for one that is not
 * JSON, 422 for one of the wrong shape, a thrown `Problem` as it says, and for any other throw a 500 that is
 * logged and tells the caller nothing.
 *
 * @example
 * const app = httpApp({ name: "orders", ready: () => ({ ready: true }), log: console });
 * app.openapi(placeOrder, (c) => c.json(place(c.req.valid("json")), 202));
 */
export function httpApp(options: HttpAppOptions) {
  const { name, names, ready, refusal, log, observers = [], metrics } = options;
  const app = new OpenAPIHono({
    defaultHook: (result) => {
      if (!result.success) throw invalid(result.target, result.error.issues);
    },
  });
  app.onError((error, c) => toProblem(error, c, log).toResponse());
  app.notFound(notFound);
  if (observers.length > 0) app.use(observed(observers));
  app.use(strictHeaders, otherMethods({ app, onMethodNotAllowed: methodNotAllowed }));
  app.use(boundedBody, callers(names), jsonOnly, throwErrors);
  app.use(async (c, next) => {
    const problem = reads.has(c.req.method) ? undefined : refusal?.();
    if (problem) throw problem;
    await next();
  });

  if (metrics) app.get("/metrics", async (c) => c.text(await metrics(), 200, EXPOSITION));
  app.get("/healthz", (c) => c.json({ status: "ok", service: name, ...backlogOf(ready()) }));
  app.get("/readyz", (c) => {
    const state = ready();
    const { ready: isReady, reason } = state;
    if (isReady) return c.json({ status: "ready", ...backlogOf(state) });
    throw new Problem({ status: 503, type: "not-ready", detail: reason ?? `${name} is not ready.` });
  });

  const info = { title: name, version: VERSION };
  const document = () => app.getOpenAPI31Document({ openapi: "3.1.0", info });
  app.get("/openapi.json", (c) => c.json(document()));
  app.get("/docs", (c) => c.html(docsPage(document())));
  return app;
}

function backlogOf({ backlog }: { backlog?: object }) {
  return backlog && { backlog };
}

/** The text format that Prometheus reads. */
const EXPOSITION = { "content-type": "text/plain; version=0.0.4; charset=utf-8" };

const reads = new Set(["GET", "HEAD", "OPTIONS"]);
