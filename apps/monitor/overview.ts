// What the page's first view needs beyond the last look: what is wrong, how it has been, and where to draw it.

import { createRoute, type OpenAPIHono } from "@hono/zod-openapi";
import { json, plain } from "../../shared/http/describe.ts";
import { type drawings as Draw, drawings } from "./drawing.ts";
import { History } from "./history.ts";
import { liveMap } from "./map.ts";
import type { Monitor } from "./monitor.ts";
import * as shapes from "./schemas.ts";
import { LOOKED_AT } from "./suspects.ts";
import { Watch } from "./troubles.ts";

const troubles = createRoute({
  method: "get",
  path: "/api/troubles",
  summary: "What is wrong, with the sentence that says why",
  responses: {
    200: json(
      shapes.troubles,
      `Of orders, what a look in the last ten seconds has found. It looks at ${LOOKED_AT} at most: those that services are held up at or have parked, the oldest, and others in turn.`,
    ),
  },
});

const history = createRoute({
  method: "get",
  path: "/api/history",
  summary: "How the flow stood at the last 450 looks",
  responses: { 200: json(shapes.history, "By column, oldest first.") },
});

const drawing = createRoute({
  method: "get",
  path: "/api/map/drawing",
  summary: "Where services and arrows stand in a picture",
  responses: { 200: json(shapes.drawings, "A wide picture, and a narrow one.") },
});

/** Adds what only the page asks for. */
export function overview(app: OpenAPIHono, monitor: Monitor): void {
  const past = new History();
  monitor.listen((snapshot) => past.add(snapshot));
  const watch = new Watch(monitor);
  let drawn: ReturnType<typeof Draw> | undefined;

  app.openapi(troubles, async (c) => c.json(plain<typeof shapes.troubles>(await watch.troubles()), 200));
  app.openapi(history, (c) => c.json(past.columns(), 200));
  app.openapi(drawing, async (c) => {
    drawn ??= drawings(liveMap(monitor.services, undefined));
    return c.json(plain<typeof shapes.drawings>(await drawn), 200);
  });
}
