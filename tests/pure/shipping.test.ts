// What shipping decides: paid orders are booked with a carrier, trial orders are collected in person, and a cancellation
// comes in time or too late.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Booking, BookingRequest, CallOffRequest } from "../../apps/shipping/carrier.ts";
import {
  booking,
  callOff,
  dispatch,
  giveUp,
  isOpen,
  isPaid,
  isPlaced,
  type Shipment,
  withdraw,
} from "../../apps/shipping/decisions.ts";
import { shipping } from "../../apps/shipping/service.ts";
import { store, tables } from "../../apps/shipping/store.ts";
import { Codec } from "../../shared/contracts/avro.ts";
import { decode, type Event, type Fact, fact, knownVersions } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { desk, heard, NO_ANSWER, ORDER, order } from "./given.ts";

const orderId = ORDER;
const policy = { carrierMs: 60_000 };
const { shipTo } = order();
const standard = heard("order.created", order());
const trial = heard("order.created", order({ plan: "TRIAL" }));
const authorized = heard("payment.authorized", {
  orderId,
  reference: "auth_1",
  amountCents: 2400,
  currency: "EUR",
});
const requested = heard("order.cancellation-requested", {
  orderId,
  requestedBy: "customer",
  reason: "ordered by mistake",
});
const cancelled = heard("order.cancelled", { orderId, reason: "withdrawn", detail: null });

const paid: Shipment = {
  order: { plan: "STANDARD", shipTo, shippingPriority: "STANDARD" },
  authorized: true,
  status: "none",
};
const paidTrial: Shipment = { ...paid, order: { ...paid.order!, plan: "TRIAL" } };
const decided = ["dispatched", "waived", "failed", "unanswered", "withdrawn"] as const;
const booked: Booking = { status: "booked", carrier: "Sandbox Standard", tracking: "SS1" };
const refused: Booking = { status: "refused", reason: "nobody delivers to postcode 00000" };

describe("booking a carrier", () => {
  it.each([standard, authorized])("is due when order and payment are known, $type being the last", (last) => {
    expect(booking(paid, last)).toEqual({ key: `book:${orderId}`, orderId, shipTo, priority: "STANDARD" });
  });

  it("asks for the speed that the customer chose", () => {
    const express: Shipment = { ...paid, order: { ...paid.order!, shippingPriority: "EXPRESS" } };

    expect(booking(express, authorized)).toMatchObject({ priority: "EXPRESS" });
  });

  it("waits for the payment", () => {
    expect(isPaid({ ...paid, authorized: false })).toBe(false);
    expect(isPaid(paid)).toBe(true);
  });

  it("waits for the order, which the payment may overtake", () => {
    expect(isPlaced({ authorized: true, status: "none" })).toBe(false);
    expect(isPlaced(paid)).toBe(true);
  });

  it("is not for trial orders", () => {
    expect(booking(paidTrial, authorized)).toBeUndefined();
  });

  it.each(decided)("is over once the goods are %s", (status) => {
    expect(isOpen({ ...paid, status })).toBe(false);
    expect(isOpen(paid)).toBe(true);
  });

  it("asks nothing, and says nothing, before both order and payment are known", () => {
    for (const [first, last] of [
      [standard, authorized],
      [authorized, standard],
    ] as const) {
      const requests: unknown[] = [];
      const { hear, close } = desk(shipping(policy), (request: BookingRequest) => {
        requests.push(request);
        return booked;
      });

      expect(hear(first)).toEqual([]);
      expect(requests).toEqual([]);
      expect(hear(last)).toHaveLength(1);
      expect(requests).toHaveLength(1);
      close();
    }
  });
});

describe("dispatching", () => {
  it("says who carries the goods, and how to track them", () => {
    expect(dispatch(paid, authorized, booked)).toEqual([
      fact("shipment.dispatched", { orderId, carrier: "Sandbox Standard", tracking: "SS1" }),
    ]);
  });

  it("fails in the carrier's words when the carrier refuses", () => {
    expect(dispatch(paid, authorized, refused)).toEqual([
      fact("shipment.failed", { orderId, reason: "nobody delivers to postcode 00000" }),
    ]);
  });

  it("waives the shipment of a trial order", () => {
    expect(dispatch(paidTrial, authorized)).toEqual([fact("shipment.waived", { orderId })]);
  });

  it("says nothing a second time, whatever the news", () => {
    const { hear } = desk(shipping(policy), () => booked);
    for (const event of [standard, authorized]) hear(event);

    for (const event of [standard, authorized]) expect(hear({ ...event, id: "another" })).toEqual([]);
  });
});

