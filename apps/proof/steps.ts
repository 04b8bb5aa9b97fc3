// What must hold of every single thing that a service does.

import type { Event, FactType } from "../../shared/contracts/events.ts";
import type { Step } from "../../shared/flow/check/scenario.ts";

/** What is not begun for an order by who knows that it was cancelled. */
const BEGINNINGS: readonly FactType[] = [
  "stock.reserved",
  "risk.cleared",
  "risk.flagged",
  "payment.authorized",
  "shipment.dispatched",
  "shipment.waived",
];

/** The reason that a customer is told, by the fact that led to the cancellation. */
const REASONS: Partial<Record<FactType, string>> = {
  "stock.rejected": "out-of-stock",
  "risk.rejected": "risk-rejected",
  "payment.declined": "payment-declined",
  "shipment.failed": "shipment-failed",
  "shipment.withdrawn": "withdrawn",
};

/** The laws of a step. */
export function step(step: Step): string[] {
  const { service, cause, heard, said } = step;
  const late = said
    .filter(({ type, key }) => BEGINNINGS.includes(type) && heard.has(`order.cancelled of ${key}`))
    .map(({ type, key }) => `${service} says ${type} of ${key}, though it knows that it was cancelled`);
  return [
    ...late,
    ...said.flatMap((fact) => [...grounds(fact, step), ...answers(fact, step)]),
    ...("event" in cause && cause.event.type === "order.cancellation-requested"
      ? granted(cause.event, step)
      : []),
    ...("command" in cause ? people(cause, step) : []),
  ];
}

/** Each fact has the grounds that it speaks of. */
function grounds(fact: Event, { cause, before }: Step): string[] {
  const { type, key } = fact;
  const broken: string[] = [];
  if ("decidedBy" in fact.data && fact.data.decidedBy !== deciderOf(cause, fact))
    broken.push(`${type} of ${key} is said to be decided by ${fact.data.decidedBy}, and was not`);
  if (type === "risk.rejected" && "event" in cause) broken.push(`${key} is rejected, and nobody did`);
  if (type === "order.cancelled" && "event" in cause) {
    const { reason, detail } = fact.data;
    if (reason !== REASONS[cause.event.type])
      broken.push(`${key} is cancelled as ${reason}, on ${cause.event.type}`);
    if (!isExplained(detail, cause.event))
      broken.push(
        `${key} is cancelled with the words "${detail}", which are not what ${cause.event.type} says`,
      );
  }
  if (type === "shipment.withdrawn" && "event" in cause && "reason" in cause.event.data)
    broken.push(...differences(fact, { reason: cause.event.data.reason }));
  if ("event" in cause && cause.event.type === "order.created" && /^stock\.re[sj]e/.test(type)) {
    const short = cause.event.data.lines.filter(({ sku, quantity }) => onHand(before, sku) < quantity);
    if (type === "stock.reserved" && short.length > 0)
      broken.push(`goods are set aside for ${key}, and there are not enough`);
    if (type === "stock.rejected") {
      const lacks = short
        .map(({ sku, quantity }) => `${quantity} ${sku} of ${onHand(before, sku)}`)
        .join(", ");
      const named = fact.data.shortages.map(
        ({ sku, requested, available }) => `${requested} ${sku} of ${available}`,
      );
      if (lacks === "") broken.push(`${key} is refused for want of goods, and there are enough`);
      else if (lacks !== named.join(", "))
        broken.push(`${key} wants ${lacks}, and is said to want ${named.join(", ")}`);
    }
  }
  return broken;
}

/** Whether the words say what is short, or repeat those of who refused. */
function isExplained(words: string | null, { type, data }: Event): boolean {
  switch (type) {
    case "stock.rejected":
      return data.shortages.every(({ sku, requested, available }) =>
        words?.includes(`${sku}: ${requested} wanted, ${available} on hand`),
      );
    case "risk.rejected":
      return data.decidedBy === "DEADLINE" ? words === "nobody reviewed it in time" : words === data.note;
    case "payment.declined":
    case "shipment.failed":
    case "shipment.withdrawn":
      return words === data.reason;
    default:
      return false;
  }
}

/** A fact says what the outside has answered, in the same words. */
function answers(fact: Event, { cause }: Step): string[] {
  const performed = "event" in cause ? cause.performed : undefined;
  const outcome = performed && "outcome" in performed ? performed.outcome : undefined;
  const answered = Object.entries(outcome ?? {}).filter(([name]) => name in fact.data);
  return differences(fact, Object.fromEntries(answered));
}

