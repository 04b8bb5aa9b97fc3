// What risk decides: small orders go on, large ones wait for a person, and no wait is for ever.

import BetterSqlite from "better-sqlite3";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Assessment, assess, expire, isNew, review } from "../../apps/risk/decisions.ts";
import { reviewOrder, risk } from "../../apps/risk/service.ts";
import type { RiskStore } from "../../apps/risk/store.ts";
import { type Event, fact } from "../../shared/contracts/events.ts";
import { Engine } from "../../shared/service/engine.ts";
import { desk, heard, NOW, ORDER, order } from "./given.ts";

const orderId = ORDER;
const REVIEW_FROM = 100_000;
const HOUR = 3_600_000;
const policy = { reviewFromCents: REVIEW_FROM, reviewMs: HOUR };
const worth = (totalCents: number) => heard("order.created", order({ totalCents }));
const cancelled = heard("order.cancelled", { orderId, reason: "out-of-stock", detail: null });

const none: Assessment = { status: "none", score: 0, reasons: [] };
const flagged: Assessment = { status: "flagged", score: 60, reasons: ["large"] };
const found = { orderId, score: 60, reasons: ["large"] };
const statuses = ["none", "cleared", "flagged", "rejected", "closed"] as const;

describe("assessing an order", () => {
  const decide = assess(policy);

  it("clears what costs less than the limit, by the rules", () => {
    expect(decide(none, worth(REVIEW_FROM - 1))).toEqual([
      fact("risk.cleared", { orderId, score: 50, reasons: [], decidedBy: "RULES" }),
    ]);
  });

  it("flags what costs as much as the limit, and gives a person the policy's time from when it was placed", () => {
    expect(decide(none, worth(REVIEW_FROM))).toEqual([
      fact("risk.flagged", {
        orderId,
        score: 50,
        reasons: ["the total is 1,000.00 EUR or more"],
        decideBy: NOW + HOUR,
      }),
    ]);
  });

  it("flags everything, free orders too, when the limit is 0", () => {
    expect(assess({ ...policy, reviewFromCents: 0 })(none, worth(0))).toMatchObject([
      { type: "risk.flagged" },
    ]);
  });

  it.each(statuses)("is for orders that are new, when the order is %s", (status) => {
    expect(isNew({ ...none, status })).toBe(status === "none");
  });

  it("says nothing when the order is heard of a second time", () => {
    for (const total of [1, REVIEW_FROM]) {
      const { hear } = desk(risk(policy));

      expect(hear(worth(total))).toHaveLength(1);
      expect(hear({ ...worth(total), id: "another" })).toEqual([]);
    }
  });

  it("says one thing, by the limit alone, with a score from 0 to 100 that grows with the total", () => {
    const amounts = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(10_000_000));
    fc.assert(
      fc.property(amounts, ([one, other, limit]) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const scores = [less, more].map((total) => {
          const [said, ...rest] = assess({ ...policy, reviewFromCents: limit })(none, worth(total));

          expect(rest).toEqual([]);
          expect(said?.type).toBe(total < limit ? "risk.cleared" : "risk.flagged");
          return said!.data.score;
        });

        expect(scores).toEqual(scores.toSorted((a, b) => a - b));
        for (const score of scores)
          expect(score).toSatisfy((n: number) => Number.isInteger(n) && n >= 0 && n <= 100);
      }),
    );
  });
});

