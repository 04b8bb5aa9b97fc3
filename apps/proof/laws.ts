// What must hold of every order, whatever happens on the way.

import { type Config, loadConfig } from "../../shared/config.ts";
import type { Event, FactType } from "../../shared/contracts/events.ts";
import { EITHER_OR, ONLY_AFTER } from "../../shared/contracts/sequence.ts";
import type { Laws, View } from "../../shared/flow/check/scenario.ts";
import { gathered } from "../../shared/gathered.ts";
import { audience } from "./audience.ts";
import { known } from "./knowledge.ts";
import { step } from "./steps.ts";
import type { World } from "./world.ts";

const REFUSALS: readonly FactType[] = [
  "stock.rejected",
  "risk.rejected",
  "payment.declined",
  "shipment.failed",
  "shipment.withdrawn",
];

/** What gateway and carrier have in their books when a fact says what they did. */
const IN_THE_BOOKS: readonly (readonly [FactType, "money" | "booking", readonly unknown[]])[] = [
  ["payment.authorized", "money", ["held", "captured", "voided"]],
  ["payment.declined", "money", ["declined", "voided", "closed"]],
  ["payment.captured", "money", ["captured"]],
  ["payment.voided", "money", ["voided"]],
  ["shipment.dispatched", "booking", ["booked"]],
  ["shipment.waived", "booking", [null]],
  ["shipment.failed", "booking", ["refused", "called-off"]],
];

/** What of the configuration the laws depend on. */
type Policy = Pick<Config, "RISK_REVIEW_FROM_CENTS" | "RISK_REVIEW_DEADLINE_MS">;

/** The laws where nothing is configured. */
export const laws = lawsOf(loadConfig({}));

/** The laws of a flow with this policy. */
export function lawsOf(policy: Policy): Laws<World> {
  return {
    step,
    own: known,
    always: (view) => ordersOf(view.said).flatMap((order) => always(order, view.world(order.key), policy)),
    calm: (view) => [...ordersOf(view.stream).flatMap(atRest), ...shownAtRest(view)],
    end: (view) => [
      ...ordersOf(view.stream).flatMap((order) => atEnd(order, view.world(order.key))),
      ...stockAtEnd(view),
    ],
    audience,
  };
}

/** An order, and all that was said of it. */
interface Order extends Event<"order.created"> {
  readonly facts: readonly Event[];
  has(type: FactType): boolean;
}

function ordersOf(said: readonly Event[]): Order[] {
  const byKey = gathered(said, ({ key }) => key);
  return said
    .filter((event) => event.type === "order.created")
    .map((event) => {
      const facts = byKey.get(event.key)!;
      return { ...event, facts, has: (type) => facts.some((fact) => fact.type === type) };
    });
}

function always(order: Order, world: World, policy: Policy): string[] {
  const { key, data, facts, has } = order;
  const broken: string[] = world.misuse ? [`${world.misuse}: ${key}`] : [];
  for (const some of EITHER_OR) {
    const said = facts.filter(({ type }) => some.includes(type));
    if (said.length < 2) continue;
    const types = [...new Set(said.map(({ type }) => type))];
    broken.push(`of ${key} is said ${types.join(" and ")}${types.length === 1 ? " twice" : ""}`);
  }
  for (const [type, ...needed] of ONLY_AFTER) {
    const missing = has(type) ? needed.filter((need) => !has(need)) : [];
    if (missing.length > 0) broken.push(`${type} of ${key} without ${missing.join(" and ")}`);
  }
  const left = has("shipment.dispatched") || has("shipment.waived");
  if (left && has("order.cancelled")) broken.push(`${key} is cancelled, and its goods have left`);
  if (has("payment.captured") && !left) broken.push(`${key} is charged, and its goods have not left`);
  if (has("order.cancelled") && !REFUSALS.some(has)) broken.push(`${key} is cancelled without a reason`);
  if (has("shipment.waived") && data.plan !== "TRIAL") broken.push(`${key} leaves without a carrier`);
  if (world.asked.book && data.plan === "TRIAL")
    broken.push(`${key} is collected in person, and a carrier is asked`);
  return [
    ...broken,
    ...requested(order, world),
    ...facts.flatMap((fact) => [
      ...ofFact(fact, order),
      ...assessed(fact, order, policy),
      ...inTheBooks(fact, world),
    ]),
  ];
}

/** The gateway and the carrier are asked for what was ordered. */
function requested({ key, data }: Order, { asked: { authorize, book } }: World): string[] {
  const broken: string[] = [];
  if (authorize && (authorize.amountCents !== data.totalCents || authorize.currency !== data.currency))
    broken.push(
      `${authorize.amountCents} ${authorize.currency} cents are asked for, not ${data.totalCents} ${data.currency}: ${key}`,
    );
  if (authorize && authorize.token !== data.paymentToken) broken.push(`somebody else is to pay for ${key}`);
  if (book && book.priority !== data.shippingPriority)
    broken.push(`${key} goes out as ${book.priority}, not ${data.shippingPriority}`);
  if (book && JSON.stringify(book.shipTo) !== JSON.stringify(data.shipTo))
    broken.push(`${key} goes to another address than was asked for`);
  return broken;
}

