// What is expected next of an order: held against what the production services said next, in every scenario, at every step.

import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Lookahead, type ParkedOf, type Progress } from "../../apps/monitor/expected.ts";
import { endOf, type Told, timeline } from "../../apps/monitor/timeline.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import type { Event } from "../../shared/contracts/events.ts";
import { Flow, NOW, ORDER, scenarios, stopTime } from "../contract/flow.ts";
import { heard, order } from "../pure/given.ts";
import { toldOf } from "./told.ts";

const services = allServices(loadConfig({}));
const lookahead = new Lookahead(services);
const flow = new Flow(services);

let letTimeGoOn: () => void;
beforeAll(() => {
  letTimeGoOn = stopTime();
});
afterAll(() => letTimeGoOn());

/** The story of a scenario's order. */
async function storyOf(scenario: (typeof scenarios)[number]): Promise<Told[]> {
  return toldOf((await flow.stream(scenario)).filter(({ key }) => key === ORDER));
}

/** Every service has heard all up to a place in the stream. */
function heardUpTo(floorSeq: number, more: Partial<Progress> = {}): ReadonlyMap<string, Progress> {
  const progress = { floorSeq, deliveredSeq: floorSeq, ackPending: 0, handled: undefined, ...more };
  return new Map(services.map(({ name }) => [name, progress]));
}

describe.each(scenarios)("in $name", (scenario) => {
  it("whoever says the next fact was expected to, on the very event that led to it", async () => {
    const told = await storyOf(scenario);
    for (const [index, { event }] of told.entries()) {
      const before = told.slice(0, index);
      const cause = before.find((one) => one.event!.id === event!.causationId);
      if (!cause) continue; // A person or a deadline: see below.
      const { expected } = lookahead.look(before, heardUpTo(cause.seq - 1), []);
      const due = expected.find(
        ({ service, on }) => service === event!.source && on?.id === event!.causationId,
      );

      expect(due, `${event!.source} says ${event!.type}`).toBeDefined();
      expect(due!.says).toContain(event!.type);
    }
  });

  it("what a person or a deadline decides was waited for, with its time", async () => {
    const told = await storyOf(scenario);
    const steps = timeline(told, services);
    for (const [index, { saidBy, type, cause }] of steps.entries()) {
      if (cause.kind === "event" || type === "order.created" || type === "order.cancellation-requested")
        continue;
      const { expected } = lookahead.look(told.slice(0, index), heardUpTo(index), []);

      expect(expected).toMatchObject([{ service: saidBy, kind: "waits", commands: ["review"] }]);
      expect(expected[0]!.says).toContain(type);
      expect(expected[0]!.otherwise).toEqual(["risk.rejected"]);
      expect(expected[0]!.by).toBe(NOW + 86_400_000);
    }
  });

  it("nothing is expected when all is heard, unless it waits for a person", async () => {
    const told = await storyOf(scenario);
    const { expected } = lookahead.look(told, heardUpTo(told.length), []);

    expect(expected.map(({ service, kind }) => `${service} ${kind}`)).toEqual(
      scenario.ends === "risk.flagged" ? ["risk waits"] : [],
    );
  });

  it("nobody waits for what never comes, once the order has ended", async () => {
    const told = await storyOf(scenario);
    const end = endOf(told)?.seq ?? Number.POSITIVE_INFINITY;
    for (const { seq } of told.filter(({ seq }) => seq >= end))
      expect(lookahead.look(told.slice(0, seq), heardUpTo(seq), []).waiting).toEqual([]);
  });

  it("no step is flagged", async () => {
    const flagged = timeline(await storyOf(scenario), services).filter(({ flags }) => flags.length > 0);

    expect(flagged).toEqual([]);
  });
});

