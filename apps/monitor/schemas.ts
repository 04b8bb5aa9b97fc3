// What the monitor answers, as JSON. Times are milliseconds since 1970.

import { z } from "@hono/zod-openapi";
import { keySchema } from "../../shared/http/describe.ts";
import { STATUSES } from "./status.ts";

/** The id of an order: a UUID, whose capitals do not matter. */
export const orderParams = z.object({ id: keySchema.toLowerCase() });

const time = z.int().openapi({ description: "Milliseconds since 1970." });

export const consumer = z
  .object({
    name: z.string(),
    status: z.enum(STATUSES),
    why: z.string().openapi({ description: "The sentence that explains the status." }),
    lag: z.int().openapi({ description: "Events that wait, those under way included." }),
    lagSeconds: z.number().openapi({ description: "The age of the oldest event that is not handled." }),
    perSecondIn: z.number().nullable(),
    perSecondOut: z.number().nullable(),
    etaSeconds: z
      .number()
      .nullable()
      .openapi({ description: "Until nothing waits; null when never, or unknown." }),
    pending: z.int().openapi({ description: "Not delivered yet." }),
    ackPending: z.int().openapi({ description: "Delivered but not acknowledged." }),
    redelivered: z.int().openapi({ description: "How many of these were delivered more than once." }),
    waiting: z.int().openapi({ description: "Open requests for events: with none, nobody listens." }),
    deliveries: z.int(),
    deliveredSeq: z.int(),
    floorSeq: z.int().openapi({ description: "Up to here in the stream all is acknowledged." }),
    floorDelivery: z.int().openapi({ description: "Up to this delivery all are acknowledged." }),
    pausedUntil: time.optional().openapi({ description: "Until then somebody has paused it in NATS." }),
    oldest: z.object({ seq: z.int(), at: time }).nullable(),
  })
  .openapi("Consumer");

export const snapshot = z
  .object({
    at: time,
    nats: z.object({
      isConnected: z.boolean().openapi({ description: "Whether it could look." }),
      isThere: z
        .boolean()
        .optional()
        .openapi({ description: "Whether NATS is up all the same, if it could not." }),
      cause: z.string().optional(),
    }),
    stream: z.object({ messages: z.int(), lastSeq: z.int() }),
    perSecond: z.record(z.string(), z.number()).openapi({ description: "Facts per second, by type." }),
    consumers: z.array(consumer),
    parked: z.int().openapi({ description: "Parked messages." }),
    checks: z
      .array(
        z.object({
          name: z.string(),
          said: z.int(),
          counted: z
            .array(z.int())
            .length(2)
            .openapi({ description: "Just before it said so, and just after." }),
          agrees: z.boolean(),
        }),
      )
      .openapi({
        description: "What the last count of undelivered events in the stream has found, by consumer.",
      }),
    cost: z
      .object({ requests: z.int(), ms: z.number() })
      .openapi({ description: "What this look has cost NATS." }),
  })
  .openapi("Snapshot");

const cause = z
  .object({
    kind: z.enum(["event", "command", "deadline", "operator", "unknown"]),
    type: z.string().optional(),
    seq: z.int().optional(),
    name: z.string().optional(),
    by: z.string().optional(),
    id: z.string().optional(),
  })
  .openapi("Cause");

const step = z
  .object({
    seq: z.int(),
    at: time,
    type: z.string().openapi({ description: "The fact; or `redriven` or `discarded`, which operators say." }),
    saidBy: z.string(),
    id: z.string().optional(),
    cause,
    waitMs: z.int().nullable().openapi({ description: "Since its cause was stored." }),
    reason: z
      .string()
      .nullable()
      .openapi({ description: "Why it was said, in its own words and in one short line." }),
    data: z.unknown(),
    flags: z.array(z.string()).openapi({ description: "What should not be, as sentences." }),
  })
  .openapi("Step");

const expected = z
  .object({
    service: z.string(),
    kind: z.enum(["decides", "performs", "waits", "parked"]),
    what: z.string().nullable(),
    on: z.object({ type: z.string(), seq: z.int(), id: z.string(), at: time }).nullable(),
    says: z.array(z.string()).openapi({ description: "Any of these." }),
    by: time.nullable().openapi({ description: "When it is decided without an answer." }),
    otherwise: z.array(z.string()).openapi({ description: "What is said then." }),
    commands: z.array(z.string()).openapi({ description: "How a person may end the wait." }),
  })
  .openapi("Expected");

export const story = z
  .object({
    orderId: z.string(),
    end: z.string().nullable().openapi({ description: "The fact that has ended it." }),
    steps: z.array(step),
    expected: z.array(expected),
    waiting: z
      .array(z.object({ service: z.string(), missing: z.array(z.string()), until: z.array(z.string()) }))
      .openapi({
        description: "Services that have heard a part of what they wait for; none once it has ended.",
      }),
  })
  .openapi("OrderStory");

export const answer = z
  .object({
    orderId: z.string(),
    customer: z
      .string()
      .nullable()
      .openapi({ description: "Whose order it is, if the stream has its beginning." }),
    situation: z.enum(["unknown", "ended", "moving", "waiting", "stuck"]),
    at: z.string().nullable().openapi({ description: "Where it has to go on: at a service, or NATS." }),
    sentence: z.string(),
    command: z.string().openapi({ description: "One command that harms nothing." }),
  })
  .openapi("Why");

