// The ways in which an order may begin, and what people may do on the way.

import type { OrderCreated } from "../../shared/contracts/events.ts";
import type { Act, Scenario } from "../../shared/flow/check/scenario.ts";

const order: OrderCreated = {
  orderId: "A",
  customerId: "c-1",
  email: "ada@example.com",
  plan: "STANDARD",
  shippingPriority: "STANDARD",
  currency: "EUR",
  shipTo: { name: "Ada L.", line1: "1 Mill Lane", city: "York", postcode: "YO1 7HB", country: "GB" },
  // One cent less than what a person has to look at.
  lines: [{ sku: "TEA", quantity: 3, unitPriceCents: 33_333 }],
  totalCents: 99_999,
  paymentToken: "tok",
};

/** Orders that come before and after A wherever they are sorted. */
const EARLIER = ["1-earlier", "z-earlier"] as const;
const HUGE = { lines: [{ sku: "TEA", quantity: 3, unitPriceCents: 50_000 }], totalCents: 150_000 };
const LARGE = { lines: [{ sku: "TEA", quantity: 2, unitPriceCents: 50_000 }], totalCents: 100_000 };
const TRIAL = { plan: "TRIAL", currency: "USD" } as const;
const FREE = { lines: [{ sku: "TEA", quantity: 1, unitPriceCents: 0 }], totalCents: 0 };
const EXPRESS = { shippingPriority: "EXPRESS" } as const;
const TWO_LINES = {
  lines: [
    { sku: "TEA", quantity: 2, unitPriceCents: 450 },
    { sku: "POT", quantity: 1, unitPriceCents: 1_500 },
  ],
  totalCents: 2_400,
};

const stock = (delta: number, sku = "TEA"): Act => ({
  who: "the warehouse",
  does: `${delta < 0 ? "takes" : "puts"} ${Math.abs(delta)} ${sku} ${delta < 0 ? "off" : "on"} the shelf`,
  service: "inventory",
  command: "adjust",
  key: sku,
  input: { sku, delta, reason: "delivery" },
});
const place = (change: Partial<OrderCreated> = {}): Act => {
  const input = { ...order, ...change };
  return {
    who: "the customer",
    does: `places ${input.plan === "TRIAL" ? "trial order" : "order"} ${input.orderId}`,
    service: "orders",
    command: "place",
    key: input.orderId,
    input,
  };
};
const cancelOrder = (orderId: string): Act => ({
  who: "the customer",
  does: `asks to cancel ${orderId}`,
  service: "orders",
  command: "cancel",
  key: orderId,
  input: { orderId, requestedBy: "customer", reason: "it takes too long" },
});
const review = (decision: "approve" | "reject"): Act => ({
  who: "a person",
  does: `decides to ${decision} A`,
  service: "risk",
  command: "review",
  key: "A",
  input: { orderId: "A", decision, note: "we called her" },
});

const cancel = cancelOrder("A");
const reviews = [review("approve"), review("reject")];

/** Small ones first: a fault is told by the first that finds it. */
export const scenarios: readonly Scenario[] = [
  {
    name: "a small order",
    setup: [stock(10), place()],
    acts: [],
    possible: ["order.completed", "stock.committed", "order.cancelled", "stock.released", "payment.voided"],
  },
  { name: "a trial order", setup: [stock(10), place(TRIAL)], acts: [], possible: ["order.completed"] },
  { name: "a free order", setup: [stock(10), place(FREE)], acts: [], possible: ["order.completed"] },
  { name: "an express order", setup: [stock(10), place(EXPRESS)], acts: [] },
  { name: "an order of two goods, one of them short", setup: [stock(10), place(TWO_LINES)], acts: [] },
  {
    name: "an order after others",
    before: [
      stock(10),
      place({ orderId: EARLIER[0], email: "bob@example.com" }),
      place({ orderId: EARLIER[1], ...FREE }),
    ],
    setup: [place()],
    acts: [],
    possible: ["order.completed"],
  },
  {
    name: "an order after one that was short",
    before: [stock(10), stock(-8), place({ orderId: EARLIER[0] })],
    setup: [place()],
    acts: [],
  },
  {
    name: "a small order, while goods are taken off the shelf",
    setup: [stock(10), place()],
    acts: [stock(-8)],
    unheard: true,
  },
  { name: "an order of two goods", setup: [stock(10), stock(1, "POT"), place(TWO_LINES)], acts: [] },
  { name: "a large order that nobody reviews", setup: [stock(10), place(LARGE)], acts: [] },
  { name: "a large order that is reviewed", setup: [stock(10), place(HUGE)], acts: reviews },
  {
    name: "a small order, and no answer from the gateway",
    setup: [stock(10), place()],
    acts: [],
    unanswered: ["authorize"],
  },
  {
    name: "a large order, approved, and no answer from the gateway",
    setup: [stock(10), place(LARGE)],
    acts: [review("approve")],
    unanswered: ["authorize"],
  },
  {
    name: "a small order, and no answer from the carrier",
    setup: [stock(10), place()],
    acts: [],
    unanswered: ["book"],
  },
  { name: "an order for more than is on hand, cancelled", setup: [stock(1), place()], acts: [cancel] },
  { name: "a small order, cancelled", setup: [stock(10), place()], acts: [cancel] },
  { name: "a trial order, cancelled", setup: [stock(10), place(TRIAL)], acts: [cancel] },
  { name: "a large order, cancelled", setup: [stock(10), place(LARGE)], acts: [cancel] },
  { name: "a small order, and calls get lost", setup: [stock(10), place()], acts: [], losesCalls: true },
  {
    name: "two orders for the last pieces",
    setup: [stock(5), place(), place({ orderId: "B" })],
    acts: [],
    unheard: true,
  },
  {
    name: "a small order, cancelled, and calls get lost",
    setup: [stock(10), place()],
    acts: [cancel],
    losesCalls: true,
  },
  {
    name: "a trial order, cancelled, and calls get lost",
    setup: [stock(10), place(TRIAL)],
    acts: [cancel],
    losesCalls: true,
  },
  {
    name: "a large order, reviewed, cancelled, and calls get lost",
    setup: [stock(10), place(LARGE)],
    acts: [cancel, ...reviews],
    losesCalls: true,
  },
  {
    name: "two large orders, cancelled",
    before: [stock(10), place(LARGE), place({ ...LARGE, orderId: "B" })],
    setup: [],
    acts: [cancel, cancelOrder("B")],
    unheard: true,
  },
  { name: "a small order, and services are killed", setup: [stock(10), place()], acts: [], kills: true },
  {
    name: "a large order, approved, cancelled, and services are killed",
    before: [stock(10), place(LARGE)],
    setup: [],
    acts: [review("approve"), cancel],
    kills: true,
    possible: ["order.completed", "shipment.withdrawn", "payment.voided"],
  },
];
