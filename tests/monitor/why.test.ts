// Why an order stands where it stands: each cause alone, and which of several is told.

import { describe, expect, it } from "vitest";
import type { Event } from "../../shared/contracts/events.ts";
import { heard, NOW, ORDER } from "../pure/given.ts";
import { calm, created, down, due, expecting, LATER, stand, tell, workOf } from "./circumstances.ts";
import { toldOf } from "./told.ts";

describe("an order is stuck", () => {
  it("when a service is not running", () => {
    const found = { outlook: expecting(due("inventory")), consumers: [down("inventory", 401)] };
    expect(tell(found)).toEqual({
      orderId: ORDER,
      customer: created.data.customerId,
      situation: "stuck",
      at: "inventory",
      sentence:
        "inventory is not running: order.created has been waiting for it for 1 min, along with 400 other events.",
      command: "npm run -s restart -- inventory",
    });
  });

  it("when a service runs and does not listen, in the service's own words", () => {
    const { sentence } = tell({
      outlook: expecting(due("inventory")),
      consumers: [down("inventory")],
      work: new Map([["inventory", workOf()]]),
      troubles: new Map([["inventory", "not listening to NATS: the schemas are not agreed on"]]),
    });
    expect(sentence).toBe(
      "inventory is running but does not listen to NATS (not listening to NATS: the schemas are not agreed on): order.created has been waiting for it for 1 min.",
    );
  });

  it("when a message of it is parked", () => {
    const entry = { id: 12, service: "payments", sequence: 1, what: "stock.reserved", attempts: 60 };
    const failed = { ...entry, state: "failed", cause: "the gateway timed out" } as const;
    const waits = {
      ...entry,
      id: 13,
      sequence: 4,
      what: "risk.cleared",
      state: "waiting",
      cause: "waits",
    } as const;
    expect(
      tell({ outlook: expecting(due("payments", { kind: "parked" })), parked: [waits, failed] }),
    ).toMatchObject({
      situation: "stuck",
      at: "payments",
      sentence:
        "payments could not handle stock.reserved after 60 tries and has parked it: the gateway timed out. 1 later event of the order waits behind it. An operator has to redrive what is parked, once the cause is fixed, or discard it; what waits behind it then goes on.",
      command: "npm run -s parked -- show 12",
    });
  });

  it("when several services have parked it, each of which is named", () => {
    const failed = { id: 1, sequence: 1, what: "payment.captured", attempts: 1, state: "failed" } as const;
    const parked = ["orders", "analytics"].map((service) => ({ ...failed, service, cause: "garbage" }));
    expect(tell({ outlook: expecting(due("orders", { kind: "parked" })), parked }).sentence).toBe(
      "orders could not handle payment.captured and has parked it: garbage. analytics has parked events of this order as well. An operator has to redrive what is parked, once the cause is fixed, or discard it; what waits behind it then goes on.",
    );
  });

  it("when somebody has paused the consumer of a service, which no restart mends", () => {
    const pausedUntil = LATER + 600_000;
    const found = {
      outlook: expecting(due("inventory")),
      consumers: [stand("inventory", { status: "STALLED", pending: 1, deliveredSeq: 0, pausedUntil })],
    };
    expect(tell(found)).toMatchObject({
      situation: "stuck",
      at: "inventory",
      sentence:
        "Somebody has paused the consumer of inventory in NATS until 09:11:00 UTC: order.created has been waiting for it for 1 min. Restarting inventory does not change that.",
      command: "nats consumer resume ORDER_FLOW inventory",
    });
    const both = tell({ ...found, consumers: [{ ...down("inventory"), pausedUntil }] });
    expect(both.sentence).toMatch(/1 min\. inventory is not running either: it has to be started as well\.$/);
  });

  it("when what was decided does not get into the stream", () => {
    const work = new Map([
      ["orders", workOf({ unpublished: [{ type: "order.completed", at: NOW + 50_000 }] })],
    ]);
    expect(tell({ work })).toMatchObject({
      situation: "stuck",
      at: "orders",
      sentence:
        "orders has decided order.completed, which has been waiting in its outbox for 10 s: NATS does not accept it.",
    });
  });

  it("when what was decided does not get into the stream, in its service's own words where it has some", () => {
    const work = new Map([["orders", workOf({ unpublished: [{ type: "order.completed", at: NOW }] })]]);
    const troubles = new Map([["orders", "the schemas could not be agreed on"]]);
    expect(tell({ work, troubles }).sentence).toBe(
      "orders has decided order.completed, which has been waiting in its outbox for 1 min: the schemas could not be agreed on.",
    );
  });

  it("when NATS is there and the order can't be looked at, which is no outage", () => {
    expect(tell({ told: [], unseen: "stream not found" })).toMatchObject({
      situation: "unknown",
      at: null,
      sentence: expect.stringMatching(
        /^NATS is up, but what it has on the order can't be read: stream not found\./,
      ),
    });
  });

  it("when NATS is away, with what waits for it", () => {
    const work = new Map([["orders", workOf({ unpublished: [{ type: "order.created", at: NOW }] })]]);
    expect(tell({ told: [], isNatsThere: false, work })).toMatchObject({
      situation: "stuck",
      at: "NATS",
      sentence:
        "NATS is not reachable: nothing goes on until it is back, but nothing is lost. Meanwhile orders has decided order.created, which has been waiting in its outbox for 1 min.",
      command: "npm start",
    });
  });

  it("when its service makes no progress", () => {
    const stalled = stand("shipping", {
      status: "STALLED",
      why: "7 events wait, and for at least 18 s nothing has been handled",
    });
    expect(tell({ outlook: expecting(due("shipping")), consumers: [stalled] })).toMatchObject({
      situation: "stuck",
      sentence:
        "shipping listens but makes no progress: 7 events wait, and for at least 18 s nothing has been handled. order.created is one of them.",
      command: "npm run -s restart -- shipping",
    });
  });

  it("when nobody has anything to do any more: what was discarded, and who waits for what", () => {
    const wish = {
      said: "discarded",
      service: "inventory",
      by: "ann",
      eventId: created.id,
      reason: "broken",
    } as const;
    const discarded = { seq: 2, at: NOW, subject: "", event: undefined, payload: Buffer.alloc(0), wish };
    const waiting = [{ service: "payments", missing: ["stock.reserved" as const], until: ["reserved"] }];
    const { situation, sentence } = tell({
      told: [...calm.told, discarded],
      outlook: { expected: [], waiting },
    });
    expect(situation).toBe("stuck");
    expect(sentence).toBe(
      "Nobody has anything left to do for this order: ann has discarded a message at inventory (broken); payments waits for stock.reserved.",
    );
    expect(tell({ outlook: { expected: [], waiting } }).sentence).toBe(
      "Nobody has anything left to do for this order, but it has not ended: the last thing said was order.created, at 09:00:00 UTC; payments waits for stock.reserved.",
    );
  });
});