describe("an event", () => {
  const created = heard("order.created", order({ orderId: ORDER }), {
    source: "orders",
    causationId: "place x",
  });
  const told = toldOf([created]);
  const due = (progress: ReadonlyMap<string, Progress>, parked: ParkedOf[] = [], more: Event[] = []) =>
    lookahead
      .look(toldOf([created, ...more]), progress, parked)
      .expected.map(({ service, kind }) => `${service} ${kind}`);

  it("that was delivered to nobody is open for all who do something about it", () => {
    expect(due(heardUpTo(0))).toEqual(["inventory decides", "risk decides"]);
    expect(due(new Map())).toEqual(["inventory decides", "risk decides"]);
  });

  it("that was delivered and not acknowledged is open, unless the service says that it has handled it", () => {
    expect(due(heardUpTo(0, { deliveredSeq: 1, ackPending: 1 }))).toEqual([
      "inventory decides",
      "risk decides",
    ]);
    expect(due(heardUpTo(0, { deliveredSeq: 1, ackPending: 1, handled: [] }))).toEqual([
      "inventory decides",
      "risk decides",
    ]);
    expect(due(heardUpTo(0, { deliveredSeq: 1, ackPending: 1, handled: [created.id] }))).toEqual([]);
  });

  it("that was acknowledged is handled, though others are not acknowledged yet", () => {
    expect(due(heardUpTo(1, { deliveredSeq: 5, ackPending: 1 }))).toEqual([]);
  });

  it("that is parked waits for an operator, and for nobody once it is discarded", () => {
    const parked = { service: "inventory", sequence: 1, what: "order.created", eventId: created.id };
    expect(due(heardUpTo(1), [parked])).toEqual(["inventory parked"]);

    const wish = {
      said: "discarded",
      service: "inventory",
      by: "ann",
      eventId: created.id,
      reason: "x",
    } as const;
    const discarded = { seq: 2, at: NOW, subject: "", event: undefined, payload: Buffer.alloc(0), wish };
    const { expected, waiting } = lookahead.look([...told, discarded], heardUpTo(2), []);
    expect(expected).toEqual([]);
    expect(waiting.find(({ service }) => service === "payments")).toEqual({
      service: "payments",
      missing: ["stock.reserved", "risk.cleared"],
      until: ["reserved", "cleared"],
    });
  });

  it("that needs an answer from outside says when it is given up, and what is said then", () => {
    const reserved = heard("stock.reserved", { orderId: ORDER, lines: [] }, { source: "inventory" });
    const cleared = heard(
      "risk.cleared",
      { orderId: ORDER, score: 1, reasons: [], decidedBy: "RULES" },
      { source: "risk", causationId: created.id },
    );
    const { expected } = lookahead.look(toldOf([created, reserved, cleared]), heardUpTo(2), []);

    expect(expected).toEqual([
      {
        service: "payments",
        kind: "performs",
        what: "authorization",
        on: { type: "risk.cleared", seq: 3, id: cleared.id, at: NOW + 200 },
        says: ["payment.authorized", "payment.declined", "payment.voided"],
        by: NOW + 3_600_000,
        otherwise: ["payment.declined"],
        commands: [],
      },
    ]);
  });
});

