// What orders decides: an order is placed once and ends once.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  cancel,
  complete,
  isOpen,
  type Order,
  place,
  type Refusal,
  requestCancellation,
} from "../../apps/orders/decisions.ts";
import { placement, totalCents } from "../../apps/orders/schemas.ts";
import { cancelOrder, orders, placeOrder } from "../../apps/orders/service.ts";
import { store, tables } from "../../apps/orders/store.ts";
import { type Event, encode, fact } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { desk, heard, ORDER, order } from "./given.ts";

const orderId = ORDER;
const captured = heard("payment.captured", {
  orderId,
  reference: "auth_1",
  amountCents: 2400,
  currency: "EUR",
});
const rejected = heard("stock.rejected", {
  orderId,
  shortages: [
    { sku: "TEA", requested: 2, available: 1 },
    { sku: "POT", requested: 1, available: 0 },
  ],
});
const declined = heard("payment.declined", { orderId, reason: "the card was declined" });
const failed = heard("shipment.failed", { orderId, reason: "nobody delivers to postcode 00000" });

const byPerson = heard("risk.rejected", {
  orderId,
  score: 60,
  reasons: ["large"],
  decidedBy: "OPERATOR",
  note: "a stolen card",
});
const byDeadline = heard("risk.rejected", { orderId, score: 60, reasons: ["large"], decidedBy: "DEADLINE" });
const withdrawn = heard("shipment.withdrawn", { orderId, reason: "ordered by mistake" });

const inStatus = (status: NonNullable<Order>["status"]) => ({ status, cancellationRequested: 0 as const });
const pending: Order = inStatus("pending");
const underWay: NonNullable<Order>[] = [inStatus("pending"), inStatus("in-review")];
const ended: NonNullable<Order>[] = [inStatus("completed"), inStatus("cancelled")];

describe("placing an order", () => {
  it("says that the order was created, word for word as it was placed", () => {
    expect(place(undefined, order())).toEqual([fact("order.created", order())]);
  });

  it("says STANDARD when no speed was asked for", () => {
    const { shippingPriority: _, ...without } = order();

    expect(place(undefined, without)).toEqual([{ type: "order.created", data: order() }]);
  });

  it("keeps the speed that was asked for", () => {
    const { ask, store } = desk(orders);
    ask(placeOrder, order({ shippingPriority: "EXPRESS" }));

    expect(store.find(orderId)?.shippingPriority).toBe("EXPRESS");
  });

  it("shows orders from before there was a choice of speed as STANDARD", () => {
    const db = openDatabase(":memory:");
    db.exec(tables);
    db.prepare(
      "INSERT INTO orders (order_id, customer_id, plan, currency, total_cents, lines, placed_at) VALUES (?, 'c-1', 'STANDARD', 'EUR', 1, '[]', 0)",
    ).run(orderId);

    for (const opened of [store(db), store(db)]) {
      expect(opened.find(orderId)?.shippingPriority).toBe("STANDARD");
    }
    db.close();
  });
});

describe("completing an order", () => {
  it.each(underWay)("completes an order that is $status once its money is captured", (state) => {
    expect(complete(state, captured)).toEqual([fact("order.completed", { orderId })]);
  });

  it.each(ended)("has no answer to money that is taken for an order that is $status already", (state) => {
    expect(() => complete(state, captured)).toThrow("money was taken");
  });
});

describe("cancelling an order", () => {
  it("cancels when goods are short, and tells which", () => {
    expect(cancel(pending, rejected)).toEqual([
      fact("order.cancelled", {
        orderId,
        reason: "out-of-stock",
        detail: "TEA: 2 wanted, 1 on hand; POT: 1 wanted, 0 on hand",
      }),
    ]);
  });

  it("cancels when the payment is declined, in the gateway's words", () => {
    expect(cancel(pending, declined)).toEqual([
      fact("order.cancelled", { orderId, reason: "payment-declined", detail: "the card was declined" }),
    ]);
  });

  it("cancels when no carrier takes the goods, in the carrier's words", () => {
    expect(cancel(pending, failed)).toEqual([
      fact("order.cancelled", {
        orderId,
        reason: "shipment-failed",
        detail: "nobody delivers to postcode 00000",
      }),
    ]);
  });

  it("cancels when a person rejects the order, in that person's words", () => {
    expect(cancel(inStatus("in-review"), byPerson)).toEqual([
      fact("order.cancelled", { orderId, reason: "risk-rejected", detail: "a stolen card" }),
    ]);
  });

  it("cancels without a word when the person had none", () => {
    const wordless = heard("risk.rejected", { ...byPerson.data, note: null });

    expect(cancel(inStatus("in-review"), wordless)).toEqual([
      fact("order.cancelled", { orderId, reason: "risk-rejected", detail: null }),
    ]);
  });

  it("cancels when nobody reviewed the order in time", () => {
    expect(cancel(inStatus("in-review"), byDeadline)).toEqual([
      fact("order.cancelled", { orderId, reason: "risk-rejected", detail: "nobody reviewed it in time" }),
    ]);
  });

  it.each(["ordered by mistake", null])("cancels when the goods are withdrawn, because of %j", (reason) => {
    expect(cancel(pending, heard("shipment.withdrawn", { orderId, reason }))).toEqual([
      fact("order.cancelled", { orderId, reason: "withdrawn", detail: reason }),
    ]);
  });

  it.each(underWay)("is for an order that is $status", (state) => {
    expect(isOpen(state)).toBe(true);
  });

  it.each(ended)("is not for an order that is $status already: the first refusal ends it", (state) => {
    expect(isOpen(state)).toBe(false);
  });

  it("says nothing when an order that is cancelled is refused for another reason", () => {
    const refusals: Refusal[] = [rejected, byPerson, declined, failed, withdrawn];
    for (const first of refusals) {
      for (const second of refusals.filter((refusal) => refusal !== first)) {
        const { ask, hear, store, close } = desk(orders);
        ask(placeOrder, order());
        const [{ data } = fail()] = hear(first);

        expect(hear(second)).toEqual([]);
        expect(store.find(orderId)?.reason).toBe((data as { reason: string }).reason);
        close();
      }
    }
  });
});