describe("an order waits", () => {
  const review = due("risk", {
    kind: "waits",
    what: "review deadline",
    on: null,
    says: ["risk.cleared", "risk.rejected"],
    by: NOW + 86_400_000,
    otherwise: ["risk.rejected"],
    commands: ["review"],
  });

  it("for a person who can't answer, since the service is down: that is told first", () => {
    expect(tell({ outlook: expecting(review), consumers: [down("risk", 0)] })).toMatchObject({
      situation: "stuck",
      at: "risk",
      sentence:
        "risk is not running: the order waits there for a person to review it, and nobody can answer until it is back; the review deadline is at 2026-01-06 09:00:00 UTC.",
      command: "npm run -s restart -- risk",
    });
  });

  it("for a deadline that has come, which is decided any moment", () => {
    const overdue = { ...review, by: LATER - 100 };
    expect(tell({ outlook: expecting(overdue), consumers: [stand("risk")] }).sentence).toContain(
      "the review deadline says risk.rejected at any moment.",
    );
  });

  it("for a person, until the deadline", () => {
    expect(tell({ outlook: expecting(review) })).toMatchObject({
      situation: "waiting",
      at: "risk",
      sentence:
        "The order waits for a person to review it: risk.cleared or risk.rejected. Without an answer the review deadline says risk.rejected at 2026-01-06 09:00:00 UTC, in 23 h 59 min. " +
        `It is answered on the monitor's page, or by POST http://127.0.0.1:8084/reviews/${ORDER}.`,
      command: `npm run -s order -- ${ORDER}`,
    });
  });

  const authorization = due("payments", {
    kind: "performs",
    what: "authorization",
    by: NOW + 3_600_000,
    otherwise: ["payment.declined"],
  });
  const tries = [
    { eventId: created.id, times: 3, firstAt: NOW, lastAt: NOW + 50_000, cause: "the gateway timed out" },
  ];

  it("for an answer from outside: how often it was asked for, and when that ends", () => {
    expect(
      tell({ outlook: expecting(authorization), work: new Map([["payments", workOf({ tries })]]) }),
    ).toMatchObject({
      situation: "waiting",
      at: "payments",
      sentence:
        "payments has asked in vain for the authorization after order.created, 3 times since 09:00:00 UTC: the gateway timed out. It goes on by itself until 10:00:00 UTC: then payment.declined.",
    });
  });

  it("while nobody is called, since nobody answers", () => {
    const paused = workOf({ pausedUntil: LATER, pausedFor: "the gateway timed out" });
    expect(tell({ outlook: expecting(authorization), work: new Map([["payments", paused]]) }).sentence).toBe(
      "payments can't ask for the authorization after order.created, since nobody outside answers: the gateway timed out. Calls are paused for all orders, except for one at a time to find out whether anybody answers again. It goes on by itself until 10:00:00 UTC: then payment.declined.",
    );
  });
});

