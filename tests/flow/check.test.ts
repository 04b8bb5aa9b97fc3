// The flow check proves the flow as it is, and finds what is planted in it.

import { describe, expect, it } from "vitest";
import { laws } from "../../apps/proof/laws.ts";
import { scenarios } from "../../apps/proof/scenarios.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { type Event, type FactType, fact, type OrderCreated } from "../../shared/contracts/events.ts";
import { Cell } from "../../shared/flow/check/cell.ts";
import { Checker, exitCode } from "../../shared/flow/check/check.ts";
import { Exploration } from "../../shared/flow/check/explore.ts";
import { sentence } from "../../shared/flow/check/move.ts";
import { mutants } from "../../shared/flow/check/mutants.ts";
import { Numbers } from "../../shared/flow/check/numbers.ts";
import type { Scenario } from "../../shared/flow/check/scenario.ts";
import { Successors } from "../../shared/flow/check/successors.ts";
import { type AnyService, emits, type Reaction } from "../../shared/service/define.ts";
import { flow } from "./flow-command.ts";

const services = allServices(loadConfig({}));
const checker = new Checker({ scenarios, outside, laws });

describe("the flow check", () => {
  it("proves that every order ends well, and finds what each part of the flow is there for", {
    timeout: 240_000,
  }, async () => {
    const { code, out } = await flow("check", "--mutate");

    expect(out).toContain(`Proven: ${scenarios.length} scenarios`);
    expect(out).toContain(`All ${mutants(services).length} mutants are caught.`);
    expect(code).toBe(0);
  });

  it("takes away every reaction, guard and deadline, and each habit of the kit", () => {
    const ids = mutants(services).map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    const reactions = services.flatMap(({ name, reactions }) =>
      reactions.flatMap(({ on }) => on.map((type) => `${name}:${type}`)),
    );
    expect(ids).toEqual(
      expect.arrayContaining([
        ...reactions,
        "shipping:order.created:isOpen",
        "payments:order.created:giveUp",
        "risk:review-deadline",
        "inbox",
        "outbox",
        "commit-before-publish",
        "commit-before-ack",
      ]),
    );
  });

  it.each(["a small order", "one of two goods is short", "a large order that nobody reviews"])(
    "comes to the same ends of %s, whether facts are in the stream at once or some time later",
    async (name) => {
      const scenario = scenarios.find((one) => one.name === name)!;
      const [atOnce, later] = [await endsOf(scenario), await endsOf({ ...scenario, kills: true })];

      expect(later.streams).toEqual(atOnce.streams);
      expect(later.states).toBeGreaterThan(atOnce.states);
    },
  );
});

describe("a fault", () => {
  it("is told by a shortest story of all scenarios, whichever comes first", async () => {
    const names = ["a large order that is reviewed", "a small order", "a trial order"];
    const some = names.map((name) => scenarios.find((one) => one.name === name)!);
    const stuck = mutants(services).find(({ id }) => id === "orders:payment.declined")!;
    const lengths = await Promise.all(
      names.map(async (name) => (await checker.check(stuck, [name])).fault!.moves.length),
    );

    const few = new Checker({ scenarios: some, outside, laws });
    const first = await few.check(stuck);
    const best = await few.shortest(stuck, first);

    expect(first.fault).toMatchObject({ scenario: names[0], moves: { length: lengths[0] } });
    expect(best!.moves.length).toBe(Math.min(...lengths));
    expect(best!.moves.length).toBeLessThan(lengths[0]!);
  });
});

/** The streams that a scenario may end with. */
async function endsOf(scenario: Scenario) {
  const events = new Numbers<Event>();
  const speaking = services.filter((service) => emits(service).length > 0);
  const cells = speaking.map((service) => new Cell(service, { events, ids: new Map(), own: laws.own }));
  const next = new Successors(cells, { scenario, outside, laws, events });
  const { streams, states, fault } = await new Exploration(next, events, laws).run();
  expect(fault).toBeUndefined();
  const texts = streams.map((stream) => stream.map((event) => JSON.stringify(events.values[event])).sort());
  return { states, streams: texts.sort() };
}

/** The services with one reaction changed: the one of `name` to `event`. */
function planted(
  name: string,
  event: FactType,
  change: (reaction: Reaction<never, never>) => object,
): AnyService[] {
  const plant = (reaction: Reaction<unknown, unknown>) =>
    reaction.on.includes(event)
      ? { ...reaction, ...change(reaction as unknown as Reaction<never, never>) }
      : reaction;
  return services.map((service) =>
    service.name === name ? { ...service, reactions: service.reactions.map(plant) } : service,
  );
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
      "orders has no answer: orders may not say order.completed",
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

  it("is found where a part of the goods is set aside", async () => {
    const { broken } = await faultOf(
      planted("inventory", "order.created", () => ({
        decide: (_: unknown, { data: { orderId, lines } }: { data: never }) => [
          fact("stock.reserved", { orderId, lines: (lines as never[]).slice(0, 1) }),
        ],
      })),
      ["two goods"],
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

      const { broken } = await faultOf(choosy, ["calls get lost"]);

      expect(broken).toBe("orders has no answer: unheard of");
    },
  );
});

/** What shipping knows of an order, as far as the bugs go by it. */
interface Known {
  readonly authorized: boolean;
  readonly order?: { readonly plan: string };
}