describe("asking for a cancellation", () => {
  const wish = { orderId, requestedBy: "customer", reason: "ordered by mistake" };

  it.each(underWay)("says who wants an order that is $status cancelled, and why", (state) => {
    expect(requestCancellation(state, wish)).toEqual([fact("order.cancellation-requested", wish)]);
  });

  it("may go without a reason", () => {
    expect(requestCancellation(pending, { ...wish, reason: null })).toEqual([
      fact("order.cancellation-requested", { ...wish, reason: null }),
    ]);
  });

  it("says nothing the second time", () => {
    expect(requestCancellation({ ...pending, cancellationRequested: 1 }, wish)).toEqual([]);
  });

  it.each(ended)("is refused when the order is $status already", (state) => {
    for (const cancellationRequested of [0, 1] as const) {
      expect(requestCancellation({ ...state, cancellationRequested }, wish)).toEqual({
        refused: `order ${orderId} is ${state.status} already`,
      });
    }
  });

  it("is shown, and ends nothing: whether it comes in time is for shipping to say", () => {
    const { ask, hear, store } = desk(orders);
    ask(placeOrder, order());
    expect(store.find(orderId)?.cancellationRequested).toBeUndefined();

    expect(ask(cancelOrder, wish)).toEqual([fact("order.cancellation-requested", wish)]);
    expect(ask(cancelOrder, wish)).toEqual([]);
    expect(store.find(orderId)).toMatchObject({ status: "pending", cancellationRequested: true });

    expect(hear(captured)).toEqual([fact("order.completed", { orderId })]);
    expect(store.find(orderId)).toMatchObject({ status: "completed", cancellationRequested: true });
  });

  it("ends with the order once the goods are withdrawn", () => {
    const { ask, hear, store } = desk(orders);
    ask(placeOrder, order());
    ask(cancelOrder, wish);
    hear(withdrawn);

    expect(store.find(orderId)).toMatchObject({
      status: "cancelled",
      reason: "withdrawn",
      detail: "ordered by mistake",
    });
  });
});

