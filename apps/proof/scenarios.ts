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
  lines: [{ sku: "TEA", quantity: 2, unitPriceCents: 450 }],
  totalCents: 900,
  paymentToken: "tok",
};

const stock = (delta: number): Act => ({
  who: "the warehouse",
  does: `puts ${delta} TEA on the shelf`,
  service: "inventory",
  command: "adjust",
  key: "TEA",
  input: { sku: "TEA", delta, reason: "delivery" },
});
const place = (change: Partial<OrderCreated> = {}): Act => ({
  who: "the customer",
  does: "places order A",
  service: "orders",
  command: "place",
  key: "A",
  input: { ...order, ...change },
});
const cancel: Act = {
  who: "the customer",
  does: "asks to cancel A",
  service: "orders",
  command: "cancel",
  key: "A",
  input: { orderId: "A", requestedBy: "customer", reason: null },
};
const review = (decision: "approve" | "reject"): Act => ({
  who: "a person",
  does: `decides to ${decision} A`,
  service: "risk",
  command: "review",
  key: "A",
  input: { orderId: "A", decision },
});

const LARGE = { lines: [{ sku: "TEA", quantity: 2, unitPriceCents: 100_000 }], totalCents: 200_000 };
const reviews = [review("approve"), review("reject")];
const trial = { plan: "TRIAL" } as const;

/** Small ones first: a fault is told by the first that finds it. */
export const scenarios: readonly Scenario[] = [
  { name: "a small order", setup: [stock(10), place()], acts: [], unanswered: [] },
  { name: "a trial order", setup: [stock(10), place(trial)], acts: [], unanswered: [] },
  { name: "more than is on hand", setup: [stock(1), place()], acts: [cancel], unanswered: [] },
  { name: "a large order that nobody reviews", setup: [stock(10), place(LARGE)], acts: [], unanswered: [] },
  { name: "a large order that is reviewed", setup: [stock(10), place(LARGE)], acts: reviews, unanswered: [] },
  { name: "no answer from the gateway", setup: [stock(10), place()], acts: [], unanswered: ["authorize"] },
  { name: "no answer from the carrier", setup: [stock(10), place()], acts: [], unanswered: ["book"] },
  { name: "a small order, cancelled", setup: [stock(10), place()], acts: [cancel], unanswered: [] },
  { name: "a trial order, cancelled", setup: [stock(10), place(trial)], acts: [cancel], unanswered: [] },
  { name: "calls get lost", setup: [stock(10), place()], acts: [], unanswered: [], losesCalls: true },
  { name: "services are killed", setup: [stock(10), place()], acts: [], unanswered: [], kills: true },
  { name: "a large order, cancelled", setup: [stock(10), place(LARGE)], acts: [cancel], unanswered: [] },
];