describe("reviewing an order", () => {
  it("clears what a person approves, with what the rules found and the person's words", () => {
    expect(review(flagged, { orderId, decision: "approve", note: "a customer of many years" })).toEqual([
      fact("risk.cleared", { ...found, decidedBy: "OPERATOR", note: "a customer of many years" }),
    ]);
  });

  it("rejects what a person rejects", () => {
    expect(review(flagged, { orderId, decision: "reject", note: "a stolen card" })).toEqual([
      fact("risk.rejected", { ...found, decidedBy: "OPERATOR", note: "a stolen card" }),
    ]);
  });

  it.each(["approve", "reject"] as const)("may go without a word: %s", (decision) => {
    expect(review(flagged, { orderId, decision })).toMatchObject([{ data: { note: null } }]);
  });

  it.each([
    ["none", "it was not assessed yet"],
    ["cleared", "it was approved"],
    ["rejected", "it was rejected"],
    ["closed", "it was cancelled"],
  ] as const)("is refused when the order is %s: %s", (status, why) => {
    for (const decision of ["approve", "reject"] as const) {
      expect(review({ ...flagged, status }, { orderId, decision })).toEqual({
        refused: `order ${orderId} does not wait for a review: ${why}`,
      });
    }
  });

  it("is refused when the rules have cleared the order, which nobody has approved", () => {
    const cleared = { status: "cleared", score: 10, reasons: [] } as const;
    expect(review(cleared, { orderId, decision: "approve" })).toEqual({
      refused: `order ${orderId} does not wait for a review: the rules have cleared it`,
    });
  });

  it.each(["approve", "reject"] as const)(
    "ends the wait: the order is not listed any more: %s",
    (decision) => {
      const { ask, hear, store, wait } = desk(risk(policy));
      hear(worth(REVIEW_FROM));
      expect(store.reviews({ at: -1, orderId: "" }, 10)).toMatchObject([
        {
          orderId,
          score: 50,
          reasons: ["the total is 1,000.00 EUR or more"],
          decideBy: new Date(NOW + HOUR).toISOString(),
        },
      ]);

      expect(ask(reviewOrder, { orderId, decision })).toHaveLength(1);

      expect(store.reviews({ at: -1, orderId: "" }, 10)).toEqual([]);
      expect(wait(NOW + 2 * HOUR)).toEqual([]);
      expect(ask(reviewOrder, { orderId, decision })).toHaveProperty("refused");
    },
  );
});

describe("a review that nobody does", () => {
  it("is rejected by the deadline, with what the rules found", () => {
    expect(expire(flagged, orderId)).toEqual([fact("risk.rejected", { ...found, decidedBy: "DEADLINE" })]);
  });

  it("ends when its time has come, once and not before", () => {
    const { hear, store, wait } = desk(risk(policy));
    hear(worth(REVIEW_FROM));

    expect(store.waits(10)).toEqual([{ key: orderId, at: NOW + HOUR }]);
    expect(wait(NOW + HOUR - 1)).toEqual([]);
    expect(wait(NOW + HOUR)).toMatchObject([{ type: "risk.rejected", data: { decidedBy: "DEADLINE" } }]);
    expect(wait(NOW + 2 * HOUR)).toEqual([]);
    expect(store.waits(10)).toEqual([]);
  });

  it("is none of those that were cleared by the rules", () => {
    const { hear, wait } = desk(risk(policy));
    hear(worth(REVIEW_FROM - 1));

    expect(wait(NOW + 2 * HOUR)).toEqual([]);
  });
});

describe("the open reviews", () => {
  const flaggedAt = (id: string, time: number): Event => ({
    ...heard("order.created", order({ orderId: id, totalCents: REVIEW_FROM })),
    time,
  });

  it("come page by page, the most urgent first, each once", () => {
    const times = fc.uniqueArray(fc.tuple(fc.integer({ min: 0, max: 3 }), fc.nat(50)), {
      selector: ([, name]) => name,
      maxLength: 12,
    });
    fc.assert(
      fc.property(times, fc.integer({ min: 1, max: 4 }), (placed, limit) => {
        const { hear, store, close } = desk(risk(policy));
        for (const [time, name] of placed) hear(flaggedAt(`order-${name}`, time));

        const seen: string[] = [];
        let after = { at: -1, orderId: "" };
        for (;;) {
          const page = store.reviews(after, limit);
          if (page.length === 0) break;
          seen.push(...page.map((one) => `${one.decideBy} ${one.orderId}`));
          const last = page.at(-1)!;
          after = { at: Date.parse(last.decideBy), orderId: last.orderId };
        }

        expect(seen).toEqual(
          placed.map(([time, name]) => `${new Date(time + HOUR).toISOString()} order-${name}`).sort(),
        );
        expect(store.waits(50).map(({ key }) => key)).toEqual(seen.map((one) => one.split(" ")[1]));
        close();
      }),
    );
  });
});

