// The flow check proves the flow as it is, and finds what is planted in it.

import { describe, expect, it } from "vitest";
import { laws } from "../../apps/proof/laws.ts";
import { scenarios } from "../../apps/proof/scenarios.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import type { FactType } from "../../shared/contracts/events.ts";
import { checkFlow, exitCode, report, without } from "../../shared/flow/check/check.ts";
import type { AnyService, Reaction } from "../../shared/service/define.ts";

const services = allServices(loadConfig({}));
const proof = { scenarios, outside, laws };

/** The services with one reaction changed: the one of `name` to `event`. */
function planted(name: string, event: FactType, change: Partial<Reaction<unknown, unknown>>): AnyService[] {
  return services.map((service) => ({
    ...service,
    reactions: service.reactions.map((reaction) =>
      service.name === name && reaction.on.includes(event) ? { ...reaction, ...change } : reaction,
    ),
  }));
}

async function fault(of: AnyService[]) {
  const checked = await checkFlow(of, proof);
  expect(exitCode(checked)).toBe(1);
  return checked.scenarios.at(-1)!.fault;
}

describe("the flow check", () => {
  it("proves that every order ends well", { timeout: 120_000 }, async () => {
    const checked = await checkFlow(services, proof);

    expect(report(checked)).toContain(`Proven: ${scenarios.length} scenarios`);
    expect(exitCode(checked)).toBe(0);
  });

  it.each([
    ["inventory", "order.cancelled", "its stock is still reserved"],
    ["payments", "order.cancelled", "its money is held"],
    ["shipping", "order.cancellation-requested", "was to be cancelled, and nobody does anything about it"],
    ["shipping", "order.cancelled", "a carrier is booked"],
    ["orders", "payment.captured", "never ends"],
    ["orders", "risk.flagged", "is shown as pending, and is in-review"],
    ["risk", "order.cancelled", "a person is asked about it"],
  ])("finds that %s does not hear %s", { timeout: 60_000 }, async (service, event, broken) => {
    const found = await fault(without(services, `${service}:${event}`)!);

    expect(found?.broken).toContain(broken);
  });

  it.each([
    ["inventory", "order.created", "stock.released and stock.rejected"],
    ["orders", "stock.rejected", "order.cancelled"],
    ["risk", "order.created", "though it knows that it was cancelled"],
    ["payments", "risk.cleared", "payment.authorized of A without stock.reserved"],
    ["shipping", "payment.authorized", "shipment"],
  ] as const)(
    "finds that %s decides on %s without its guards",
    { timeout: 60_000 },
    async (service, event, broken) => {
      const found = await fault(planted(service, event, { if: [] }));

      expect(found?.broken).toContain(broken);
    },
  );

  it("finds that a review has no deadline", async () => {
    const found = await fault(services.map((service) => ({ ...service, deadlines: [] })));

    expect(found?.broken).toContain("never ends");
  });

  it.each([
    ["payments", "risk.cleared"],
    ["shipping", "payment.authorized"],
  ] as const)("finds that %s never gives up a call", async (service, event) => {
    const found = await fault(planted(service, event, { giveUp: undefined as never }));

    expect(found?.broken).toContain("never ends");
  });

  it("finds a cancellation after the goods have left, and tells how it comes about", async () => {
    const isOpen = () => true;
    const found = await fault(planted("shipping", "order.cancellation-requested", { if: [isOpen] }));

    expect(found?.broken).toMatch(/shipment\.(dispatched|waived) and shipment\.withdrawn/);
    expect(found?.moves.at(-1)).toContain("shipping hears order.cancellation-requested of A");
  });

  it.each(["GATEWAY", "DEADLINE"])("tells what the %s declined from what others did", async (unheard) => {
    const lost = scenarios.filter(({ losesCalls }) => losesCalls);
    const { decide } = services[0]!.reactions.find(({ on }) => on.includes("payment.declined"))!;
    const choosy = planted("orders", "payment.declined", {
      decide: (state, event, outcome) => {
        if (event.type === "payment.declined" && event.data.decidedBy === unheard)
          throw new Error("unheard of");
        return decide!(state, event, outcome);
      },
    });

    const { fault } = (await checkFlow(choosy, { ...proof, scenarios: lost })).scenarios[0]!;

    expect(fault?.broken).toBe("orders has no answer: unheard of");
  });
});
