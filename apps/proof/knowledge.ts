// What must hold of each service by itself: what it shows is what it has heard and said.

import type { Event, FactType } from "../../shared/contracts/events.ts";
import type { Knowledge } from "../../shared/flow/check/scenario.ts";

/** The laws of one service at any time. */
export function own(knowledge: Knowledge): string[] {
  switch (knowledge.service) {
    case "orders":
      return shown(knowledge);
    case "inventory":
      return counted(knowledge);
    case "risk":
      return asked(knowledge);
    default:
      return [];
  }
}

/** Customers see where their order is, and why. */
function shown({ said, heard, store }: Knowledge): string[] {
  const own = namesOf(said);
  const ends = new Map<string, Event<"order.completed" | "order.cancelled">>();
  for (const fact of said)
    if (fact.type === "order.completed" || fact.type === "order.cancelled") ends.set(fact.key, fact);
  return said.flatMap(({ type, key, data, time }) => {
    if (type !== "order.created") return [];
    const knows = (type: FactType) => heard.has(`${type} of ${key}`) || own.has(`${type} of ${key}`);
    const expected = knows("order.completed")
      ? "completed"
      : knows("order.cancelled")
        ? "cancelled"
        : knows("risk.flagged") && !knows("risk.cleared")
          ? "in-review"
          : "pending";
    const seen: Record<string, unknown> = store.find(key) ?? {};
    if (seen.status !== expected) return [`${key} is shown as ${seen.status}, and is ${expected}`];
    const { customerId, plan, shippingPriority, currency, totalCents, lines } = data;
    const end = ends.get(key);
    const { reason, detail } = end?.type === "order.cancelled" ? end.data : {};
    const cancellationRequested = own.has(`order.cancellation-requested of ${key}`) || undefined;
    return Object.entries({
      ...{ customerId, plan, shippingPriority, currency, totalCents, lines, cancellationRequested },
      ...{
        reason,
        detail: detail ?? undefined,
        placedAt: new Date(time).toISOString(),
        endedAt: end && new Date(end.time).toISOString(),
      },
    })
      .filter(([name, value]) => JSON.stringify(seen[name]) !== JSON.stringify(value))
      .map(([name, value]) => `${key} is shown with the ${name} ${seen[name]}, and it is ${value}`);
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

/** A person is asked about what waits for a person, and about nothing else. */
function asked({ said, heard, waits, store }: Knowledge): string[] {
  const own = namesOf(said);
  const decided = (key: string) => own.has(`risk.cleared of ${key}`) || own.has(`risk.rejected of ${key}`);
  const open = keysOf(said, "risk.flagged").filter(
    (key) => !decided(key) && !heard.has(`order.cancelled of ${key}`),
  );
  const missing = new Set(open);
  const odd = waits.filter((key) => !missing.delete(key));
  return [
    ...[...missing].map((key) => `${key} waits for a person, and nobody is asked`),
    ...odd.map((key) => `a person is asked about ${key}, which does not wait for one`),
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

function keysOf(said: readonly Event[], wanted: FactType): string[] {
  return said.filter(({ type }) => type === wanted).map(({ key }) => key);
}

/** Facts as `type of key`. */
function namesOf(said: readonly Event[]): ReadonlySet<string> {
  return new Set(said.map(({ type, key }) => `${type} of ${key}`));
}
