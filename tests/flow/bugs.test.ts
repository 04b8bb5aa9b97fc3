// The flow check finds bugs that are planted in decisions and in stores.

import { describe, expect, it } from "vitest";
import { laws } from "../../apps/proof/laws.ts";
import { scenarios } from "../../apps/proof/scenarios.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { type Event, type FactType, fact, type OrderCreated } from "../../shared/contracts/events.ts";
import { Checker, exitCode } from "../../shared/flow/check/check.ts";
import { sentence } from "../../shared/flow/check/move.ts";
import type { AnyService, Reaction } from "../../shared/service/define.ts";
import { withReaction, withStore } from "./planted.ts";

const services = allServices(loadConfig({}));
const checker = new Checker({ scenarios, outside, laws });

/** The services with one reaction changed: the one of `name` to `event`. */
function planted(name: string, event: FactType, change: (reaction: Reaction<never, never>) => object) {
  return withReaction(services, name, event, change);
}

/** The services with a store of `name` that takes each fact for what `mistake` makes of it. */
function mistaken(name: string, mistake: (event: Event) => object) {
  return withStore(services, name, (record) => (event) => record({ ...event, ...mistake(event) } as Event));
}

async function faultOf(of: AnyService[], names?: string[]) {
  const checked = await checker.check({ services: of }, names);
  expect(exitCode(checked)).toBe(1);
  const { broken, moves } = checked.fault!;
  return { broken, moves: moves.map(sentence) };
}