describe("an order is moving", () => {
  it("while a service comes to it in its turn", () => {
    const behind = stand("inventory", {
      status: "CATCHING UP",
      lag: 4_000,
      pending: 4_000,
      deliveredSeq: 0,
      etaSeconds: 12,
    });
    expect(tell({ outlook: expecting(due("inventory")), consumers: [behind] })).toMatchObject({
      situation: "moving",
      sentence:
        "inventory is working through 4,000 events, for about 12 s more: order.created has been waiting for its turn for 1 min.",
    });
  });

  it("while a service is at work on it, or asks the outside", () => {
    const at = {
      outlook: expecting(due("payments", { what: "authorization" })),
      consumers: [stand("payments")],
    };
    expect(tell({ ...at, work: new Map([["payments", workOf()]]) }).sentence).toBe(
      "payments is at work on order.created, which was said 1 min ago; next is stock.reserved.",
    );
    expect(tell({ ...at, work: new Map([["payments", workOf({ isBusy: true })]]) }).sentence).toBe(
      "payments is asking for the authorization after order.created, which was said 1 min ago; next is stock.reserved.",
    );
  });

  it("as far as anybody knows, while a service is frozen and NATS has not noticed yet", () => {
    const frozen = { outlook: expecting(due("payments")), consumers: [stand("payments")] };
    expect(tell(frozen)).toMatchObject({
      situation: "moving",
      at: "payments",
      sentence:
        "payments does not answer at the moment, so nobody knows whether it is at work on order.created, which was said 1 min ago.",
    });
  });

  it("while a call is under way, though its consumer was paused meanwhile", () => {
    const asks = {
      outlook: expecting(due("payments", { kind: "performs", what: "authorization" })),
      consumers: [stand("payments", { pausedUntil: LATER + 600_000 })],
      work: new Map([["payments", workOf({ isBusy: true })]]),
    };
    expect(tell(asks).situation).toBe("moving");
  });

  it("while what was decided is on its way into the stream", () => {
    const work = new Map([
      ["orders", workOf({ unpublished: [{ type: "order.completed", at: LATER - 20 }] })],
    ]);
    expect(tell({ work }).situation).toBe("moving");
  });
});

describe("an order that has ended", () => {
  const completed = heard("order.completed", { orderId: ORDER }, { source: "orders", time: NOW + 1_000 });
  const told = toldOf([created, completed] as Event[]);

  it("is not stuck", () => {
    expect(tell({ told })).toMatchObject({
      situation: "ended",
      at: null,
      sentence: "The order was completed at 09:00:01 UTC; it is not stuck.",
      command: `npm run -s order -- ${ORDER}`,
    });
  });

  it("says why it was cancelled, in one short line", () => {
    const because = (reason: string, detail: string | null) => {
      const cancelled = heard("order.cancelled", { orderId: ORDER, reason, detail }, { source: "orders" });
      return tell({ told: toldOf([created, cancelled]) }).sentence;
    };
    expect(because("payment-declined", "the card was declined")).toBe(
      "The order was cancelled at 09:00:00 UTC: payment-declined, the card was declined; it is not stuck.",
    );
    expect(because("withdrawn", null)).toBe(
      "The order was cancelled at 09:00:00 UTC: withdrawn; it is not stuck.",
    );
    expect(because("withdrawn", "\u001b[31mtoo late.\n\tSorry.\n")).toContain(
      "UTC: withdrawn, [31mtoo late. Sorry; it",
    );
    expect(because("withdrawn", "🫖".repeat(500))).toContain(`: withdrawn, ${"🫖".repeat(68)}…; it`);
  });

  it("may still owe something, which is told", () => {
    const mail = due("notifications", { kind: "performs", what: "mails", says: [] });
    expect(tell({ told, outlook: expecting(mail), consumers: [down("notifications")] })).toMatchObject({
      situation: "stuck",
      at: "notifications",
      sentence:
        "The order was completed at 09:00:01 UTC; not everything is done yet: notifications is not running: order.created has been waiting for it for 1 min.",
    });
  });
});

describe("of several causes", () => {
  const parked = due("payments", { kind: "parked" });

  it("what only a person can mend is told first", () => {
    const found = { outlook: expecting(due("inventory"), parked), consumers: [down("inventory")] };
    expect(tell(found).at).toBe("payments");
  });

  it("what holds the order up comes before a mail that is not sent", () => {
    const mail = due("notifications", { kind: "parked", says: [] });
    expect(tell({ outlook: expecting(mail, due("inventory")), consumers: [stand("inventory")] }).at).toBe(
      "inventory",
    );
  });
});