it("what was ordered is kept only as long as a person is to decide on it", () => {
  const db = new BetterSqlite(":memory:");
  const engine = new Engine<RiskStore>(risk(policy), db);
  const kept = () => db.prepare("SELECT count(*) FROM placed").pluck().get();
  const hear = (event: Event) =>
    engine.transaction(
      () => engine.handle({ ...event, id: `${event.key} ${event.type}` }).outcome !== "duplicate",
    );
  const placed = (id: string, totalCents = REVIEW_FROM) =>
    hear(heard("order.created", order({ orderId: id, totalCents })));
  const cancel = (id: string) =>
    hear(heard("order.cancelled", { orderId: id, reason: "withdrawn", detail: null }));

  placed("small", 1);
  expect(kept()).toBe(0);
  placed("approved");
  placed("cancelled");
  expect(kept()).toBe(2);
  cancel("cancelled");
  cancel("late");
  placed("late");
  expect(kept()).toBe(1);
  engine.transaction(() => {
    engine.execute(
      reviewOrder,
      { orderId: "approved", decision: "approve" },
      { id: "c", correlationId: "c" },
    );
    return true;
  });
  expect(kept()).toBe(0);
});

describe("a cancelled order", () => {
  const status = (store: { load(event: typeof cancelled): unknown }) => store.load(cancelled);

  it("is not assessed any more", () => {
    const { hear, store } = desk(risk(policy));

    expect(hear(cancelled)).toEqual([]);
    expect(hear(worth(REVIEW_FROM))).toEqual([]);
    expect(status(store)).toMatchObject({ status: "closed" });
  });

  it("leaves no review open", () => {
    const { ask, hear, store, wait } = desk(risk(policy));

    hear(worth(REVIEW_FROM));
    hear(cancelled);

    expect(status(store)).toMatchObject({ status: "closed" });
    expect(store.reviews({ at: -1, orderId: "" }, 10)).toEqual([]);
    expect(ask(reviewOrder, { orderId, decision: "approve" })).toHaveProperty("refused");
    expect(wait(NOW + 2 * HOUR)).toEqual([]);
  });

  it("is assessed at most once, and stays closed, in whatever order the news comes", () => {
    const news = [worth(5), worth(REVIEW_FROM), cancelled];
    const stream = fc.array(fc.record({ news: fc.constantFrom(...news), copy: fc.nat(1) }), { maxLength: 8 });
    fc.assert(
      fc.property(stream, (heardNews) => {
        const { hear, store, close } = desk(risk(policy));
        const said = heardNews.flatMap(({ news: event, copy }) =>
          hear({
            ...event,
            id: `${event.type}.${event.type === "order.created" && event.data.totalCents}.${copy}`,
          }),
        );

        const firstCancelled = heardNews.findIndex(({ news }) => news === cancelled);
        const assessedFirst = heardNews.findIndex(({ news }) => news !== cancelled);
        const assessed = assessedFirst >= 0 && (firstCancelled < 0 || assessedFirst < firstCancelled);
        expect(said).toHaveLength(assessed ? 1 : 0);
        if (firstCancelled >= 0) expect(status(store)).toMatchObject({ status: "closed" });
        close();
      }),
    );
  });

  it("is answered by a person or by the deadline, whichever is first, and by neither once it is cancelled", () => {
    const steps = fc.array(fc.constantFrom("create", "approve", "reject", "deadline", "cancel"), {
      maxLength: 8,
    });
    fc.assert(
      fc.property(steps, (taken) => {
        const { ask, hear, wait, close } = desk(risk(policy));
        const said = taken.flatMap((step) => {
          switch (step) {
            case "create":
              return hear(worth(REVIEW_FROM));
            case "cancel":
              return hear(cancelled);
            case "deadline":
              return wait(NOW + HOUR);
            default: {
              const answer = ask(reviewOrder, { orderId, decision: step as "approve" });
              return "refused" in answer ? [] : answer;
            }
          }
        });

        const from = taken.indexOf("create");
        const closed = taken.indexOf("cancel");
        const isAssessed = from >= 0 && (closed < 0 || from < closed);
        const answer = taken.slice(from, closed < 0 ? undefined : closed).find((step) => step !== "create");
        const answers: Record<string, string> = {
          approve: "risk.cleared",
          reject: "risk.rejected",
          deadline: "risk.rejected",
        };
        expect(said.map(({ type }) => type)).toEqual(
          isAssessed ? ["risk.flagged", ...(answer ? [answers[answer]] : [])] : [],
        );
        close();
      }),
    );
  });
});