/** What the goods of an order have come to, as shipping says it. */
const SHIPPED: readonly FactType[] = [
  "shipment.dispatched",
  "shipment.waived",
  "shipment.failed",
  "shipment.withdrawn",
];

/** A customer's wish is granted as long as nothing has become of the goods. */
function granted({ key }: Event, { service, before, said }: Step): string[] {
  const isSettled = [...before, ...said].some((fact) => fact.key === key && SHIPPED.includes(fact.type));
  return service !== "shipping" || isSettled
    ? []
    : [`shipping may still stop ${key}, whose customer asks for that, and does not`];
}

function deciderOf(cause: Step["cause"], { type }: Event): string {
  if ("command" in cause) return "OPERATOR";
  if ("deadline" in cause || (cause.performed && "gaveUp" in cause.performed)) return "DEADLINE";
  return { "payment.declined": "GATEWAY", "shipment.failed": "CARRIER" }[type as string] ?? "RULES";
}

/** What inventory's own facts leave on the shelf. */
function onHand(said: readonly Event[], wanted: string): number {
  const moved = (lines: readonly { sku: string; quantity: number }[]) =>
    lines.reduce((sum, { sku, quantity }) => sum + (sku === wanted ? quantity : 0), 0);
  return said.reduce((sum, fact) => {
    if (fact.type === "stock.adjusted") return sum + (fact.data.sku === wanted ? fact.data.delta : 0);
    if (fact.type === "stock.reserved") return sum - moved(fact.data.lines);
    return fact.type === "stock.released" ? sum + moved(fact.data.lines) : sum;
  }, 0);
}

/** What people ask for is done, unless it is too late or makes no sense. */
function people({ command, key, input }: Command, step: Step): string[] {
  const { heard, before, said, refused } = step;
  const has = (type: FactType) => before.some((fact) => fact.type === type && fact.key === key);
  const says = (...types: FactType[]) => said.find((fact) => types.includes(fact.type) && fact.key === key);
  switch (command) {
    case "place": {
      const placed = says("order.created");
      return placed
        ? differences(placed, input)
        : [`a customer places ${key}, and it is not taken${because(refused)}`];
    }
    case "cancel": {
      const isOpen = has("order.created") && !has("order.completed") && !has("order.cancelled");
      if (!isOpen) return refused ? [] : [`${key} is to be cancelled after its end, and that is not refused`];
      const wish = says("order.cancellation-requested");
      if (wish) return differences(wish, input);
      return has("order.cancellation-requested") && !refused
        ? []
        : [`a customer asks to cancel ${key}, which is open, and is not heard${because(refused)}`];
    }
    case "review": {
      const isDecided = has("risk.cleared") || has("risk.rejected") || heard.has(`order.cancelled of ${key}`);
      const { decision, note = null } = input as { decision: "approve" | "reject"; note?: string };
      if (!has("risk.flagged") || isDecided)
        return refused ? [] : [`${key} is reviewed, though nobody waits for that`];
      const verdict = says(decision === "approve" ? "risk.cleared" : "risk.rejected");
      return verdict
        ? differences(verdict, { note })
        : [
            `a person decides to ${decision} ${key}, which waits for that, and is not heard${because(refused)}`,
          ];
    }
    case "adjust": {
      const { sku, delta } = input as { sku: string; delta: number };
      if (onHand(before, sku) + delta < 0)
        return refused ? [] : [`more ${sku} are taken off the shelf than there are`];
      const counted = says("stock.adjusted");
      return counted ? differences(counted, input) : [`${delta} ${sku} are not counted${because(refused)}`];
    }
    default:
      return [];
  }
}

function because(refused: string | undefined): string {
  return refused ? `: ${refused}` : "";
}

type Command = Extract<Step["cause"], { command: string }>;

/** Where a fact does not say what it was asked to say. */
function differences({ type, key, data }: Event, input: object): string[] {
  const said = data as unknown as Record<string, unknown>;
  return Object.entries(input)
    .filter(([name, wanted]) => JSON.stringify(said[name]) !== JSON.stringify(wanted))
    .map(([name]) => `the ${name} of ${key} is not said in ${type} as it was heard`);
}
