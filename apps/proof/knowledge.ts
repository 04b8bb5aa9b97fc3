// What must hold of each service by itself: what it shows is what it has heard and said.

import type { Event, FactType } from "../../shared/contracts/events.ts";
import type { Knowledge } from "../../shared/flow/check/scenario.ts";

/** The laws of one service at any time. */
export function known(knowledge: Knowledge): string[] {
  switch (knowledge.service) {
    case "orders":
      return ordered(knowledge);
    case "inventory":
      return counted(knowledge);
    case "risk":
      return reviewed(knowledge);
    case "payments":
      return paid(knowledge);
    default:
      return [];
  }
}

/** Customers see where their order is, and why. */
function ordered({ said, heard, store }: Knowledge): string[] {
  const names = new Set(said.map(({ type, key }) => `${type} of ${key}`));
  const ends = new Map<string, Event<"order.completed" | "order.cancelled">>();
  for (const fact of said)
    if (fact.type === "order.completed" || fact.type === "order.cancelled") ends.set(fact.key, fact);
  return said.flatMap(({ type, key, data, time }) => {
    if (type !== "order.created") return [];
    const { customerId, plan, shippingPriority, currency, totalCents, lines } = data;
    const isReviewed = heard.has(`risk.flagged of ${key}`) && !heard.has(`risk.cleared of ${key}`);
    const end = ends.get(key);
    const { reason, detail } = end?.type === "order.cancelled" ? end.data : {};
    return otherwise(`orders shows ${key}`, store.find(key), {
      status: end ? statusAfter(end) : isReviewed ? "in-review" : "pending",
      ...{ customerId, plan, shippingPriority, currency, totalCents, lines },
      cancellationRequested: names.has(`order.cancellation-requested of ${key}`) || undefined,
      reason,
      detail: detail ?? undefined,
      placedAt: new Date(time).toISOString(),
      endedAt: end && new Date(end.time).toISOString(),
    });
  });
}

/** What the shelf holds is what inventory's own facts add up to. */
function counted({ said, store }: Knowledge): string[] {
  const sums = new Map<string, readonly [number, number, number]>();
  const add = (sku: string, onHand: number, reserved: number, gone: number) => {
    const [a, b, c] = sums.get(sku) ?? [0, 0, 0];
    sums.set(sku, [a + onHand, b + reserved, c + gone]);
  };
  for (const event of said) {
    for (const { sku, quantity } of linesOf(event)) {
      if (event.type === "stock.reserved") add(sku, -quantity, quantity, 0);
      if (event.type === "stock.released") add(sku, quantity, -quantity, 0);
      if (event.type === "stock.committed") add(sku, 0, -quantity, quantity);
    }
    if (event.type === "stock.adjusted") add(event.data.sku, event.data.delta, 0, 0);
  }
  const levels = new Map((store.levels() as Level[]).map((level) => [level.sku, level]));
  return [...new Set([...sums.keys(), ...levels.keys()])].flatMap((sku) => {
    const [onHand, aside, gone] = sums.get(sku) ?? [0, 0, 0];
    const level = levels.get(sku);
    if (level?.onHand === onHand && level.reserved === aside && level.committed === gone) return [];
    return [
      `of ${sku} there are ${level?.onHand} on hand, ${level?.reserved} reserved and ${level?.committed} gone: ` +
        `by the facts ${onHand}, ${aside} and ${gone}`,
    ];
  });
}

interface Level {
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly committed: number;
}

function linesOf({ data }: Event): readonly { sku: string; quantity: number }[] {
  return "lines" in data ? data.lines : [];
}

/** A person is asked about what waits for a person, and about nothing else; who decides too late hears why. */
function reviewed({ said, heard, waits, store }: Knowledge): string[] {
  const open = said.flatMap(({ type, key }) =>
    type === "risk.flagged" && !heard.has(`order.cancelled of ${key}`) ? key : [],
  );
  const last = lastWords(said);
  const missing = new Set(open.filter((key) => last.get(key)!.type === "risk.flagged"));
  const odd = waits.filter((key) => !missing.delete(key));
  return [
    ...[...missing].map((key) => `${key} waits for a person, and nobody is asked`),
    ...odd.map((key) => `a person is asked about ${key}, which does not wait for one`),
    ...open.flatMap((key) =>
      otherwise(`risk knows ${key}`, store.find(key), { status: statusAfter(last.get(key)) }),
    ),
    ...listed(said, waits, store.reviews({ at: 0, orderId: "" }, waits.length + 1)),
  ];
}

/** The list of reviews has what was said of each. */
function listed(said: readonly Event[], waits: readonly string[], reviews: readonly Review[]): string[] {
  const open = new Set(waits);
  const expected = said.flatMap(({ type, key, data }) => {
    if (type !== "risk.flagged" || !open.has(key)) return [];
    return `${key}: ${data.score}, ${data.reasons}, ${new Date(data.decideBy).toISOString()}`;
  });
  const found = reviews.map(
    ({ orderId, score, reasons, decideBy }) => `${orderId}: ${score}, ${reasons}, ${decideBy}`,
  );
  return found.sort().join() === expected.sort().join()
    ? []
    : [`the reviews are listed as ${found.join("; ") || "none"}, and are ${expected.join("; ") || "none"}`];
}

interface Review {
  readonly orderId: string;
  readonly score: number;
  readonly reasons: readonly string[];
  readonly decideBy: string;
}

/** What is held or taken for an order is what payments has said. */
function paid({ said, heard, store }: Knowledge): string[] {
  const last = lastWords(said);
  return ordersIn(heard).flatMap((key) => {
    const fact = last.get(key);
    const { decidedBy, reference, amountCents, currency } = (fact?.data ?? {}) as Settled;
    const { order, ...seen } = store.find(key);
    return otherwise(
      `payments shows ${key}`,
      { ...order, ...seen },
      {
        status: decidedBy === "DEADLINE" ? "unanswered" : statusAfter(fact),
        reference,
        ...(amountCents !== undefined && { amountCents, currency }),
      },
    );
  });
}

/** What there may be in a fact of payments. */
interface Settled {
  readonly decidedBy?: string;
  readonly reference?: string;
  readonly amountCents?: number;
  readonly currency?: string;
}

/** Where something is not shown as it is. */
function otherwise(shows: string, seen: Readonly<Record<string, unknown>> = {}, is: object): string[] {
  return Object.entries(is)
    .filter(([name, value]) => seen[name] !== value && JSON.stringify(seen[name]) !== JSON.stringify(value))
    .map(([name, value]) => `${shows} with the ${name} ${seen[name]}, and it is ${value}`);
}

/** What is not the last word, if there is another. */
const FIRST_WORDS: readonly FactType[] = ["risk.flagged", "payment.authorized", "payment.declined"];

/** The last word about each key, in whatever order the facts came to the stream. */
function lastWords(said: readonly Event[]): ReadonlyMap<string, Event> {
  const last = new Map<string, Event>();
  for (const fact of said) {
    const other = last.get(fact.key);
    if (!other || FIRST_WORDS.includes(other.type)) last.set(fact.key, fact);
  }
  return last;
}

/** What a fact makes of what it is about: "captured" after payment.captured. */
function statusAfter(fact: Event | undefined): string {
  return fact?.type.split(".")[1] ?? "none";
}

/** The orders that somebody has heard of. */
function ordersIn(heard: ReadonlySet<string>): string[] {
  const placed = "order.created of ";
  return [...heard].flatMap((name) => (name.startsWith(placed) ? name.slice(placed.length) : []));
}
