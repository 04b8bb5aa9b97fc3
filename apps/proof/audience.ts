// What must hold of the services that only listen, when they have heard everything.

import type { Event, FactType, OrderCreated } from "../../shared/contracts/events.ts";
import { money } from "../../shared/contracts/money.ts";
import type { View } from "../../shared/flow/check/scenario.ts";
import type { World } from "./world.ts";

/** What customers are told of, and how the mail begins to say so. */
const SUBJECTS: Partial<Record<FactType, string>> = {
  "order.completed": "Your order is complete",
  "order.cancelled": "Your order was cancelled",
  "risk.flagged": "Your order is being reviewed",
  "shipment.dispatched": "Your order is on its way",
};

/** What a customer understands the reason of a cancellation by. */
const REASONS: Readonly<Record<string, string>> = {
  "out-of-stock": "out of stock",
  "risk-rejected": "not approve",
  "payment-declined": "did not go through",
  "shipment-failed": "not arrange the delivery",
  withdrawn: "as you asked",
};

/** The laws of who only listens. */
export function audience(view: View<World>): string[] {
  return [
    ...(view.services.includes("notifications") ? mails(view) : []),
    ...(view.services.includes("analytics") ? figures(view) : []),
  ];
}

/** One mail for each fact that customers hear of; a repeat only where the answer to the first may have got lost. */
function mails({ stream, world, losesCalls }: View<World>): string[] {
  const ids = new Map<string, Set<string>>();
  for (const { id, type, key } of stream)
    if (SUBJECTS[type]) ids.set(key, (ids.get(key) ?? new Set()).add(id));
  const orders = new Map<string, OrderCreated>();
  for (const { type, key, data } of stream) if (type === "order.created") orders.set(key, data);
  const unasked = [...orders.keys()].flatMap((key) =>
    Object.keys(world(key).mails)
      .filter((id) => !ids.get(key)?.has(id))
      .map((id) => `the customer of ${key} is told of ${id}, which is not so`),
  );
  return [
    ...unasked,
    ...stream.flatMap((event) => {
      const { id, type, key } = event;
      const order = orders.get(key);
      const subject = SUBJECTS[type];
      if (!order || !subject) return [];
      const sent = world(key).mails[id] ?? [];
      if (sent.length === 0) return [`no mail tells of ${type} of ${key}`];
      if (sent.length > 1 && !losesCalls) return [`${sent.length} mails tell of ${type} of ${key}`];
      return sent.flatMap((mail) => [
        ...(mail.subject === subject ? [] : [`the mail about ${type} of ${key} says: ${mail.subject}`]),
        ...(mail.to === order.email ? [] : [`the mail about ${type} of ${key} goes to ${mail.to}`]),
        ...due(event, order)
          .filter((words) => !mail.text.includes(words))
          .map((words) => `the mail about ${type} of ${key} does not say "${words}"`),
      ]);
    }),
  ];
}

/** The words that a mail must have: whom it is for, what it is about, and what has come of it. */
function due({ type, key, data }: Event, { shipTo, totalCents, currency }: OrderCreated): string[] {
  const words = [`Dear ${shipTo.name},`, `Order ${key}\n`];
  switch (type) {
    case "order.completed":
      return [...words, ` ${money(totalCents, currency)} is paid`];
    case "order.cancelled":
      return [...words, REASONS[data.reason] ?? data.reason, "You pay nothing"];
    case "shipment.dispatched":
      return [...words, data.carrier, `Tracking: ${data.tracking}\n`];
    default:
      return words;
  }
}

/** The figures are what the facts add up to. */
function figures({ stream, rows, store }: View<World>): string[] {
  const sums = new Map<string, number>();
  const add = (name: string, amount: number) => sums.set(name, (sums.get(name) ?? 0) + amount);
  for (const { type, data } of stream) {
    add(`facts ${type}`, 1);
    if (type === "order.cancelled") add(`cancellations ${data.reason}`, 1);
    if (type === "payment.captured") add(`revenue ${data.currency}`, data.amountCents);
    if (type === "stock.committed") for (const { sku, quantity } of data.lines) add(`sales ${sku}`, quantity);
  }
  const [placed = 0, completed = 0, cancelled = 0] = (
    ["order.created", "order.completed", "order.cancelled"] as const
  ).map((type) => sums.get(`facts ${type}`));
  const orders = JSON.stringify({ placed, completed, cancelled, open: placed - completed - cancelled });
  const summary = JSON.stringify(store("analytics").summary(1).orders);
  if (summary !== orders) return [`analytics sums orders up as ${summary}: by the facts ${orders}`];
  const shown = new Map<string, unknown>(
    ["facts", "cancellations", "revenue", "sales"].flatMap((table) =>
      rows("analytics", table).map((row) => {
        const [name, amount] = Object.values(row);
        return [`${table} ${name}`, amount];
      }),
    ) as [string, unknown][],
  );
  return [...new Set([...sums.keys(), ...shown.keys()])]
    .filter((name) => (shown.get(name) ?? 0) !== (sums.get(name) ?? 0))
    .map(
      (name) => `analytics shows ${shown.get(name) ?? 0} under ${name}: by the facts ${sums.get(name) ?? 0}`,
    );
}
