// What shipping decides: paid orders are booked with a carrier, trial orders are collected in person, and whether a
// cancellation comes too late.

import { type Event, fact, type OrderCreated } from "../../shared/contracts/events.ts";
import type { Booking, BookingRequest, CallOffRequest } from "./carrier.ts";

/** What shipping knows of one order. */
export interface Shipment {
  readonly order?: Pick<OrderCreated, "plan" | "shipTo" | "shippingPriority"> | undefined;
  readonly authorized: boolean;
  /** `unanswered`: the carrier never said whether it took the booking. */
  readonly status: "none" | "dispatched" | "waived" | "failed" | "unanswered" | "withdrawn";
}

type Prerequisite = Event<"order.created" | "payment.authorized">;

export function isPlaced({ order }: Shipment): boolean {
  return order !== undefined;
}

export function isPaid({ authorized }: Shipment): boolean {
  return authorized;
}

/** Nothing was decided yet: the goods are neither gone nor withdrawn. */
export function isOpen({ status }: Shipment): boolean {
  return status === "none";
}

export function booking({ order }: Shipment, { key: orderId }: Prerequisite): BookingRequest | undefined {
  const { plan, shipTo, shippingPriority: priority } = order!;
  return plan === "TRIAL" ? undefined : { key: `book:${orderId}`, orderId, shipTo, priority };
}

export function dispatch(_: Shipment, { key: orderId }: Prerequisite, booked?: Booking) {
  switch (booked?.status) {
    case "booked":
      return [fact("shipment.dispatched", { orderId, carrier: booked.carrier, tracking: booked.tracking })];
    case "refused":
      return [fact("shipment.failed", { orderId, reason: booked.reason })];
    default:
      return [fact("shipment.waived", { orderId })];
  }
}

export function giveUp(_: Shipment, { key: orderId }: Prerequisite) {
  return [
    fact("shipment.failed", { orderId, reason: "the carrier did not answer in time", decidedBy: "DEADLINE" }),
  ];
}

export function withdraw(
  _: Shipment,
  { key: orderId, data: { reason } }: Event<"order.cancellation-requested">,
) {
  return [fact("shipment.withdrawn", { orderId, reason })];
}

// A booking may have been made just before a crash, or without an answer: with no fact to show for it, whatever the
// carrier has booked is called off.
export function callOff(
  { status }: Shipment,
  { key: orderId }: Event<"order.cancelled">,
): CallOffRequest | undefined {
  return status === "withdrawn" || status === "unanswered"
    ? { key: `call-off:${orderId}`, orderId }
    : undefined;
}
