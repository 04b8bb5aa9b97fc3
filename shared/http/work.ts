// What a service has to do, over HTTP: for the monitor, which can't see into its database.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import type { Work } from "../service/work.ts";
import { json, keySchema, plain } from "./describe.ts";

const time = z.int().openapi({ description: "Milliseconds since 1970." });

const stand = z
  .object({
    outbox: z
      .object({ depth: z.int(), oldestAt: time.nullable() })
      .openapi({ description: "Facts that are not in the stream yet, and when the oldest was said." }),
    pausedUntil: time
      .nullable()
      .openapi({ description: "Until then nobody outside is called, since nobody answers." }),
    pausedFor: z.string().nullable(),
  })
  .openapi("Work");

const ofKey = stand
  .extend({
    handled: z
      .array(z.string())
      .openapi({ description: "The ids of the events that were handled, or given up." }),
    tries: z
      .array(
        z.object({ eventId: z.string(), times: z.int(), firstAt: time, lastAt: time, cause: z.string() }),
      )
      .openapi({ description: "Events that were tried in vain so far, and why." }),
    unpublished: z.array(z.object({ type: z.string(), at: time })),
    parked: z.array(z.object({ sequence: z.int(), state: z.string(), cause: z.string() })),
    isBusy: z.boolean().openapi({ description: "Whether a call to the outside is under way." }),
  })
  .openapi("WorkOfKey");

const showStand = createRoute({
  method: "get",
  path: "/standing",
  summary: "What waits in the service, and whether it makes calls",
  responses: { 200: json(stand, "How its work stands now.") },
});

const showKey = createRoute({
  method: "get",
  path: "/standing/{key}",
  summary: "The service's work on one order",
  request: { params: z.object({ key: keySchema }) },
  responses: {
    200: json(ofKey, "What was handled, what was tried in vain, and what waits; 200 of each at most."),
  },
});

/** Adds `GET /standing` and `GET /standing/:key`, which only read. */
export function workRoutes(app: OpenAPIHono, work: Work): void {
  app.openapi(showStand, (c) => c.json(work.stand(), 200));
  app.openapi(showKey, (c) => c.json(plain<typeof ofKey>(work.of(c.req.valid("param").key)), 200));
}