describe("an order's end", () => {
  const review = { orderId, score: 60, reasons: [] };
  const news: Event[] = [
    captured,
    rejected,
    declined,
    failed,
    byPerson,
    withdrawn,
    heard("risk.flagged", { ...review, decideBy: 0 }),
    heard("risk.cleared", { ...review, decidedBy: "RULES" }),
  ];
  const endings = new Map([
    [captured.type, "completed"],
    [rejected.type, "cancelled"],
    [declined.type, "cancelled"],
    [failed.type, "cancelled"],
    [byPerson.type, "cancelled"],
    [withdrawn.type, "cancelled"],
  ] as [string, string][]);

  it("comes at most once, whatever is heard in whatever order and however often", () => {
    const heardNews = fc.array(fc.record({ event: fc.constantFrom(...news), copy: fc.nat(2) }), {
      maxLength: 12,
    });
    fc.assert(
      fc.property(heardNews, (stream) => {
        const { ask, hear, store, close } = desk(orders);
        ask(placeOrder, order());

        // The same id comes again when a copy is redelivered; another copy is the same news from another cause.
        const said = stream.flatMap(({ event, copy }) => {
          try {
            return hear({ ...event, id: `${event.type}.${copy}` });
          } catch (error) {
            // Money that is taken for an order that has ended is a bug of somebody's; it must not end the order again.
            expect((error as Error).message).toContain("money was taken");
            return [];
          }
        });
        const first = stream.find(({ event }) => endings.has(event.type));

        expect(said.map(({ type }) => type)).toEqual(first ? [`order.${endings.get(first.event.type)}`] : []);
        if (first) expect(store.find(orderId)?.status).toBe(endings.get(first.event.type));
        else expect(["pending", "in-review"]).toContain(store.find(orderId)?.status);
        close();
      }),
    );
  });

  it("is followed by no wish to cancel it, and preceded by one at most", () => {
    const steps = fc.array(fc.constantFrom<"ask" | Event>("ask", ...news), { maxLength: 12 });
    const wish = { orderId, requestedBy: "customer", reason: null };
    fc.assert(
      fc.property(steps, (taken) => {
        const { ask, hear, store, close } = desk(orders);
        ask(placeOrder, order());
        let wishes = 0;
        for (const step of new Set(taken.map((one, index) => (one === "ask" ? `ask ${index}` : one)))) {
          const { status } = store.find(orderId)!;
          const hasEnded = status === "completed" || status === "cancelled";
          if (typeof step === "string") {
            const answer = ask(cancelOrder, wish);
            expect("refused" in answer).toBe(hasEnded);
            if (!("refused" in answer)) expect(answer).toHaveLength(wishes++ === 0 ? 1 : 0);
          } else if (!(hasEnded && step === captured)) hear(step);
        }
        expect(store.find(orderId)?.cancellationRequested).toBe(wishes > 0 ? true : undefined);
        close();
      }),
    );
  });

  it("is shown to the customer with its reason", () => {
    const { ask, hear, store } = desk(orders);
    ask(placeOrder, order());

    hear(declined);

    expect(store.find(orderId)).toMatchObject({
      status: "cancelled",
      reason: "payment-declined",
      detail: "the card was declined",
      totalCents: 2400,
    });
  });
});

function fail(): never {
  throw new Error("nothing was said");
}

describe("a review", () => {
  const flagged = heard("risk.flagged", { orderId, score: 60, reasons: ["large"], decideBy: 0 });
  const cleared = heard("risk.cleared", { orderId, score: 60, reasons: ["large"], decidedBy: "OPERATOR" });

  it("shows as in-review until risk clears the order", () => {
    const { ask, hear, store } = desk(orders);
    ask(placeOrder, order());

    hear(flagged);
    expect(store.find(orderId)?.status).toBe("in-review");
    hear(cleared);
    expect(store.find(orderId)?.status).toBe("pending");
  });

  it("does not begin when the clearance overtook the flag", () => {
    const { ask, hear, store } = desk(orders);
    ask(placeOrder, order());

    hear(cleared);
    hear(flagged);

    expect(store.find(orderId)?.status).toBe("pending");
  });
});

describe("an order's total", () => {
  const MOST = Number.MAX_SAFE_INTEGER;
  const line = fc.record({
    quantity: fc.integer({ min: 1, max: 10_000 }),
    unitPriceCents: fc.oneof(fc.nat(100_000), fc.maxSafeNat()),
  });
  const lines = fc
    .array(line, { minLength: 1, maxLength: 20 })
    .map((some) => some.map((each, index) => ({ sku: `SKU-${index}`, ...each })));
  const exact = (some: readonly { quantity: number; unitPriceCents: number }[]) =>
    some.reduce((sum, { quantity, unitPriceCents }) => sum + BigInt(quantity) * BigInt(unitPriceCents), 0n);
  const body = (of: unknown) => {
    const { orderId: _, totalCents: __, ...rest } = order();
    return { ...rest, lines: of };
  };

  it("is exact to the cent for every order that the door lets in", () => {
    fc.assert(
      fc.property(lines, (some) => {
        const letIn = placement.safeParse(body(some)).success;

        if (exact(some) !== BigInt(MOST)) expect(letIn).toBe(exact(some) < BigInt(MOST));
        if (letIn) expect(BigInt(totalCents(some))).toBe(exact(some));
      }),
    );
  });

  it.each([MOST - 2, MOST - 1, MOST])(
    "of %i cents can be said, or is refused at the door",
    (unitPriceCents) => {
      const lines = [{ sku: "MOON", quantity: 1, unitPriceCents }];
      const say = () => encode(fact("order.created", order({ lines, totalCents: totalCents(lines) })));

      if (placement.safeParse(body(lines)).success) expect(say).not.toThrow();
      else expect(unitPriceCents).toBeGreaterThanOrEqual(MOST - 1);
    },
  );

  it("is refused at the door when a SKU is on two lines", () => {
    const twice = [
      { sku: "TEA", quantity: 1, unitPriceCents: 450 },
      { sku: "TEA", quantity: 2, unitPriceCents: 450 },
    ];

    expect(placement.safeParse(body(twice)).error?.issues).toMatchObject([
      { path: ["lines", 1, "sku"], message: "TEA is on another line already" },
    ]);
  });
});
