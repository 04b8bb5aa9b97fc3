// What a person does on the monitor's page: answers a review at risk's door, and says in the operators' name what becomes of
// parked messages. Without the operators' password there is none of it.

import { createRoute, type OpenAPIHono, z } from "@hono/zod-openapi";
import { type Config, natsUrl } from "../../shared/config.ts";
import { freeText } from "../../shared/http/commands.ts";
import { json, jsonBody, refusal } from "../../shared/http/describe.ts";
import { Problem } from "../../shared/http/problem.ts";
import { type Entry, inOrder } from "../../shared/parked/entries.ts";
import { Operator } from "../../shared/parked/operator.ts";
import { post } from "./ask.ts";
import type { Monitor } from "./monitor.ts";
import { reached } from "./reached.ts";
import { became, orderParams } from "./schemas.ts";

/** How long to wait for what becomes of it. */
const ANSWER_WITHIN_MS = 5_000;
const MOST_AT_ONCE = 500;
/** How many actions may wait for each other. */
const MOST_WAITING = 4;

const by = freeText(64).default("the monitor's page").describe("Who does it, for those who ask later.");

const verdict = z
  .strictObject({ decision: z.enum(["approve", "reject"]), note: freeText(500).optional() })
  .openapi("Review");

const redrives = z
  .strictObject({
    ids: z.array(z.int().min(1)).min(1).max(MOST_AT_ONCE).optional(),
    group: z.string().min(1).max(64).optional(),
    service: z.string().min(1).max(64).optional().describe("Of the group only what this service has parked."),
    by,
  })
  .refine(({ ids, group }) => (ids === undefined) !== (group === undefined), "takes ids, or a group")
  .openapi("Redrive");

const discards = z.strictObject({ id: z.int().min(1), reason: freeText(500), by }).openapi("Discard");

const off = refusal("The monitor has no operators' password, or another site asks.");

const review = createRoute({
  method: "post",
  path: "/api/reviews/{id}",
  summary: "Approve or reject an order that waits for a person",
  request: { params: orderParams, body: jsonBody(verdict) },
  responses: {
    200: json(z.object({ orderId: z.string(), status: z.string() }), "Risk has taken the decision."),
    403: off,
    404: refusal("Risk does not know the order."),
    409: refusal("The order does not wait for a person."),
    503: refusal("Risk does not answer."),
  },
});

const redrive = createRoute({
  method: "post",
  path: "/api/parked/redrive",
  summary: "Have parked messages handled again, each lane in its order",
  request: { body: jsonBody(redrives) },
  responses: {
    200: json(became, "What has become of them within 5 s."),
    403: off,
    404: refusal("They are gone."),
    503: refusal("NATS does not answer."),
  },
});

const discard = createRoute({
  method: "post",
  path: "/api/parked/discard",
  summary: "Give a parked message up for good",
  request: { body: jsonBody(discards) },
  responses: {
    200: json(became, "What has become of it within 5 s."),
    403: off,
    404: refusal("It is gone."),
    503: refusal("NATS does not answer."),
  },
});

/** Adds the actions; what it returns ends the operators' connection, if there is one. */
export function actions(app: OpenAPIHono, { config }: Monitor): { close(): Promise<void> } {
  const desk = new Desk(config);

  app.openapi(review, async (c) => {
    desk.expectOpen();
    const { id } = c.req.valid("param");
    const answer = await post(config, "risk", `/reviews/${id}`, c.req.valid("json")).catch(() => undefined);
    if (!answer) {
      throw new Problem({
        status: 503,
        type: "risk-silent",
        detail: "Risk does not answer: ask again later.",
      });
    }
    if (answer.status === 200) return c.json(answer.body as { orderId: string; status: string }, 200);
    const { detail } = answer.body as { detail?: string };
    throw new Problem({ status: answer.status, detail: detail ?? "Risk has refused it." });
  });

  app.openapi(redrive, async (c) => {
    const { ids, group, service, by } = c.req.valid("json");
    const isWanted = ({ id, fingerprint, service: where }: Entry) =>
      ids ? ids.includes(id) : fingerprint === group && (service === undefined || where === service);
    return c.json(await desk.redrive(isWanted, by), 200);
  });

  app.openapi(discard, async (c) => {
    const { id, reason, by } = c.req.valid("json");
    return c.json({ entries: await desk.discard(id, reason, by) }, 200);
  });

  return desk;
}

