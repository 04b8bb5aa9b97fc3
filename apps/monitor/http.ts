// The monitor over HTTP: how the flow stands, the story of each order, and what is parked. All of it only looks.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { freeText, partOfId } from "../../shared/http/commands.ts";
import { json, keySchema, plain, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";
import type { NatsObserver } from "../../shared/nats/observer.ts";
import { type Note, noteOf } from "../../shared/parked/board.ts";
import { entryOf, groupsOf } from "../../shared/parked/entries.ts";
import { get } from "./ask.ts";
import type { OrderStory } from "./inspect.ts";
import { list } from "./list.ts";
import { watch } from "./live.ts";
import { liveMap } from "./map.ts";
import type { Monitor, Sight } from "./monitor.ts";
import type { Snapshot } from "./poll.ts";
import { reached } from "./reached.ts";
import * as shapes from "./schemas.ts";
import { Sharing } from "./sharing.ts";
import { shelf } from "./shelf.ts";
import type { Why } from "./why.ts";

const noNats = refusal("NATS is not reachable.");

const consumers = createRoute({
  method: "get",
  path: "/api/consumers",
  summary: "How every consumer stands, as of the last look",
  responses: {
    200: json(shapes.snapshot, "The last look."),
    503: refusal("NATS has not been looked at yet."),
  },
});

const stream = createRoute({
  method: "get",
  path: "/api/stream",
  summary: "Every look, as it comes",
  description: "Server-sent events named `snapshot`, each with what `/api/consumers` answers as its data.",
  responses: {
    200: { description: "The looks.", content: { "text/event-stream": { schema: shapes.snapshot } } },
    503: refusal("Too many watch."),
  },
});

const map = createRoute({
  method: "get",
  path: "/api/map",
  summary: "Services and facts as a graph, with rates",
  responses: { 200: json(shapes.flowMap, "From the reaction tables; rates and lag as of the last look.") },
});

const orders = createRoute({
  method: "get",
  path: "/api/orders",
  summary: "Orders, newest first",
  request: {
    query: z.object({
      status: z.enum(["pending", "in-review", "completed", "cancelled"]).optional(),
      id: partOfId.optional().describe("Part of their ids."),
      customer: freeText(64)
        .optional()
        .describe("Part of their customer's id; capitals from A to Z do not matter."),
      cursor: z.uuid().optional().describe("`next` of the previous page."),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
  },
  responses: {
    200: json(
      shapes.orders,
      "A page of orders; `next` is the cursor of the page after it. A page of a search may be empty though another one follows.",
    ),
    503: noNats,
  },
});

const order = createRoute({
  method: "get",
  path: "/api/orders/{id}",
  summary: "The story of one order, and what is expected next",
  request: { params: shapes.orderParams },
  responses: {
    200: json(shapes.story, "The story so far."),
    404: refusal("Nothing was said about it."),
    503: noNats,
  },
});

const whyOrder = createRoute({
  method: "get",
  path: "/api/orders/{id}/why",
  summary: "Why the order stands where it stands",
  request: { params: shapes.orderParams },
  description: "Asked about an order that nobody knows, it says so.",
  responses: {
    200: json(shapes.answer, "One sentence and one command."),
    503: refusal("Too many orders are being looked at."),
  },
});

const parked = createRoute({
  method: "get",
  path: "/api/parked",
  summary: "What is parked, by cause and one by one",
  request: {
    query: z.object({
      key: keySchema.optional().describe("Only what is about this order, or these goods."),
      service: z.string().max(64).optional().describe("Only what this service has parked."),
      group: z
        .string()
        .max(64)
        .optional()
        .describe("Only what has failed for this cause, by its fingerprint."),
      limit: z.coerce.number().int().min(1).max(1_000).default(200),
    }),
  },
  responses: { 200: json(shapes.parked, "The largest groups, and the oldest entries."), 503: noNats },
});

const schemas = createRoute({
  method: "get",
  path: "/api/schemas",
  summary: "Every schema that was ever written with",
  responses: { 200: json(shapes.keptSchemas, "The content of the bucket SCHEMAS."), 503: noNats },
});

const reviews = createRoute({
  method: "get",
  path: "/api/reviews",
  summary: "The orders that wait for a person, the most urgent first",
  request: {
    query: z.object({
      cursor: z.string().max(100).optional(),
      limit: z.coerce.number().int().min(1).max(500).default(50),
    }),
  },
  responses: { 200: json(shapes.reviews, "A page, as risk has it."), 503: refusal("Risk does not answer.") },
});

export function routes(app: OpenAPIHono, monitor: Monitor): void {
  const { services, config } = monitor;
  const stories = new Sharing<OrderStory | undefined>();
  const answers = new Sharing<Why>();
  const shown = (snapshot: Snapshot) => {
    const parked = monitor.sight?.board.notes.length ?? 0;
    return plain<typeof shapes.snapshot>({ ...snapshot, parked, checks: monitor.checks });
  };

  app.openapi(consumers, (c) => c.json(shown(seen(monitor.latest)), 200));
  app.openapi(stream, (c) => watch(c, monitor, shown));
  app.openapi(map, (c) => c.json(plain<typeof shapes.flowMap>(liveMap(services, monitor.latest)), 200));

  app.openapi(orders, async (c) => {
    const listed = await reached(list(config, monitor.sight?.observer, c.req.valid("query")));
    return c.json(plain<typeof shapes.orders>(listed), 200);
  });

  app.openapi(order, async (c) => {
    const { id } = c.req.valid("param");
    const story = await reached(stories.ask(id, () => monitor.inspector.story(id)));
    if (!story) {
      throw new Problem({
        status: 404,
        type: "order-unknown",
        detail: `Nothing was ever said about order ${id}.`,
      });
    }
    return c.json(plain<typeof shapes.story>(story), 200);
  });

  app.openapi(whyOrder, async (c) => {
    const { id } = c.req.valid("param");
    const answer = await answers.ask(id, () => monitor.inspector.why(id, monitor.latest?.consumers ?? []));
    return c.json(answer, 200);
  });

  app.openapi(parked, async (c) => {
    const { key, service, group, limit } = c.req.valid("query");
    const { board, observer } = sight(monitor);
    const notes = key === undefined ? board.notes : await reached(notesOf(observer, key));
    const isWanted = (one: Pick<Note, "service" | "fingerprint">) =>
      (group === undefined || one.fingerprint === group) &&
      (service === undefined || one.service === service);
    const all = notes.filter(isWanted);
    const groups = key === undefined ? board.groups.filter(isWanted) : groupsOf(all);
    const body = { total: all.length, groups: groups.slice(0, limit), entries: all.slice(0, limit) };
    return c.json(plain<typeof shapes.parked>(body), 200);
  });

  app.openapi(schemas, async (c) => {
    const kept = await reached(shelf(sight(monitor).observer));
    return c.json(plain<typeof shapes.keptSchemas>({ schemas: kept }), 200);
  });

  app.openapi(reviews, async (c) => {
    const { cursor, limit } = c.req.valid("query");
    const query = new URLSearchParams({ limit: `${limit}`, ...(cursor && { cursor }) });
    const answer = await get(config, "risk", `/reviews?${query}`);
    if (answer?.status === 400)
      throw new Problem({ status: 400, detail: "The cursor has to be `next` of the previous page." });
    if (answer?.status !== 200) {
      throw new Problem({
        status: 503,
        type: "risk-silent",
        detail: "Risk does not answer: ask again later.",
      });
    }
    return c.json(answer.body as z.infer<typeof shapes.reviews>, 200);
  });
}

/** What the monitor sees with; 503 before it has seen NATS. */
function sight(monitor: Monitor): Sight {
  return seen(monitor.sight);
}

function seen<Seen>(what: Seen | undefined): Seen {
  if (what !== undefined) return what;
  throw new Problem({
    status: 503,
    type: "nothing-seen",
    detail: "NATS is not reachable, and has not been seen yet.",
  });
}

/** What is parked of a key now. */
async function notesOf(observer: NatsObserver, key: string): Promise<Note[]> {
  const stored = await observer.parkedOf(key);
  return stored.flatMap((message) => entryOf(message) ?? []).map(noteOf);
}