/** What a fact says that gateway and carrier did is what they did. */
function inTheBooks({ type, key, data }: Event, world: World): string[] {
  const broken: string[] = [];
  for (const [said, book, allowed] of IN_THE_BOOKS) {
    if (type !== said || ("decidedBy" in data && data.decidedBy === "DEADLINE")) continue;
    if (!allowed.includes(world[book]))
      broken.push(`${type} of ${key}, and by the books its ${book} is ${world[book] ?? "not known"}`);
  }
  if ("reference" in data && data.reference !== world.reference)
    broken.push(`${type} of ${key} has a reference that the gateway does not know`);
  if (
    "tracking" in data &&
    (data.carrier !== world.waybill?.carrier || data.tracking !== world.waybill.tracking)
  )
    broken.push(`${type} of ${key} names ${data.carrier}, ${data.tracking}, and not what the carrier said`);
  return broken;
}

/** What a fact says is what was ordered. */
function ofFact(fact: Event, { data: order, facts }: Order): string[] {
  const { type, key } = fact;
  const { totalCents, currency, lines } = order;
  const broken: string[] = [];
  if ("amountCents" in fact.data && fact.data.amountCents !== totalCents)
    broken.push(`${type} of ${key} is about ${fact.data.amountCents} cents, not ${totalCents}`);
  if ("currency" in fact.data && fact.data.currency !== currency)
    broken.push(`${type} of ${key} is in ${fact.data.currency}, not ${currency}`);
  if (type === "stock.reserved" && goods(fact.data.lines) !== goods(lines))
    broken.push(`what is reserved for ${key} is not what was ordered`);
  if (type === "stock.released" || type === "stock.committed") {
    const reserved = facts.find((other) => other.type === "stock.reserved");
    if (goods(fact.data.lines) !== goods(reserved?.data.lines ?? []))
      broken.push(`${type} of ${key} is not about what was reserved for it`);
  }
  return broken;
}

/** An order is assessed by its total, and whoever decides about it passes on what was found. */
function assessed(fact: Event, { time, data: { totalCents }, facts }: Order, policy: Policy): string[] {
  if (fact.type !== "risk.flagged" && fact.type !== "risk.cleared" && fact.type !== "risk.rejected")
    return [];
  const { type, key, data } = fact;
  const { RISK_REVIEW_FROM_CENTS: from, RISK_REVIEW_DEADLINE_MS: deadlineMs } = policy;
  const isLarge = totalCents >= from;
  const found = facts.find((other) => other.type === "risk.flagged")?.data;
  const broken: string[] = [];
  // In proportion: 50 for the smallest total that a person looks at, and 100 at most.
  if (Math.abs(data.score - Math.min(100, (50 * totalCents) / Math.max(1, from))) > 0.5)
    broken.push(`${type} of ${key} has a score of ${data.score} for ${totalCents} cents`);
  if (found && (data.score !== found.score || data.reasons.join() !== found.reasons.join()))
    broken.push(`${type} of ${key} does not say what was found when it was flagged`);
  if (type === "risk.flagged") {
    if (!isLarge) broken.push(`${key} has to wait for a person, though it is small`);
    if (data.reasons.length === 0) broken.push(`${key} has to wait for a person, and nobody says why`);
    if (data.decideBy !== time + deadlineMs)
      broken.push(`${key} waits for a person until ${new Date(data.decideBy).toISOString()}`);
  } else if (isLarge && data.decidedBy === "RULES")
    broken.push(`${key} is decided by the rules, though a person has to look at it`);
  return broken;
}

/** Nothing moves: who asked for a cancellation has an answer. */
function atRest({ key, has }: Order): string[] {
  const waits = has("order.cancellation-requested") && !has("order.completed") && !has("order.cancelled");
  return waits ? [`${key} was to be cancelled, and nobody does anything about it`] : [];
}

/** Nothing moves: each service shows what is, as one does that has heard everything. */
function shownAtRest({ services, said, stream, rows, waits, store }: View<World>): string[] {
  const heard = new Set(stream.map(({ type, key }) => `${type} of ${key}`));
  return services.flatMap((service) =>
    known({
      service,
      said: said.filter(({ source }) => source === service),
      heard,
      waits: waits(service),
      rows: (table) => rows(service, table),
      store: store(service),
    }),
  );
}

/** Nothing will ever happen any more. */
function atEnd({ key, has }: Order, { money, booking }: World): string[] {
  if (has("order.completed")) {
    return [
      ...(money === "captured" ? [] : [`${key} is completed, and its money is ${money}`]),
      ...(has("stock.committed") ? [] : [`${key} is completed, and its stock is still reserved`]),
    ];
  }
  if (has("order.cancelled")) {
    const strands = has("stock.reserved") && !has("stock.released");
    return [
      ...(money === "held" || money === "captured" ? [`${key} is cancelled, and its money is ${money}`] : []),
      ...(booking === "booked" ? [`${key} is cancelled, and a carrier is booked`] : []),
      ...(money === "voided" && !has("payment.voided")
        ? [`${key} has its money back, and nobody says so`]
        : []),
      ...(strands ? [`${key} is cancelled, and its stock is still reserved`] : []),
    ];
  }
  return [`${key} is stuck: it never ends`];
}

/** Every order has ended: nothing is set aside any more. */
function stockAtEnd(view: View<World>): string[] {
  return view
    .rows("inventory", "stock")
    .filter(({ reserved }) => reserved !== 0)
    .map(({ sku, reserved }) => `${reserved} ${sku} are reserved, and no order waits for them`);
}

function goods(lines: readonly { sku: string; quantity: number }[]): string {
  return lines.map(({ sku, quantity }) => `${quantity} ${sku}`).join();
}
