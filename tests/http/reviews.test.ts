// What a person sees of the orders that wait, and how a decision is taken or turned down.
// biome-ignore-all lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.

import BetterSqlite from "better-sqlite3";
import { pino } from "pino";
import { beforeEach, describe, expect, test } from "vitest";
import { routes } from "../../apps/risk/http.ts";
import { risk } from "../../apps/risk/service.ts";
import type { RiskStore } from "../../apps/risk/store.ts";
import type { Event } from "../../shared/contracts/events.ts";
import { httpApp } from "../../shared/http/app.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { heard, NOW, order } from "../pure/given.ts";

const HOUR = 3_600_000;
const REVIEW_FROM = 100_000;
const policy = { reviewFromCents: REVIEW_FROM, reviewMs: HOUR };

let app: ReturnType<typeof httpApp>;
let runtime: Runtime<RiskStore, unknown>;

beforeEach(() => {
  const publish = () => Promise.reject(new Error("the broker is down"));
  const log = pino({ level: "silent" });
  runtime = new Runtime(risk(policy), { db: new BetterSqlite(":memory:"), port: undefined, publish, log });
  app = httpApp({ name: "risk", ready: () => ({ ready: true }), log });
  routes(app, runtime);
});

function hear(event: Event): void {
  runtime.engine.transaction(() => runtime.engine.handle(event).outcome !== "duplicate");
}

/** An order that waits for a person, or does not. */
function placed(orderId: string, { totalCents = REVIEW_FROM, time = NOW } = {}): void {
  hear({ ...heard("order.created", order({ orderId, totalCents })), time });
}

async function get(query = ""): Promise<{ status: number; body: any }> {
  const response = await app.request(`/reviews${query}`);
  return { status: response.status, body: await response.json() };
}

async function post(orderId: string, body: unknown, headers: Record<string, string> = {}) {
  const response = await app.request(`/reviews/${orderId}`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: (await response.json()) as any,
  };
}

function said(): string[] {
  return runtime.engine.outboxAfter(0).map(({ type, key }) => `${type} ${key}`);
}

describe("the list of open reviews", () => {
  test("is empty when nothing waits", async () => {
    placed("small", { totalCents: 1 });

    expect(await get()).toEqual({ status: 200, body: { reviews: [], total: 0 } });
  });

  test("tells of each order what was ordered, what the rules found, and until when to decide", async () => {
    placed("large");
    const { customerId, currency, lines } = order();

    expect((await get()).body).toEqual({
      reviews: [
        {
          orderId: "large",
          score: 50,
          reasons: ["the total is 1,000.00 EUR or more"],
          decideBy: new Date(NOW + HOUR).toISOString(),
          placed: { customerId, totalCents: REVIEW_FROM, currency, lines },
        },
      ],
      total: 1,
    });
  });

  test("has orders that an older build has flagged, which did not keep what was ordered", async () => {
    const flagged = { orderId: "old", score: 50, reasons: ["large"], decideBy: NOW + HOUR };
    runtime.engine.store.record(heard("risk.flagged", flagged));

    expect((await get()).body.reviews).toEqual([
      { orderId: "old", score: 50, reasons: ["large"], decideBy: new Date(NOW + HOUR).toISOString() },
    ]);
  });

  test("has the most urgent first, page by page, each once, also when many end at the same time", async () => {
    const times = [3, 1, 2, 1, 1];
    for (const [index, time] of times.entries()) placed(`order-${index}`, { time: NOW + time });

    const seen: string[] = [];
    for (let query = "?limit=2", pages = 0; query; pages++) {
      expect(pages).toBeLessThan(4);
      const { status, body } = await get(query);
      expect(status).toBe(200);
      seen.push(...body.reviews.map(({ orderId }: { orderId: string }) => orderId));
      query = body.next ? `?limit=2&cursor=${encodeURIComponent(body.next)}` : "";
    }

    expect(seen).toEqual(["order-1", "order-3", "order-4", "order-2", "order-0"]);
  });

  test("says that there is a next page only when there is", async () => {
    for (const id of ["a", "b"]) placed(id);

    expect((await get("?limit=2")).body.next).toBeUndefined();
    expect((await get("?limit=1")).body).toMatchObject({ next: expect.any(String), total: 2 });
  });

  test("goes on behind the cursor though the order it names was decided meanwhile", async () => {
    for (const id of ["a", "b", "c"]) placed(id);
    const { body } = await get("?limit=1");
    await post("a", { decision: "approve" });

    const rest = await get(`?cursor=${body.next}`);
    expect(rest.body.reviews.map(({ orderId }: { orderId: string }) => orderId)).toEqual(["b", "c"]);
  });

  test.each(["?limit=0", "?limit=501", "?limit=x", "?cursor=", "?cursor=b", "?cursor=_b", "?cursor=-1_b"])(
    "refuses %s",
    async (query) => {
      expect((await get(query)).status).toBe(400);
    },
  );
});