export const order = z
  .object({
    orderId: z.string(),
    status: z.string(),
    reason: z.string().optional().openapi({ description: "Why it was cancelled." }),
    placedAt: z.string(),
    customerId: z.string(),
    totalCents: z.int(),
    currency: z.string(),
  })
  .catchall(z.unknown())
  .openapi("OrderInList");

export const orders = z.object({
  orders: z.array(order),
  next: z.string().optional(),
  from: z.enum(["orders", "stream"]).openapi({
    description: "`stream` while the service orders does not answer: the newest, without status.",
  }),
});

const group = z
  .object({
    fingerprint: z.string(),
    service: z.string(),
    whats: z.array(z.string()).openapi({ description: "What was said that has failed, each once." }),
    cause: z.string(),
    failed: z.int(),
    waiting: z.int(),
    firstAttempt: z.string(),
    lastAttempt: z.string(),
  })
  .openapi("ParkedGroup");

const entry = z
  .object({
    id: z.int(),
    service: z.string(),
    key: z.string(),
    what: z.string(),
    place: z.string(),
    sequence: z.int(),
    eventId: z.string().optional(),
    state: z.enum(["failed", "waiting"]),
    cause: z.string(),
    fingerprint: z.string(),
    attempts: z.int(),
    redrives: z.int(),
    firstAttempt: z.string(),
    lastAttempt: z.string(),
  })
  .openapi("ParkedEntry");

export const parked = z.object({
  total: z.int(),
  groups: z.array(group),
  entries: z.array(entry),
});

export const became = z
  .object({
    left: z.int().optional().openapi({ description: "How many of the group are still to be redriven." }),
    entries: z.array(
      z.object({
        id: z.int(),
        became: z.enum(["ended", "failed again", "blocked", "not yet"]),
        detail: z.string().optional(),
      }),
    ),
  })
  .openapi("Became");

export const keptSchemas = z.object({
  schemas: z.array(
    z
      .object({
        event: z.string(),
        version: z
          .int()
          .nullable()
          .openapi({ description: "As its writer counts; null where it can't be read." }),
        fingerprint: z.string(),
        at: time,
        isKnown: z.boolean().openapi({ description: "Whether this build was made with it." }),
        schema: z.unknown(),
      })
      .openapi("KeptSchema"),
  ),
});

export const flowMap = z.object({
  services: z.array(
    z.object({
      name: z.string(),
      notes: z.array(z.string()),
      isObserver: z.boolean().openapi({ description: "It says nothing and calls nobody." }),
      status: z.enum(STATUSES).nullable(),
      lag: z.int().nullable(),
    }),
  ),
  arrows: z.array(
    z.object({
      from: z.string(),
      to: z.string(),
      facts: z.array(z.object({ type: z.string(), perSecond: z.number() })),
    }),
  ),
  facts: z.array(
    z.object({
      type: z.string(),
      saidBy: z.array(z.string()),
      heardBy: z.array(z.string()),
      perSecond: z.number(),
    }),
  ),
  people: z.array(z.object({ to: z.string(), commands: z.array(z.string()) })),
});

const drawing = z
  .object({
    width: z.number(),
    height: z.number(),
    boxes: z.array(
      z.object({ name: z.string(), x: z.number(), y: z.number(), width: z.number(), height: z.number() }),
    ),
    arrows: z.array(
      z.object({
        from: z.string(),
        to: z.string(),
        d: z.string().openapi({ description: "Its line, as SVG's paths have it." }),
        label: z.object({ x: z.number(), y: z.number() }).nullable(),
      }),
    ),
  })
  .openapi("Drawing");

export const drawings = z.object({ wide: drawing, narrow: drawing });

export const history = z.object({
  at: z.array(time),
  facts: z.array(z.number()).openapi({ description: "Facts per second." }),
  lag: z.record(z.string(), z.array(z.int())).openapi({ description: "Events that wait, by consumer." }),
});

export const troubles = z.object({
  at: time,
  troubles: z.array(
    z
      .object({
        kind: z.enum(["nats", "service", "parked", "order"]),
        about: z.string().openapi({ description: "Which service, group of parked messages, or order." }),
        customer: z.string().nullable().optional().openapi({ description: "Whose order it is." }),
        situation: z.enum(["unknown", "ended", "moving", "waiting", "stuck"]),
        sentence: z.string(),
        others: z.int().openapi({ description: "How many more orders wait for the same reason." }),
        command: z.string().nullable(),
      })
      .openapi("Trouble"),
  ),
  late: z
    .int()
    .openapi({ description: "Orders that have not ended for longer than 5 s, as far as counted." }),
  hasMore: z.boolean().openapi({ description: "Whether there are more of them." }),
  lookedAt: z.int().openapi({ description: "How many orders were looked at." }),
  isLooking: z
    .boolean()
    .openapi({ description: "Whether orders are still being looked at for the first time." }),
});

export const reviews = z.object({
  reviews: z.array(
    z.object({
      orderId: z.string(),
      score: z.int(),
      reasons: z.array(z.string()),
      decideBy: z.string(),
      placed: z
        .object({
          customerId: z.string(),
          totalCents: z.int(),
          currency: z.string(),
          lines: z.array(z.object({ sku: z.string(), quantity: z.int() })),
        })
        .optional()
        .openapi({ description: "What was ordered, if risk has kept it." }),
    }),
  ),
  next: z.string().optional(),
  total: z.int().openapi({ description: "All that are open; 1,000 are counted at most." }),
});
