// What shipping decides: paid orders are booked with a carrier, trial orders are collected in person.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Booking, type BookingRequest, sandboxCarrier } from "../../apps/shipping/carrier.ts";
import { booking, dispatch, type Shipment } from "../../apps/shipping/decisions.ts";
import { shipping } from "../../apps/shipping/service.ts";
import { store, tables } from "../../apps/shipping/store.ts";
import { Codec } from "../../shared/contracts/avro.ts";
import { decode, type Event, type Fact, fact, knownVersions } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
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

const paid: Shipment = {
  order: { plan: "STANDARD", shipTo, shippingPriority: "STANDARD" },
  authorized: true,
  status: "none",
};
const paidTrial: Shipment = { ...paid, order: { ...paid.order!, plan: "TRIAL" } };
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

  it("says nothing before both order and payment are known", () => {
    expect(dispatch({ ...paid, authorized: false }, standard)).toEqual([]);
    expect(dispatch({ authorized: true, status: "none" }, authorized)).toEqual([]);
  });

  it.each(["dispatched", "waived", "failed"] as const)("says nothing once the goods are %s", (status) => {
    expect(dispatch({ ...paid, status }, authorized, booked)).toEqual([]);
  });
});

describe("the sandbox carrier", () => {
  const request = { key: "book:1", orderId, shipTo };
  const book = (priority: BookingRequest["priority"]) =>
    sandboxCarrier.book({ ...request, priority }, new AbortController().signal);

  it("shows how it carries the goods", async () => {
    expect(await book("STANDARD")).toMatchObject({
      carrier: "Sandbox Standard",
      tracking: expect.stringMatching(/^SS/),
    });
    expect(await book("EXPRESS")).toMatchObject({
      carrier: "Sandbox Express",
      tracking: expect.stringMatching(/^SX/),
    });
  });

  it("gives the same answer under the same key", async () => {
    expect(await book("EXPRESS")).toEqual(await book("EXPRESS"));
  });
});

describe("an order from before there was a choice of speed", () => {
  const { shippingPriority: _, ...before } = order();

  it("is shipped as STANDARD when its event was written with version 1", () => {
    const v1 = new Codec("order.created", [knownVersions("order.created")[0]!.schema]);
    const requests: BookingRequest[] = [];
    const { hear, close } = desk(shipping, (request: BookingRequest) => {
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
          due && plan === "STANDARD"
            ? [{ key: `book:${orderId}`, orderId, shipTo, priority: "STANDARD" }]
            : [],
        );
        close();
      }),
    );
  });
});