/** What has become of an entry. */
type Became = z.infer<typeof became>["entries"][number];

/** Where operators say what they want: it has its connection to NATS only once somebody does. */
class Desk {
  readonly #config: Config;
  #operator: Promise<Operator> | undefined;
  #waiting = 0;
  #last: Promise<void> = Promise.resolve();

  constructor(config: Config) {
    this.#config = config;
  }

  /** Throws unless there is the operators' password. */
  expectOpen(): string {
    const { OPERATOR_PASSWORD: password } = this.#config;
    if (password) return password;
    const detail = "The monitor only looks: it was started without OPERATOR_PASSWORD.";
    throw new Problem({ status: 403, type: "only-looks", detail });
  }

  redrive(isWanted: (entry: Entry) => boolean, by: string) {
    return this.#alone(async (operator) => {
      const entries = await operator.entries();
      const all = entries.filter(isWanted);
      if (all.length === 0) throw gone();
      const wanted = new Set(all.slice(0, MOST_AT_ONCE));
      const { handled, blocked } = inOrder(entries, (entry) => wanted.has(entry));
      for (const entry of handled) if (wanted.has(entry)) await operator.say("redriven", entry, by);
      const inTheWay = blocked.map(({ entry, by }): Became => {
        const detail = `it waits behind ${by.id}: redrive or discard that one first`;
        return { id: entry.id, became: "blocked", detail };
      });
      const became = [...inTheWay, ...(await outcomes(operator, handled))];
      return { entries: became, left: all.length - wanted.size };
    });
  }

  discard(id: number, reason: string, by: string): Promise<Became[]> {
    return this.#alone(async (operator) => {
      const entry = (await operator.entries()).find((one) => one.id === id);
      if (!entry) throw gone();
      await operator.say("discarded", entry, by, reason);
      return outcomes(operator, [entry]);
    });
  }

  async close(): Promise<void> {
    const operator = await this.#operator?.catch(() => undefined);
    await operator?.close();
  }

  /** One at a time: each reads all that is parked, and two would be in each other's way. */
  async #alone<Result>(act: (operator: Operator) => Promise<Result>): Promise<Result> {
    const operator = await this.#reach();
    if (this.#waiting >= MOST_WAITING) throw busy();
    this.#waiting++;
    const mine = this.#last.then(() => reached(act(operator)));
    this.#last = mine.then(
      () => {},
      () => {},
    );
    return mine.finally(() => this.#waiting--);
  }

  async #reach(): Promise<Operator> {
    const password = this.expectOpen();
    this.#operator ??= Operator.connect(natsUrl(this.#config), password);
    try {
      return await this.#operator;
    } catch (error) {
      this.#operator = undefined; // The next one tries again.
      throw new Problem({ status: 503, type: "nats-silent", detail: (error as Error).message });
    }
  }
}

async function outcomes(operator: Operator, entries: readonly Entry[]): Promise<Became[]> {
  const deadline = Date.now() + ANSWER_WITHIN_MS;
  const found: Became[] = [];
  for (const entry of entries) {
    const end = await operator.outcome(entry, Math.max(0, deadline - Date.now()));
    if (end === "ended") found.push({ id: entry.id, became: "ended" });
    else if (!end)
      found.push({ id: entry.id, became: "not yet", detail: `${entry.service} has not got to it yet` });
    else
      found.push({
        id: entry.id,
        became: "failed again",
        detail: `it is parked as ${end.id} now: ${end.cause}`,
      });
  }
  return found;
}

function busy(): Problem {
  const detail = "Others are redriving or discarding: try again in a few seconds.";
  return new Problem({ status: 503, type: "busy", detail, headers: { "retry-after": "5" } });
}

function gone(): Problem {
  return new Problem({ status: 404, type: "entry-gone", detail: "That is not parked any more: look again." });
}
