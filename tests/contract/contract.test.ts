// Every service of the flow keeps the contract, and the laws of its own trade with it.

import { beforeEach, describe, expect, it } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { ENDS } from "../../shared/contracts/ends.ts";
import type { FactType } from "../../shared/contracts/events.ts";
import { describeContract, type Law, type Particulars } from "./contract.ts";
import { Flow, ORDER, scenarios, stopTime } from "./flow.ts";
import type { Machine } from "./machine.ts";

const services = allServices(loadConfig({}));
const flow = new Flow(services);

describe("the scenarios", () => {
  beforeEach(stopTime);

  it.each(scenarios)("let $name end with $ends", async (scenario) => {
    const stream = await flow.stream(scenario);

    expect(stream.at(-1)?.type).toBe(scenario.ends);
    expect(stream.filter(({ type }) => ENDS.includes(type)).length).toBeLessThanOrEqual(1);
  });
});

const DEPARTURES = ["shipment.dispatched", "shipment.waived"] as const;

const REFUSALS = [
  "stock.rejected",
  "risk.rejected",
  "payment.declined",
  "shipment.failed",
  "shipment.withdrawn",
] as const;

/** An order ends at most once: completed when its money is taken, cancelled when somebody refused. */
const orders: Law = ({ heard, said }) => {
  const ends = said.filter((type) => ENDS.includes(type));
  if (heard.has("payment.captured")) expect(ends).toEqual(["order.completed"]);
  else if (REFUSALS.some((type) => heard.has(type))) expect(ends).toEqual(["order.cancelled"]);
  else expect(ends).toEqual([]);
  const wishes = said.filter((type) => type === "order.cancellation-requested");
  expect(wishes.length).toBeLessThanOrEqual(1);
};

/** No piece is lost or made, a cancelled order keeps none, and goods that left are counted as gone. */
const inventory: Law = ({ machine, heard }) => {
  const { stock, reservations } = machine.state as Record<string, Record<string, unknown>[]>;
  for (const { sku, on_hand, reserved, committed } of stock as { [column: string]: number }[]) {
    const adjusted = machine.facts.flatMap((said) =>
      said.type === "stock.adjusted" && said.key === `${sku}` ? [said.data.delta] : [],
    );
    expect(on_hand! + reserved! + committed!).toBe(adjusted.reduce((sum, delta) => sum + delta, 0));
    expect(Math.min(on_hand!, reserved!, committed!)).toBeGreaterThanOrEqual(0);
  }
  const status = reservations!.find(({ order_id }) => order_id === ORDER)?.status;
  if (heard.has("order.cancelled")) expect(["rejected", "released"]).toContain(status);
  if (DEPARTURES.some((type) => heard.has(type))) expect(status).toBe("committed");
  if (status !== "reserved") expect(stock!.map(({ reserved }) => reserved)).toEqual(stock!.map(() => 0));
};

/** An order is assessed at most once, and a flag answered at most once; of a cancelled one no review is open. */
const risk: Law = ({ machine, heard, said }) => {
  const [assessment, verdict, ...more] = said;
  expect(assessment !== undefined).toBe(cameFirst(machine, "order.created", "order.cancelled"));
  if (verdict) expect(assessment).toBe("risk.flagged");
  expect(verdict).not.toBe("risk.flagged");
  expect(more).toEqual([]);
  const statuses = machine.state.assessments!.map((row) => (row as { status: string }).status);
  if (heard.has("order.cancelled")) expect(statuses).toEqual(["closed"]);
  else expect(statuses).toEqual(said.slice(-1).map((type) => type.replace("risk.", "")));
};

/** A cancelled order has nothing held or taken; goods that left are paid for; the books agree with the gateway's. */
const payments: Law = ({ machine, heard, said }) => {
  const money = machine.outside.money.get(ORDER);
  expect(new Set(said).size).toBe(said.length);
  if (heard.has("order.cancelled")) expect([undefined, "declined", "voided", "closed"]).toContain(money);
  for (const needed of ["order.created", "stock.reserved", "risk.cleared"] as const) {
    if (!cameFirst(machine, needed, "order.cancelled"))
      expect(machine.outside.effects).not.toContain(`authorize:${ORDER}`);
  }
  if (DEPARTURES.some((type) => heard.has(type))) expect(money).toBe("captured");
  const last = said.at(-1)?.replace("payment.", "");
  expect(last).toBe(money === "held" ? "authorized" : money === "closed" ? undefined : money);
};

/** Goods leave at most once and are withdrawn at most once, never both, and no carrier hears of a trial order. */
const shipping: Law = ({ machine, heard, said }) => {
  expect(said.length).toBeLessThanOrEqual(1);
  const booked = said.some((type) => type === "shipment.dispatched" || type === "shipment.failed");
  // Before there was a withdrawal an order is cancelled only when nothing can have been booked.
  const calledOff =
    said.includes("shipment.withdrawn") &&
    heard.has("order.cancelled") &&
    cameFirst(machine, "order.cancellation-requested", "order.cancelled");
  expect(machine.outside.effects).toEqual([
    ...(booked ? [`book:${ORDER}`] : []),
    ...(calledOff ? [`call-off:${ORDER}`] : []),
  ]);
  if (heard.has("order.cancellation-requested")) expect(said).toHaveLength(1);
};

/** Every notice is mailed once, as soon as there is somebody to write to. */
const notifications: Law = ({ machine, heard }) => {
  const notices = [...machine.acked].filter(({ type }) => type !== "order.created");
  const due = heard.has("order.created") ? notices.map(({ id }) => `mail:${id}`) : [];
  expect(machine.outside.calls.filter((call, index, all) => all.indexOf(call) === index).sort()).toEqual(
    due.sort(),
  );
};

/** Whether an event was taken, and not after another one. */
function cameFirst(machine: Machine, type: FactType, other: FactType): boolean {
  const types = [...machine.acked].map((event) => event.type);
  const [one, two] = [types.indexOf(type), types.indexOf(other)];
  return one >= 0 && (two < 0 || one < two);
}

const particulars: Record<string, Particulars> = {
  orders: { law: orders, answersToWhatComesFirst: true },
  inventory: { law: inventory, answersToWhatComesFirst: true },
  risk: { law: risk, answersToWhatComesFirst: true },
  payments: { law: payments, answersToWhatComesFirst: true },
  shipping: { law: shipping, answersToWhatComesFirst: true },
  notifications: { law: notifications },
};

for (const service of services) {
  describe(service.name, () => describeContract(service, flow, particulars[service.name]));
}
