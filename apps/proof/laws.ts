// What must hold of every order, whatever happens on the way.

import type { Event, FactType, OrderCreated } from "../../shared/contracts/events.ts";
import type { Laws, Step, View } from "../../shared/flow/check/scenario.ts";
import type { World } from "./world.ts";

/** Facts of which an order has one at most. */
const EITHER_OR: readonly (readonly FactType[])[] = [
  ["order.completed", "order.cancelled"],
  ["stock.reserved", "stock.rejected"],
  ["stock.released", "stock.committed"],
  ["stock.rejected", "stock.released"],
  ["risk.cleared", "risk.rejected"],
  ["payment.authorized", "payment.declined"],
  ["payment.captured", "payment.voided"],
  ["shipment.dispatched", "shipment.waived", "shipment.failed", "shipment.withdrawn"],
  ["order.created"],
  ["order.cancellation-requested"],
  ["risk.flagged"],
];

/** What may only be said after all of something else was. */
const ONLY_AFTER: readonly (readonly [FactType, ...FactType[]])[] = [
  ["payment.authorized", "stock.reserved", "risk.cleared"],
  ["shipment.dispatched", "payment.authorized"],
  ["shipment.waived", "payment.authorized"],
  ["order.completed", "payment.captured"],
  ["shipment.withdrawn", "order.cancellation-requested"],
];

/** What is not begun for an order by who knows that it was cancelled. */
const BEGINNINGS: readonly FactType[] = [
  "stock.reserved",
  "risk.cleared",
  "risk.flagged",
  "payment.authorized",
  "shipment.dispatched",
  "shipment.waived",
];

const REFUSALS: readonly FactType[] = [
  "stock.rejected",
  "risk.rejected",
  "payment.declined",
  "shipment.failed",
  "shipment.withdrawn",
];

export const laws: Laws<World> = {
  always: (view) => [
    ...(view.world.misuse ? [view.world.misuse] : []),
    ...ordersOf(view.said).flatMap((order) => ofOrder(view, order)),
    ...stock(view),
  ],
  step: ({ service, heard, said, cause, refused, before }: Step) => [
    ...said
      .filter(({ type, key }) => BEGINNINGS.includes(type) && heard.has(`order.cancelled of ${key}`))
      .map(({ type, key }) => `${service} says ${type} of ${key}, though it knows that it was cancelled`),
    ...("command" in cause &&
    cause.command === "review" &&
    refused &&
    waitsForReview(before, heard, cause.key)
      ? [`a person's decision on ${cause.key} is refused, though it waits for one: ${refused}`]
      : []),
  ],
  calm: (view) => ordersOf(view.said).flatMap((order) => atRest(view, order)),
  end: (view) => ordersOf(view.said).flatMap((order) => atEnd(view, order)),
};

function ordersOf(said: readonly Event[]): OrderCreated[] {
  return said.flatMap((event) => (event.type === "order.created" ? [event.data] : []));
}

function typesOf(said: readonly Event[], key: string): FactType[] {
  return said.filter((event) => event.key === key).map(({ type }) => type);
}

function waitsForReview(before: readonly Event[], heard: ReadonlySet<string>, key: string): boolean {
  const types = typesOf(before, key);
  return types.join() === "risk.flagged" && !heard.has(`order.cancelled of ${key}`);
}

function ofOrder(view: View<World>, { orderId, totalCents, lines }: OrderCreated): string[] {
  const own = view.said.filter(({ key }) => key === orderId);
  const types = own.map(({ type }) => type);
  const has = (type: FactType) => types.includes(type);
  const broken = EITHER_OR.map((some) => types.filter((type) => some.includes(type)))
    .filter(({ length }) => length > 1)
    .map((twice) => `of ${orderId} is said ${twice.join(" and ")}`);
  for (const [type, ...needed] of ONLY_AFTER) {
    const missing = needed.filter((need) => !has(need));
    if (has(type) && missing.length > 0)
      broken.push(`${type} of ${orderId} without ${missing.join(" and ")}`);
  }
  const left = has("shipment.dispatched") || has("shipment.waived");
  if (left && has("order.cancelled")) broken.push(`${orderId} is cancelled, and its goods have left`);
  if (has("payment.captured") && !left) broken.push(`${orderId} is charged, and its goods have not left`);
  if (has("order.cancelled") && !REFUSALS.some(has)) broken.push(`${orderId} is cancelled without a reason`);
  for (const event of own) {
    if ("amountCents" in event.data && event.data.amountCents !== totalCents)
      broken.push(`${event.type} of ${orderId} is about ${event.data.amountCents} cents, not ${totalCents}`);
    if (event.type === "stock.reserved" && quantities(event.data.lines) !== quantities(lines))
      broken.push(`what is reserved for ${orderId} is not what was ordered`);
  }
  return broken;
}

