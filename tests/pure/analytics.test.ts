// What analytics counts: every fact once, and the sums come out the same in whatever order facts arrive.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { analytics } from "../../apps/analytics/service.ts";
import type { Event } from "../../shared/contracts/events.ts";
import { desk, heard, order } from "./given.ts";

const ORDERS = 6;
const ordersOf = fc.array(
  fc.record({
    currency: fc.constantFrom("EUR", "GBP"),
    amountCents: fc.nat(100_000),
    lines: fc.uniqueArray(
      fc.record({ sku: fc.constantFrom("CUP", "POT", "TEA"), quantity: fc.integer({ min: 1, max: 9 }) }),
      {
        selector: ({ sku }) => sku,
      },
    ),
    reason: fc.option(fc.constantFrom("out-of-stock", "payment-declined"), { nil: undefined }),
  }),
  { maxLength: ORDERS },
);

type Order = (typeof ordersOf extends fc.Arbitrary<infer Orders> ? Orders : never) extends (infer One)[]
  ? One
  : never;

function factsOf({ currency, amountCents, lines, reason }: Order, index: number): Event[] {
  const orderId = `order-${index}`;
  const created = heard("order.created", order({ orderId, currency, totalCents: amountCents }));
  if (reason) return [created, heard("order.cancelled", { orderId, reason, detail: null })];
  return [
    created,
    heard("stock.committed", { orderId, lines }),
    heard("payment.captured", { orderId, reference: "auth_1", amountCents, currency }),
    heard("order.completed", { orderId }),
  ];
}

function sums(pairs: [string, number][]): Record<string, number> {
  const total: Record<string, number> = {};
  for (const [name, number] of pairs) total[name] = (total[name] ?? 0) + number;
  return total;
}

describe("the summary", () => {
  it("adds everything up exactly once, in any order and with repeats", () => {
    const stories = ordersOf.chain((placed) => {
      const facts = placed.flatMap(factsOf);
      const streams = fc
        .shuffledSubarray(facts, { minLength: facts.length })
        .chain((all) => fc.subarray(all).map((again) => [...all, ...again]));
      return fc.record({ placed: fc.constant(placed), stream: streams });
    });
    fc.assert(
      fc.property(stories, ({ placed, stream }) => {
        const { hear, store, close } = desk(analytics);
        for (const event of stream) expect(hear(event)).toEqual([]);

        const completed = placed.filter(({ reason }) => !reason);
        const cancelled = placed.filter(({ reason }) => reason);
        const { orders, cancelledBy, revenueCents, topSkus } = store.summary(10);
        expect(orders).toEqual({
          placed: placed.length,
          completed: completed.length,
          cancelled: cancelled.length,
          open: 0,
        });
        expect(cancelledBy).toEqual(sums(cancelled.map(({ reason }) => [reason!, 1])));
        expect(revenueCents).toEqual(
          sums(completed.map(({ currency, amountCents }) => [currency, amountCents])),
        );
        const sold = sums(
          completed.flatMap(({ lines }) =>
            lines.map(({ sku, quantity }) => [sku, quantity] as [string, number]),
          ),
        );
        expect(Object.fromEntries(topSkus.map(({ sku, quantity }) => [sku, quantity]))).toEqual(sold);
        expect(topSkus.map(({ quantity }) => quantity)).toEqual(Object.values(sold).sort((a, b) => b - a));
        close();
      }),
    );
  });

  it("never shows fewer than no open orders, though an end may be heard before its beginning", () => {
    const { hear, store } = desk(analytics);

    hear(heard("order.completed", { orderId: "order-1" }));

    expect(store.summary(1).orders).toEqual({ placed: 0, completed: 1, cancelled: 0, open: 0 });
  });
});