describe("a step is flagged", () => {
  const created = heard("order.created", order({ orderId: ORDER }), {
    source: "orders",
    causationId: "place x",
  });
  const flagsOf = (...events: Event[]) => timeline(toldOf([created, ...events]), services).at(-1)!.flags;
  const because = (source: string, cause: Event) => ({ source, causationId: cause.id });
  const completed = (source: string, cause: Event, id = "c1") =>
    heard("order.completed", { orderId: ORDER }, { ...because(source, cause), id });

  it("when nobody's table allows it", () => {
    expect(flagsOf(completed("orders", created))).toEqual([
      "orders has no row in its table that says order.completed on order.created",
    ]);
    expect(flagsOf(completed("risk", created))).toEqual([
      "risk has no row in its table that says order.completed",
    ]);
    expect(flagsOf(completed("nobody", created))).toEqual(["there is no service nobody"]);
  });

  it("when what led to it is not there, or comes later", () => {
    const captured = heard("payment.captured", {
      orderId: ORDER,
      reference: "r",
      amountCents: 1,
      currency: "EUR",
    });
    expect(flagsOf(completed("orders", captured))).toEqual([
      `what led to it, ${captured.id}, is not in the stream`,
    ]);
    const early = timeline(toldOf([created, completed("orders", captured), captured]), services)[1]!;
    expect(early.flags).toEqual(["it is in the stream before what led to it, at 3"]);
  });

  it("when the order had ended before, or it was said already", () => {
    const captured = heard("payment.captured", {
      orderId: ORDER,
      reference: "r",
      amountCents: 1,
      currency: "EUR",
    });
    const first = completed("orders", captured);
    expect(flagsOf(captured, first, completed("orders", captured, "c2"))).toEqual([
      "the order had ended already, with order.completed at 3",
    ]);
    expect(flagsOf(captured, first, first)).toContain("it is in the stream already, at 3");
  });

  it("when another was said that excludes it, or what it needs was not", () => {
    const reserved = heard("stock.reserved", { orderId: ORDER, lines: [] }, because("inventory", created));
    const score = { orderId: ORDER, score: 1, reasons: [] as string[], decidedBy: "RULES" as const };
    const cleared = heard("risk.cleared", score, because("risk", created));
    const money = { orderId: ORDER, reference: "r", amountCents: 1, currency: "EUR" } as const;
    const held = (cause: Event, id: string) =>
      heard("payment.authorized", money, { ...because("payments", cause), id });
    expect(flagsOf(reserved, held(reserved, "a1"))).toEqual(["it is in the stream before risk.cleared"]);
    expect(flagsOf(reserved, cleared, held(cleared, "a1"))).toEqual([]);
    expect(flagsOf(reserved, cleared, held(cleared, "a1"), held(reserved, "a2"))).toEqual([
      "an order has one or the other, and there was payment.authorized at 4",
    ]);
  });

  it("when it comes after its deadline, unless the deadline said it at once", () => {
    const verdict = { orderId: ORDER, score: 9, reasons: [] };
    const flagged = heard("risk.flagged", { ...verdict, decideBy: NOW + 1_000 }, because("risk", created));
    const late = { source: "risk", causationId: "review x", time: NOW + 5_000 };
    expect(flagsOf(flagged, heard("risk.cleared", { ...verdict, decidedBy: "OPERATOR" }, late))).toEqual([
      "it comes 4 s after its deadline",
    ]);
    const byDeadline = { ...late, causationId: `review deadline ${ORDER}` };
    expect(
      flagsOf(flagged, heard("risk.rejected", { ...verdict, decidedBy: "DEADLINE" }, byDeadline)),
    ).toEqual([]);
    const muchLater = { ...byDeadline, time: NOW + 7_200_000 };
    expect(
      flagsOf(flagged, heard("risk.rejected", { ...verdict, decidedBy: "DEADLINE" }, muchLater)),
    ).toEqual(["it comes 1 h 59 min after its deadline"]);

    const declined = { orderId: ORDER, reason: "no" };
    const answer = { ...because("payments", created), time: NOW + 3_600_000 + 2_000 };
    expect(flagsOf(heard("payment.declined", declined, answer))).toEqual([
      "it comes 2 s after it should have been given up",
    ]);
  });
});

describe("a step says in a line", () => {
  const reasonOf = (event: Event) => timeline(toldOf([event]), services)[0]!.reason;

  it("why it was said, whatever its fact calls that", () => {
    expect(reasonOf(heard("payment.declined", { orderId: ORDER, reason: "no such card" }))).toBe(
      "no such card",
    );
    const verdict = { orderId: ORDER, score: 60, reasons: ["a large total", "a new customer"] };
    expect(
      reasonOf(heard("risk.rejected", { ...verdict, decidedBy: "OPERATOR", note: "a stolen card" })),
    ).toBe("a large total, a new customer, a stolen card");
    expect(reasonOf(heard("order.cancelled", { orderId: ORDER, reason: "withdrawn", detail: null }))).toBe(
      "withdrawn",
    );
  });

  it("nothing of why, where its fact does not say", () => {
    expect(reasonOf(heard("order.completed", { orderId: ORDER }))).toBeNull();
    expect(
      reasonOf(heard("risk.cleared", { orderId: ORDER, score: 1, reasons: [], decidedBy: "RULES" })),
    ).toBeNull();
  });
});

it("a payment token is nobody's business", () => {
  const created = heard("order.created", order({ orderId: ORDER }), {
    source: "orders",
    causationId: "place x",
  });

  expect(JSON.stringify(timeline(toldOf([created]), services))).not.toContain("tok_approve");
});
