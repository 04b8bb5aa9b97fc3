// What shipping decides: paid orders are booked with a carrier, trial orders are collected in person.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Booking, BookingRequest } from "../../apps/shipping/carrier.ts";
import { booking, dispatch, type Shipment } from "../../apps/shipping/decisions.ts";
import { shipping } from "../../apps/shipping/service.ts";
import { type Fact, fact } from "../../shared/contracts/events.ts";
import { desk, heard, ORDER, order } from "./given.ts";

const orderId = ORDER;
const { shipTo } = order();
const standard = heard("order.created", order());
const trial = heard("order.created", order({ plan: "TRIAL" }));
const authorized = heard("payment.authorized", {
  orderId,
  reference: "auth_1",
  amountCents: 2400,
  currency: "EUR",
});

const paid: Shipment = { order: { plan: "STANDARD", shipTo }, authorized: true, status: "none" };
const paidTrial: Shipment = { ...paid, order: { plan: "TRIAL", shipTo } };
const booked: Booking = { status: "booked", carrier: "Sandbox Express", tracking: "SX1" };
const refused: Booking = { status: "refused", reason: "nobody delivers to postcode 00000" };

describe("booking a carrier", () => {
  it.each([standard, authorized])("is due when order and payment are known, $type being the last", (last) => {
    expect(booking(paid, last)).toEqual({ key: `book:${orderId}`, orderId, shipTo });
  });

  it("waits for the payment", () => {
    expect(booking({ ...paid, authorized: false }, standard)).toBeUndefined();
  });

  it("waits for the order, which the payment may overtake", () => {
    expect(booking({ authorized: true, status: "none" }, authorized)).toBeUndefined();
  });

  it("is not for trial orders", () => {
    expect(booking(paidTrial, authorized)).toBeUndefined();
  });

  it.each(["dispatched", "waived", "failed"] as const)("is over once the goods are %s", (status) => {
    expect(booking({ ...paid, status }, authorized)).toBeUndefined();
  });
});

describe("dispatching", () => {
  it("says who carries the goods, and how to track them", () => {
    expect(dispatch(paid, authorized, booked)).toEqual([
      fact("shipment.dispatched", { orderId, carrier: "Sandbox Express", tracking: "SX1" }),
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

  it("says nothing before both order and payment are known", () => {
    expect(dispatch({ ...paid, authorized: false }, standard)).toEqual([]);
    expect(dispatch({ authorized: true, status: "none" }, authorized)).toEqual([]);
  });

  it.each(["dispatched", "waived", "failed"] as const)("says nothing once the goods are %s", (status) => {
    expect(dispatch({ ...paid, status }, authorized, booked)).toEqual([]);
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
        const { hear, close } = desk(shipping, (request: BookingRequest) => {
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
          due && plan === "STANDARD" ? [{ key: `book:${orderId}`, orderId, shipTo }] : [],
        );
        close();
      }),
    );
  });
});
