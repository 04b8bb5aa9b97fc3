// What orders decides: an order is placed once and ends once.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { cancel, complete, type Order, place } from "../../apps/orders/decisions.ts";
import { placement, totalCents } from "../../apps/orders/schemas.ts";
import { orders, placeOrder } from "../../apps/orders/service.ts";
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

const underWay: Order[] = [{ status: "pending" }, { status: "in-review" }];
const ended: Order[] = [{ status: "completed" }, { status: "cancelled" }];

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

  it.each(ended)("says nothing about an order that is $status already", (state) => {
    expect(complete(state, captured)).toEqual([]);
  });
});

describe("cancelling an order", () => {
  it("cancels when goods are short, and tells which", () => {
    expect(cancel({ status: "pending" }, rejected)).toEqual([
      fact("order.cancelled", {
        orderId,
        reason: "out-of-stock",
        detail: "TEA: 2 wanted, 1 on hand; POT: 1 wanted, 0 on hand",
      }),
    ]);
  });

  it("cancels when the payment is declined, in the gateway's words", () => {
    expect(cancel({ status: "pending" }, declined)).toEqual([
      fact("order.cancelled", { orderId, reason: "payment-declined", detail: "the card was declined" }),
    ]);
  });

  it("cancels when no carrier takes the goods, in the carrier's words", () => {
    expect(cancel({ status: "pending" }, failed)).toEqual([
      fact("order.cancelled", {
        orderId,
        reason: "shipment-failed",
        detail: "nobody delivers to postcode 00000",
      }),
    ]);
  });

  it("cancels an order that waits for a person as well", () => {
    expect(cancel({ status: "in-review" }, rejected)).toHaveLength(1);
  });

  it.each(ended)("says nothing about an order that is $status already", (state) => {
    for (const refusal of [rejected, declined, failed]) expect(cancel(state, refusal)).toEqual([]);
  });
});

describe("an order's end", () => {
  const review = { orderId, score: 60, reasons: [] };
  const news: Event[] = [
    captured,
    rejected,
    declined,
    failed,
    heard("risk.flagged", { ...review, decideBy: 0 }),
    heard("risk.cleared", { ...review, decidedBy: "RULES" }),
  ];
  const endings = new Map([
    [captured.type, "completed"],
    [rejected.type, "cancelled"],
    [declined.type, "cancelled"],
    [failed.type, "cancelled"],
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
        const said = stream.flatMap(({ event, copy }) => hear({ ...event, id: `${event.type}.${copy}` }));
        const first = stream.find(({ event }) => endings.has(event.type));

        expect(said.map(({ type }) => type)).toEqual(first ? [`order.${endings.get(first.event.type)}`] : []);
        if (first) expect(store.find(orderId)?.status).toBe(endings.get(first.event.type));
        else expect(["pending", "in-review"]).toContain(store.find(orderId)?.status);
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