/** What the shelf holds is what inventory's own facts add up to. */
function stock(view: View<World>): string[] {
  const sums = new Map<string, [number, number, number]>();
  const add = (sku: string, onHand: number, reserved: number, committed: number) => {
    const [a, b, c] = sums.get(sku) ?? [0, 0, 0];
    sums.set(sku, [a + onHand, b + reserved, c + committed]);
  };
  for (const event of view.said) {
    if (event.type === "stock.adjusted") add(event.data.sku, event.data.delta, 0, 0);
    if (event.type === "stock.reserved")
      for (const { sku, quantity } of event.data.lines) add(sku, -quantity, quantity, 0);
    if (event.type === "stock.released")
      for (const { sku, quantity } of event.data.lines) add(sku, quantity, -quantity, 0);
    if (event.type === "stock.committed")
      for (const { sku, quantity } of event.data.lines) add(sku, 0, -quantity, quantity);
  }
  return view.rows("inventory", "stock").flatMap(({ sku, on_hand, reserved, committed }) => {
    const sum = sums.get(sku as string)?.join();
    return sum === [on_hand, reserved, committed].join()
      ? []
      : [
          `of ${sku} there are ${on_hand}, ${reserved} and ${committed} on hand, reserved and gone: by the facts ${sum}`,
        ];
  });
}

function quantities(lines: readonly { sku: string; quantity: number }[]): string {
  return lines.map(({ sku, quantity }) => `${quantity} ${sku}`).join();
}

/** Nothing moves: who still waits has to wait for a person, in sight. */
function atRest(view: View<World>, { orderId }: OrderCreated): string[] {
  const types = typesOf(view.stream, orderId);
  const ended = types.includes("order.completed") || types.includes("order.cancelled");
  const status = view.rows("orders", "orders").find(({ order_id }) => order_id === orderId)?.status;
  const shown = types.includes("order.completed")
    ? "completed"
    : types.includes("order.cancelled")
      ? "cancelled"
      : types.includes("risk.flagged") && !types.includes("risk.cleared")
        ? "in-review"
        : "pending";
  return [
    ...(status === shown ? [] : [`${orderId} is shown as ${status}, and is ${shown}`]),
    ...(!ended && types.includes("order.cancellation-requested")
      ? [`${orderId} was to be cancelled, and nobody does anything about it`]
      : []),
    ...(ended && view.waits("risk").includes(orderId)
      ? [`${orderId} has ended, and a person is asked about it`]
      : []),
  ];
}

/** Nothing will ever happen any more. */
function atEnd(view: View<World>, { orderId }: OrderCreated): string[] {
  const types = typesOf(view.stream, orderId);
  const money = view.world.money[orderId];
  const booking = view.world.bookings[orderId];
  if (types.includes("order.completed")) {
    return [
      ...(money === "captured" ? [] : [`${orderId} is completed, and its money is ${money}`]),
      ...(types.includes("stock.committed")
        ? []
        : [`${orderId} is completed, and its stock is still reserved`]),
    ];
  }
  if (types.includes("order.cancelled")) {
    return [
      ...(money === "held" || money === "captured"
        ? [`${orderId} is cancelled, and its money is ${money}`]
        : []),
      ...(booking === "booked" ? [`${orderId} is cancelled, and a carrier is booked`] : []),
      ...(types.includes("stock.reserved") && !types.includes("stock.released")
        ? [`${orderId} is cancelled, and its stock is still reserved`]
        : []),
    ];
  }
  return [`${orderId} is stuck: it never ends`];
}
