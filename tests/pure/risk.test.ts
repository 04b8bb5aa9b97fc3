// What risk decides: small orders go on, large ones wait for a person.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { assess } from "../../apps/risk/decisions.ts";
import { risk } from "../../apps/risk/service.ts";
import { fact } from "../../shared/contracts/events.ts";
import { desk, heard, NOW, ORDER, order } from "./given.ts";

const orderId = ORDER;
const REVIEW_FROM = 100_000;
const DAY = 24 * 3_600_000;
const worth = (totalCents: number) => heard("order.created", order({ totalCents }));
const cancelled = heard("order.cancelled", { orderId, reason: "out-of-stock", detail: null });

describe("assessing an order", () => {
  const decide = assess(REVIEW_FROM);

  it("clears what costs less than the limit, by the rules", () => {
    expect(decide(undefined, worth(REVIEW_FROM - 1))).toEqual([
      fact("risk.cleared", { orderId, score: 50, reasons: [], decidedBy: "RULES" }),
    ]);
  });

  it("flags what costs as much as the limit, and gives a person a day from when the order was placed", () => {
    expect(decide(undefined, worth(REVIEW_FROM))).toEqual([
      fact("risk.flagged", {
        orderId,
        score: 50,
        reasons: ["the total is 100000 cents or more"],
        decideBy: NOW + DAY,
      }),
    ]);
  });

  it("flags everything, free orders too, when the limit is 0", () => {
    expect(assess(0)(undefined, worth(0))).toMatchObject([{ type: "risk.flagged" }]);
  });

  it.each(["cleared", "flagged", "closed"] as const)(
    "says nothing about an order that is %s already",
    (status) => {
      for (const total of [1, REVIEW_FROM]) expect(decide({ status }, worth(total))).toEqual([]);
    },
  );

  it("says one thing, by the limit alone, with a score from 0 to 100 that grows with the total", () => {
    const amounts = fc.tuple(fc.maxSafeNat(), fc.maxSafeNat(), fc.nat(10_000_000));
    fc.assert(
      fc.property(amounts, ([one, other, limit]) => {
        const [less, more] = [Math.min(one, other), Math.max(one, other)];
        const scores = [less, more].map((total) => {
          const [said, ...rest] = assess(limit)(undefined, worth(total));

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

describe("a cancelled order", () => {
  const status = (store: { load(event: typeof cancelled): unknown }) => store.load(cancelled);

  it("is not assessed any more", () => {
    const { hear, store } = desk(risk(REVIEW_FROM));

    expect(hear(cancelled)).toEqual([]);
    expect(hear(worth(REVIEW_FROM))).toEqual([]);
    expect(status(store)).toEqual({ status: "closed" });
  });

  it("leaves no review open", () => {
    const { hear, store } = desk(risk(REVIEW_FROM));

    hear(worth(REVIEW_FROM));
    hear(cancelled);

    expect(status(store)).toEqual({ status: "closed" });
  });

  it("is assessed at most once, and stays closed, in whatever order the news comes", () => {
    const news = [worth(5), worth(REVIEW_FROM), cancelled];
    const stream = fc.array(fc.record({ news: fc.constantFrom(...news), copy: fc.nat(1) }), { maxLength: 8 });
    fc.assert(
      fc.property(stream, (heardNews) => {
        const { hear, store, close } = desk(risk(REVIEW_FROM));
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
        if (firstCancelled >= 0) expect(status(store)).toEqual({ status: "closed" });
        close();
      }),
    );
  });
});
