// What customers, operators and the warehouse do in a simulation: many orders, few goods.

import type { OrderCreated } from "../../shared/contracts/events.ts";
import type { Act } from "../../shared/flow/check/scenario.ts";
import type { Chance } from "../../shared/flow/simulate/chance.ts";
import type { Planned, Traffic } from "../../shared/flow/simulate/setting.ts";

const SKUS = ["TEA", "POT", "CUP", "TRAY", "SPOON", "SIEVE"];
const PRICES = [450, 2_500, 1_200, 49_999, 50_000, 100_000];
const REASONS = ["changed my mind", null];

/** An order's acts, by the chance that is handed in. Some goods run out, and the warehouse brings more now and then. */
export const traffic: Traffic = {
  opening: (chance) => SKUS.map((sku) => adjust(sku, chance.between(0, 200), "delivery")),

  order(number, chance) {
    const order = newOrder(`order-${number}`, chance);
    return [
      { ...place(order), inMs: 0 },
      ...reviews(order, chance),
      ...cancellations(order, chance),
      ...adjustments(chance),
    ];
  },

  ending(event) {
    if (event.type === "order.completed") return "completed";
    return event.type === "order.cancelled" ? `cancelled (${event.data.reason})` : undefined;
  },
};

function newOrder(orderId: string, chance: Chance): OrderCreated {
  const first = chance.between(0, SKUS.length - 1);
  const lines = Array.from({ length: chance.between(1, 3) }, (_, index) => ({
    sku: SKUS[(first + index) % SKUS.length]!,
    quantity: chance.between(1, 3),
    unitPriceCents: PRICES[(first + index) % PRICES.length]!,
  }));
  return {
    orderId,
    customerId: `c-${chance.between(1, 50)}`,
    email: "ada@example.com",
    plan: chance.is(0.15) ? "TRIAL" : "STANDARD",
    shippingPriority: chance.is(0.2) ? "EXPRESS" : "STANDARD",
    currency: "EUR",
    shipTo: { name: "Ada L.", line1: "1 Mill Lane", city: "York", postcode: "YO1 7HB", country: "GB" },
    lines,
    totalCents: lines.reduce((sum, { quantity, unitPriceCents }) => sum + quantity * unitPriceCents, 0),
    paymentToken: "tok",
  };
}

function place(order: OrderCreated): Act {
  const { orderId } = order;
  const act = { who: "a customer", does: `places ${orderId}`, service: "orders", command: "place" };
  return { ...act, key: orderId, input: order };
}

/** Operators answer soon, late or never, and two of them may not agree. Who is too early tries again. */
function reviews({ orderId, totalCents }: OrderCreated, chance: Chance): Planned[] {
  const operators = totalCents < 90_000 ? 0 : chance.of([0, 1, 1, 1, 2]);
  return Array.from({ length: operators }, () => {
    const decision = chance.is(0.7) ? "approve" : "reject";
    return {
      ...{ who: "an operator", does: `decides to ${decision} ${orderId}` },
      ...{ service: "risk", command: "review", key: orderId, input: { orderId, decision } },
      inMs: chance.spread(20, 60_000),
      insists: 1,
    };
  });
}

function cancellations({ orderId }: OrderCreated, chance: Chance): Planned[] {
  const wishes = chance.of([0, 0, 0, 0, 0, 0, 0, 1, 1, 2]);
  return Array.from({ length: wishes }, () => ({
    ...{ who: "the customer", does: `asks to cancel ${orderId}`, service: "orders", command: "cancel" },
    ...{ key: orderId, input: { orderId, requestedBy: "customer", reason: chance.of(REASONS) } },
    inMs: chance.spread(1, 30_000),
  }));
}

/** Now and then goods come in, or are found to be broken. */
function adjustments(chance: Chance): Planned[] {
  if (!chance.is(0.1)) return [];
  const delta = chance.is(0.8) ? chance.between(5, 70) : -chance.between(1, 5);
  return [
    { ...adjust(chance.of(SKUS), delta, delta > 0 ? "delivery" : "broken"), inMs: chance.spread(1, 5_000) },
  ];
}

function adjust(sku: string, delta: number, reason: string): Act {
  const act = { who: "the warehouse", does: `adds ${delta} ${sku}`, service: "inventory", command: "adjust" };
  return { ...act, key: sku, input: { sku, delta, reason } };
}