describe("a carrier that does not answer", () => {
  it("is given up, and the shipment has failed by the deadline", () => {
    expect(giveUp(paid, authorized)).toEqual([
      fact("shipment.failed", {
        orderId,
        reason: "the carrier did not answer in time",
        decidedBy: "DEADLINE",
      }),
    ]);
  });

  it("has what it may have booked called off when the order is cancelled; one that refused has not", () => {
    for (const [answer, isCalledOff] of [
      [NO_ANSWER, true],
      [refused, false],
    ] as const) {
      const requests: { key: string }[] = [];
      const { hear, close } = desk(shipping(policy), (request: BookingRequest | CallOffRequest) => {
        requests.push(request);
        return "shipTo" in request ? answer : undefined;
      });

      hear(standard);
      expect(hear(authorized)).toMatchObject([{ type: "shipment.failed" }]);
      expect(hear(cancelled)).toEqual([]);
      expect(requests.map(({ key }) => key)).toEqual([
        `book:${orderId}`,
        ...(isCalledOff ? [`call-off:${orderId}`] : []),
      ]);
      close();
    }
  });
});

describe("a cancellation", () => {
  it("withdraws the goods, in the customer's words", () => {
    expect(withdraw({ authorized: false, status: "none" }, requested)).toEqual([
      fact("shipment.withdrawn", { orderId, reason: "ordered by mistake" }),
    ]);
    const wordless = heard("order.cancellation-requested", { ...requested.data, reason: null });
    expect(withdraw(paid, wordless)).toEqual([fact("shipment.withdrawn", { orderId, reason: null })]);
  });

  it.each([
    { before: [], what: "anything was heard of the order" },
    { before: [standard], what: "it is paid for" },
    { before: [authorized], what: "the order was heard of" },
  ])("comes in time before $what: nothing is booked afterwards", ({ before }) => {
    const requests: unknown[] = [];
    const { hear, close } = desk(shipping(policy), (request: BookingRequest) => {
      requests.push(request);
      return booked;
    });

    for (const event of before) hear(event);
    expect(hear(requested)).toEqual([fact("shipment.withdrawn", { orderId, reason: "ordered by mistake" })]);
    for (const event of [standard, authorized])
      expect(hear({ ...event, id: `late ${event.type}` })).toEqual([]);
    expect(requests).toEqual([]);
    close();
  });

  it.each([
    { created: standard, answer: booked, what: "dispatched" },
    { created: standard, answer: refused, what: "failed" },
    { created: standard, answer: NO_ANSWER, what: "failed" },
    { created: trial, answer: undefined, what: "waived" },
  ])("comes too late when the shipment is $what", ({ created, answer, what }) => {
    const { hear, close } = desk(shipping(policy), () => answer);
    hear(created);

    expect(hear(authorized)).toMatchObject([{ type: `shipment.${what}` }]);
    expect(hear(requested)).toEqual([]);
    close();
  });

  it.each(["withdrawn", "unanswered"] as const)(
    "has whatever was booked called off once it is carried out, when the goods are %s",
    (status) => {
      expect(callOff({ ...paid, status }, cancelled)).toEqual({ key: `call-off:${orderId}`, orderId });
    },
  );

  it.each(["none", "failed", "dispatched", "waived"] as const)(
    "has nothing to call off when the goods are %s",
    (status) => {
      expect(callOff({ ...paid, status }, cancelled)).toBeUndefined();
    },
  );
});

describe("an order from before there was a choice of speed", () => {
  const { shippingPriority: _, ...before } = order();

  it("is shipped as STANDARD when its event was written with version 1", () => {
    const v1 = new Codec("order.created", [knownVersions("order.created")[0]!.schema]);
    const requests: BookingRequest[] = [];
    const { hear, close } = desk(shipping(policy), (request: BookingRequest) => {
      requests.push(request);
      return booked;
    });

    hear({ ...standard, ...decode("order.created", v1.encode(before)) } as Event);
    hear(authorized);

    expect(requests).toMatchObject([{ priority: "STANDARD" }]);
    close();
  });

  it("is shipped as STANDARD when it was in the database already", () => {
    const db = openDatabase(":memory:");
    db.exec(tables);
    db.prepare("INSERT INTO shipments (order_id, plan, ship_to) VALUES (?, 'STANDARD', ?)").run(
      orderId,
      JSON.stringify(shipTo),
    );

    for (const opened of [store(db), store(db)]) {
      expect(opened.load(authorized).order).toEqual({
        plan: "STANDARD",
        shipTo,
        shippingPriority: "STANDARD",
      });
    }
    store(db).record(heard("order.created", order({ shippingPriority: "EXPRESS" })));
    expect(store(db).load(authorized).order?.shippingPriority).toBe("EXPRESS");
    db.close();
  });
});

