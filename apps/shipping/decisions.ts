// What shipping decides: paid orders are booked with a carrier, trial orders are collected in person.

import { type Event, fact, type OrderCreated } from "../../shared/contracts/events.ts";
import type { Booking, BookingRequest } from "./carrier.ts";

/** What shipping knows of one order. */
export interface Shipment {
  readonly order?: Pick<OrderCreated, "plan" | "shipTo" | "shippingPriority"> | undefined;
  readonly authorized: boolean;
  readonly status: "none" | "dispatched" | "waived" | "failed";
}

type Prerequisite = Event<"order.created" | "payment.authorized">;

/** The order and its payment, whichever comes last, make the booking due. */
export function booking(shipment: Shipment, { key: orderId }: Prerequisite): BookingRequest | undefined {
  if (!isDue(shipment) || shipment.order.plan === "TRIAL") return undefined;

  const { shipTo, shippingPriority: priority } = shipment.order;
  return { key: `book:${orderId}`, orderId, shipTo, priority };
}

export function dispatch(shipment: Shipment, { key: orderId }: Prerequisite, booked?: Booking) {
  if (!isDue(shipment)) return [];
  if (shipment.order.plan === "TRIAL") return [fact("shipment.waived", { orderId })];

  return booked?.status === "booked"
    ? [fact("shipment.dispatched", { orderId, carrier: booked.carrier, tracking: booked.tracking })]
    : [fact("shipment.failed", { orderId, reason: booked?.reason ?? "no carrier answered" })];
}

function isDue(shipment: Shipment): shipment is Shipment & { order: NonNullable<Shipment["order"]> } {
  return shipment.status === "none" && shipment.authorized && shipment.order !== undefined;
}