describe("a bug in a decision", { timeout: 120_000 }, () => {
  it.each([
    [() => ({ refused: "no more orders" }), "a customer places A, and it is not taken: no more orders"],
    [
      () => [fact("order.completed", { orderId: "A" })],
      "orders fails at the command to place A: orders may not say order.completed",
    ],
    [
      (_: unknown, order: OrderCreated) => [fact("order.created", { ...order, totalCents: 0 })],
      "the totalCents of A is not said in order.created as it was heard",
    ],
  ])("is found where it shows before anything else happens", async (decide, broken) => {
    const spoilt = services.map((service) => ({
      ...service,
      commands: service.commands.map((one) => (one.name === "place" ? { ...one, decide } : one)),
    }));

    const found = await faultOf(spoilt);

    expect(found.broken).toContain(broken);
    expect(found.moves).toHaveLength(2);
  });

  it("is found where a release does not close the reservation that comes late", async () => {
    const { broken, moves } = await faultOf(
      planted("inventory", "order.cancelled", ({ decide }) => ({
        decide: (stock: { reservation?: object }, ...rest: []) =>
          stock.reservation ? decide!(stock as never, ...(rest as unknown as [never, never])) : [],
      })),
    );

    expect(broken).toMatch(/stock\.reserved of A, though it knows that it was cancelled|still reserved/);
    expect(moves.length).toBeLessThanOrEqual(14);
    expect(moves.findIndex((move) => move.startsWith("inventory hears order.cancelled of A"))).toBeLessThan(
      moves.findIndex((move) => move.startsWith("inventory hears order.created of A")),
    );
  });

  it("is found where nothing is voided of an authorization that comes late", async () => {
    const { broken, moves } = await faultOf(
      planted("payments", "order.cancelled", ({ request }) => ({
        request: (payment: { status: string }, ...rest: []) =>
          payment.status === "authorized"
            ? request!(payment as never, ...(rest as unknown as [never]))
            : undefined,
      })),
    );

    expect(broken).toBe("A is cancelled, and its money is held");
    expect(moves.length).toBeLessThanOrEqual(16);
    expect(moves.join("\n")).toContain("authorize: no answer");
  });

  it("is found where an order is cancelled after its goods have left", async () => {
    const { broken, moves } = await faultOf(
      planted("shipping", "order.cancellation-requested", () => ({ if: [() => true] })),
    );

    expect(broken).toMatch(/shipment\.(dispatched|waived) and shipment\.withdrawn/);
    expect(moves.at(-1)).toMatch(/^shipping hears order\.cancellation-requested of A → shipment\.withdrawn$/);
  });

  it.each([
    [
      "a charge that is made twice",
      "payments",
      "risk.cleared",
      "authorize is asked for twice, and not for the same",
    ],
    [
      "a booking that is made twice",
      "shipping",
      "payment.authorized",
      "book is asked for twice, and not for the same",
    ],
  ] as const)("is found: %s", async (_, name, event, broken) => {
    let attempts = 0;
    const found = await faultOf(
      planted(name, event, ({ call }) => ({
        call: (port: never, request: { key: string }, signal: AbortSignal) =>
          call!(port, { ...request, key: `${++attempts} ${request.key}` } as never, signal),
      })),
    );

    expect(found.broken).toContain(broken);
  });

  it.each([
    ["is paid for", ({ authorized }: Known) => authorized],
    ["is a trial", ({ order }: Known) => order?.plan === "TRIAL"],
  ])("is found where a wish to cancel is not granted in time because the order %s", async (_, stubborn) => {
    const { broken } = await faultOf(
      planted("shipping", "order.cancellation-requested", ({ decide }) => ({
        decide: (known: Known, ...rest: [never, never]) =>
          stubborn(known) ? [] : decide!(known as never, ...rest),
      })),
    );

    expect(broken).toBe("shipping may still stop A, whose customer asks for that, and does not");
  });

  it("is found where a fact does not say what the gateway has answered", async () => {
    const { broken } = await faultOf(
      planted("payments", "risk.cleared", ({ decide }) => ({
        decide: (...known: [never, never, never]) =>
          decide!(...known).map((said) =>
            said.type === "payment.declined" ? { ...said, data: { ...said.data, reason: "?" } } : said,
          ),
      })),
    );

    expect(broken).toBe("the reason of A is not said in payment.declined as it was heard");
  });

  it("is found where the wrong amount is taken", async () => {
    const { broken } = await faultOf(
      planted("payments", "shipment.dispatched", ({ request }) => ({
        request: (...known: [never, never]) => ({ ...(request!(...known) as object), amountCents: 1 }),
      })),
    );

    expect(broken).toBe("1 cents are to be taken, and 99999 are held: A");
  });

  it("is found where money is taken under the reference of another order", async () => {
    const { broken } = await faultOf(
      planted("payments", "shipment.dispatched", ({ request }) => ({
        request: (...known: [never, never]) => ({ ...(request!(...known) as object), reference: "auth_B" }),
      })),
    );

    expect(broken).toBe("money is to be taken under a reference that the gateway does not know: A");
  });

  it("is found where a score is not out of a hundred", async () => {
    const { broken } = await faultOf(
      planted("risk", "order.created", ({ decide }) => ({
        decide: (...known: [never, never, never]) =>
          decide!(...known).map(({ type, data }) => ({
            type,
            data: { ...data, score: 100 * (data as { score: number }).score },
          })),
      })),
    );

    expect(broken).toBe("risk.cleared of A has a score of 5000 for 99999 cents");
  });

  it("is found where a verdict does not say why the order was flagged", async () => {
    const forgetful = services.map((service) => ({
      ...service,
      deadlines: service.deadlines.map((deadline) => ({
        ...deadline,
        decide: (...known: [unknown, string]) =>
          deadline
            .decide(...known)
            .map(({ type, data }) => ({ type, data: { ...data, reasons: [] } }) as never),
      })),
    }));

    const { broken } = await faultOf(forgetful);

    expect(broken).toBe("risk.rejected of A does not say what was found when it was flagged");
  });

  it.each([
    ["what is short", "stock.rejected"],
    ["why it was rejected", "risk.rejected"],
    ["the reason of the customer", "shipment.withdrawn"],
  ] as const)("is found where a cancelled order does not show %s", async (_, refusal) => {
    const { broken } = await faultOf(
      planted("orders", refusal, ({ decide }) => ({
        decide: (state: never, event: { type: string; data: { decidedBy?: string } }, outcome: never) =>
          decide!(state, event as never, outcome).map(({ type, data }) => ({
            type,
            data: event.type === refusal ? { ...data, detail: "so it is" } : data,
          })),
      })),
    );

    expect(broken).toBe(`A is cancelled with the words "so it is", which are not what ${refusal} says`);
  });

  it.each([
    ["whom it is for", "Ada L.", "Dear Ada L.,"],
    ["which order it is about", "Order A", "Order A\n"],
    ["what was paid", "999.99 EUR", " 999.99 EUR is paid"],
    ["why the order was cancelled", "through", "did not go through"],
    ["how to follow the goods", "CE-A", "Tracking: CE-A\n"],
  ])("is found where a mail does not say %s", async (_, lost, words) => {
    const { broken } = await faultOf(
      planted("notifications", "order.created", ({ request }) => ({
        request: (...known: [never, never]) =>
          (request!(...known) as Mail[] | undefined)?.map(({ text, ...mail }) => ({
            ...mail,
            text: text.replace(lost, ""),
          })),
      })),
      ["a small order"],
    );

    expect(broken).toMatch(/^the mail about .* of A does not say /);
    expect(broken).toContain(`"${words}"`);
  });

  it("is found where a part of the goods is set aside", async () => {
    const { broken } = await faultOf(
      planted("inventory", "order.created", () => ({
        decide: (_: unknown, { data: { orderId, lines } }: { data: never }) => [
          fact("stock.reserved", { orderId, lines: (lines as never[]).slice(0, 1) }),
        ],
      })),
      ["an order of two goods"],
    );

    expect(broken).toContain("what is reserved for A is not what was ordered");
  });

  it.each(["GATEWAY", "DEADLINE"])(
    "is found where it concerns only what the %s declined",
    async (unheard) => {
      const choosy = planted("orders", "payment.declined", ({ decide }) => ({
        decide: (state: never, event: { type: string; data: { decidedBy: string } }, outcome: never) => {
          if (event.type === "payment.declined" && event.data.decidedBy === unheard)
            throw new Error("unheard of");
          return decide!(state, event as never, outcome);
        },
      }));

      const { broken } = await faultOf(choosy, ["a small order, and calls get lost"]);

      expect(broken).toBe("orders fails at payment.declined of A: unheard of");
    },
  );
});

describe("a bug in a store", { timeout: 120_000 }, () => {
  it("is found where payments shows money as held that is taken", async () => {
    const { broken, moves } = await faultOf(
      mistaken("payments", ({ type }) => (type === "payment.captured" ? { type: "payment.authorized" } : {})),
    );

    expect(broken).toBe("payments shows A with the status authorized, and it is captured");
    expect(moves.at(-1)).toMatch(/→ payment\.captured$/);
  });

  it("is found where a rejected order is taken for a cancelled one", async () => {
    const { broken } = await faultOf(
      mistaken("risk", ({ type }) => (type === "risk.rejected" ? { type: "order.cancelled" } : {})),
    );

    expect(broken).toBe("risk knows A with the status closed, and it is rejected");
  });
});

interface Mail {
  readonly text: string;
}

/** What shipping knows of an order, as far as the bugs go by it. */
interface Known {
  readonly authorized: boolean;
  readonly order?: { readonly plan: string };
}