describe("the goods of an order", () => {
  const plans = fc.constantFrom("STANDARD" as const, "TRIAL" as const);
  const answers = fc.constantFrom(booked, refused);
  const streams = fc.array(fc.record({ isOrder: fc.boolean(), copy: fc.nat(1) }), { maxLength: 8 });

  it("leave once, when order and payment are known; a trial order never books a carrier", () => {
    fc.assert(
      fc.property(plans, answers, streams, (plan, answer, stream) => {
        const requests: BookingRequest[] = [];
        const { hear, close } = desk(shipping(policy), (request: BookingRequest) => {
          requests.push(request);
          return answer;
        });
        const created = plan === "TRIAL" ? trial : standard;

        const said = stream.flatMap(({ isOrder, copy }): Fact[] => {
          const event = isOrder ? created : authorized;
          return hear({ ...event, id: `${event.type}.${copy}` });
        });

        const due = stream.some(({ isOrder }) => isOrder) && stream.some(({ isOrder }) => !isOrder);
        const outcome = plan === "TRIAL" ? "waived" : answer === booked ? "dispatched" : "failed";
        expect(said.map(({ type }) => type)).toEqual(due ? [`shipment.${outcome}`] : []);
        expect(requests).toEqual(
          due && plan === "STANDARD"
            ? [{ key: `book:${orderId}`, orderId, shipTo, priority: "STANDARD" }]
            : [],
        );
        close();
      }),
    );
  });

  it("leave, or are withdrawn, or stay where they are, and nobody fetches them when the order is cancelled", () => {
    const news = fc.constantFrom("order", "payment", "wish", "cancellation");
    const fates = fc.constantFrom("answered", "answer lost", "call lost", "gave up");
    const stream = fc.array(fc.record({ news, fate: fates }), { maxLength: 10 });
    fc.assert(
      fc.property(plans, answers, stream, (plan, answer, deliveries) => {
        let fate = "answered";
        let book: "nothing" | "booked" | "called off" = "nothing";
        const { hear, close } = desk(shipping(policy), (request: BookingRequest | CallOffRequest) => {
          if (fate === "call lost") throw new Error("nobody answered");
          if (!("shipTo" in request)) book = "called off";
          else if (answer === booked && book === "nothing") book = "booked";
          if (fate === "answer lost") throw new Error("nobody answered");
          if (fate === "gave up") return NO_ANSWER;
          return "shipTo" in request && book === "called off" ? refused : answer;
        });
        const events = {
          order: plan === "TRIAL" ? trial : standard,
          payment: authorized,
          wish: requested,
          cancellation: cancelled,
        };
        const said: Fact[] = [];
        const deliver = (what: string) => {
          // Orders cancels after shipping's word, or when nothing was authorized, and then nothing is.
          const ended = said.some(({ type }) => type === "shipment.failed" || type === "shipment.withdrawn");
          if (what === "cancellation" && !ended) return;
          try {
            said.push(...hear(events[what as "order"]));
          } catch (error) {
            expect((error as Error).message).toMatch(/nobody answered|has to go on/);
          }
        };

        for (const one of deliveries) {
          fate = one.fate;
          deliver(one.news);
        }
        // What was not acknowledged comes again until it is.
        fate = "answered";
        for (const one of [...deliveries, ...deliveries]) deliver(one.news);
        deliver("cancellation");

        expect(said.length).toBeLessThanOrEqual(1);
        const [{ type } = { type: undefined }] = said;
        if (plan === "TRIAL") expect(book).not.toBe("booked");
        if (type === "shipment.dispatched") expect(book).toBe("booked");
        else expect(book).not.toBe("booked");
        close();
      }),
      { numRuns: 500 },
    );
  });
});