describe("a decision", () => {
  test.each([
    ["approve", "cleared"],
    ["reject", "rejected"],
  ])("to %s is carried out: the order is %s, and waits no more", async (decision, status) => {
    placed("large");

    expect(await post("large", { decision, note: " seen the papers " })).toMatchObject({
      status: 200,
      body: { orderId: "large", status },
    });
    expect(said()).toEqual(["risk.flagged large", `risk.${status} large`]);
    expect((await get()).body).toEqual({ reviews: [], total: 0 });
  });

  test("is not for an order that risk has not heard of", async () => {
    expect(await post("nobody", { decision: "approve" })).toMatchObject({
      status: 404,
      type: "application/problem+json",
      body: { type: "urn:quadrille:problem:order-unknown" },
    });
    expect(said()).toEqual([]);
  });

  test("comes too late for an order that was decided already, by the rules, a person or a cancellation", async () => {
    placed("small", { totalCents: 1 });
    placed("approved");
    await post("approved", { decision: "approve" });
    placed("rejected");
    await post("rejected", { decision: "reject" });
    placed("cancelled");
    hear(heard("order.cancelled", { orderId: "cancelled", reason: "withdrawn", detail: null }));
    const before = said();

    for (const id of ["small", "approved", "rejected", "cancelled"]) {
      for (const decision of ["approve", "reject"]) {
        const { status, type, body } = await post(id, { decision });
        expect({ status, type }).toEqual({ status: 409, type: "application/problem+json" });
        expect(body.detail).toContain(`order ${id} does not wait for a review`);
      }
    }
    expect(said()).toEqual(before);
  });

  test.each([
    ["none", {}, ["#/decision"]],
    ["one that there is not", { decision: "perhaps" }, ["#/decision"]],
    ["an empty note", { decision: "approve", note: " " }, ["#/note"]],
    ["a note that is too long", { decision: "approve", note: "x".repeat(501) }, ["#/note"]],
    ["two faults", { decision: 1, note: 1 }, ["#/decision", "#/note"]],
  ])("has to be one: %s", async (_, body, pointers) => {
    placed("large");
    const answer = await post("large", body);

    expect(answer).toMatchObject({ status: 422, type: "application/problem+json" });
    expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(pointers);
    expect(said()).toEqual(["risk.flagged large"]);
  });

  test("has to be JSON, and there at all", async () => {
    placed("large");

    expect((await post("large", "{")).status).toBe(400);
    expect((await app.request("/reviews/large", { method: "POST" })).status).toBeGreaterThanOrEqual(400);
    expect(said()).toEqual(["risk.flagged large"]);
  });

  test("is made once under an Idempotency-Key, which is for no other decision", async () => {
    placed("large");
    const key = { "idempotency-key": "once" };
    const answers = [
      await post("large", { decision: "approve" }, key),
      await post("large", { decision: "approve" }, key),
    ];

    expect(answers.map(({ status }) => status)).toEqual([200, 200]);
    expect(answers[0]!.body).toEqual(answers[1]!.body);
    expect((await post("large", { decision: "reject" }, key)).status).toBe(422);
    expect(said()).toEqual(["risk.flagged large", "risk.cleared large"]);
  });

  test("is made once when two people decide at the same time", async () => {
    placed("large");
    const answers = await Promise.all([
      post("large", { decision: "approve" }),
      post("large", { decision: "reject" }),
    ]);

    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    expect(said()).toHaveLength(2);
  });
});
