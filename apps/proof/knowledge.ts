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

/** Customers see where their order is. */
function shown({ said, heard, rows }: Knowledge): string[] {
  const own = namesOf(said);
  const status = new Map(rows("orders").map((row) => [row.order_id, row.status]));
  return keysOf(said, "order.created").flatMap((key) => {
    const knows = (type: FactType) => heard.has(`${type} of ${key}`) || own.has(`${type} of ${key}`);
    const expected = knows("order.completed")
      ? "completed"
      : knows("order.cancelled")
        ? "cancelled"
        : knows("risk.flagged") && !knows("risk.cleared")
          ? "in-review"
          : "pending";
    return status.get(key) === expected ? [] : [`${key} is shown as ${status.get(key)}, and is ${expected}`];
  });
}

/** What the shelf holds is what inventory's own facts add up to. */
function counted({ said, rows }: Knowledge): string[] {
  const sums = new Map<unknown, readonly [number, number, number]>();
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
  return rows("stock").flatMap(({ sku, on_hand, reserved, committed }) => {
    const [onHand, aside, gone] = sums.get(sku) ?? [0, 0, 0];
    if (on_hand === onHand && reserved === aside && committed === gone) return [];
    return [
      `of ${sku} there are ${on_hand} on hand, ${reserved} reserved and ${committed} gone: ` +
        `by the facts ${onHand}, ${aside} and ${gone}`,
    ];
  });
}

function linesOf({ data }: Event): readonly { sku: string; quantity: number }[] {
  return "lines" in data ? data.lines : [];
}

/** A person is asked about what waits for a person, and about nothing else. */
function asked({ said, heard, waits }: Knowledge): string[] {
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
  ];
}

function keysOf(said: readonly Event[], wanted: FactType): string[] {
  return said.filter(({ type }) => type === wanted).map(({ key }) => key);
}

/** Facts as `type of key`. */
function namesOf(said: readonly Event[]): ReadonlySet<string> {
  return new Set(said.map(({ type, key }) => `${type} of ${key}`));
}
