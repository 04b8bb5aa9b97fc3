// What payments decides: the total is held once goods and risk allow it, then taken when the goods leave or given back.

import { type Event, fact } from "../../shared/contracts/events.ts";
import type {
  Authorization,
  AuthorizeRequest,
  Capture,
  CaptureRequest,
  Void,
  VoidRequest,
} from "./gateway.ts";

/** What payments knows of one order. */
export interface Payment {
  readonly order?:
    | { readonly amountCents: number; readonly currency: string; readonly token: string }
    | undefined;
  readonly reserved: boolean;
  readonly cleared: boolean;
  readonly cancelled: boolean;
  /** `unanswered`: the gateway never said whether it holds the amount. */
  readonly status: "none" | "authorized" | "declined" | "unanswered" | "captured" | "voided";
  readonly reference?: string | undefined;
}

type Prerequisite = Event<"order.created" | "stock.reserved" | "risk.cleared">;
type Departure = Event<"shipment.dispatched" | "shipment.waived">;
type Cancellation = Event<"order.cancelled">;

export function isPlaced({ order }: Payment): boolean {
  return order !== undefined;
}

export function isReserved({ reserved }: Payment): boolean {
  return reserved;
}

export function isCleared({ cleared }: Payment): boolean {
  return cleared;
}

/** The charge is due; of a cancelled order, whatever was asked for in an earlier life of the process is given back. */
export function authorization(
  { order, cancelled }: Payment,
  { key: orderId }: Prerequisite,
): AuthorizeRequest | VoidRequest {
  return cancelled
    ? voidRequest(orderId)
    : { call: "authorize", key: `authorize:${orderId}`, orderId, ...order! };
}

export function settleAuthorization(payment: Payment, event: Prerequisite, answer?: Authorization | Void) {
  const { key: orderId } = event;
  switch (answer?.status) {
    case "authorized":
      return [fact("payment.authorized", { orderId, reference: answer.reference, ...amount(payment) })];
    case "declined":
      return [fact("payment.declined", { orderId, reason: answer.reason })];
    default:
      return settleVoid(payment, event, answer);
  }
}

// The void of a cancelled order has to get through, however long that takes.
export function giveUp({ cancelled }: Payment, { key: orderId }: Prerequisite) {
  return cancelled
    ? undefined
    : [
        fact("payment.declined", {
          orderId,
          reason: "the gateway did not answer in time",
          decidedBy: "DEADLINE",
        }),
      ];
}

export function capture({ order, status, reference }: Payment, { key: orderId }: Departure): CaptureRequest {
  if (status !== "authorized" || !order || !reference) {
    throw new Error(`goods of order ${orderId} left without an authorization`);
  }
  return { call: "capture", key: `capture:${orderId}`, orderId, reference, amountCents: order.amountCents };
}

export function settleCapture(payment: Payment, { key: orderId }: Departure, answer?: Capture) {
  return answer
    ? [fact("payment.captured", { orderId, reference: answer.reference, ...amount(payment) })]
    : [];
}

// What the gateway holds, or may hold since it never said so, is given back, and what it is asked for afterwards is
// refused. Whoever was asking just before a crash asks again, and by then knows of the cancellation: see `authorization`.
export function voiding({ status }: Payment, { key }: Cancellation): VoidRequest | undefined {
  return status === "authorized" || status === "unanswered" ? voidRequest(key) : undefined;
}

export function settleVoid(payment: Payment, { key: orderId }: Prerequisite | Cancellation, answer?: Void) {
  return answer?.status === "voided"
    ? [fact("payment.voided", { orderId, reference: answer.reference, ...amount(payment) })]
    : [];
}

function voidRequest(orderId: string): VoidRequest {
  return { call: "void", key: `void:${orderId}`, orderId };
}

function amount({ order }: Payment) {
  if (!order) throw new Error("money moved for an order that payments has not heard of");
  return { amountCents: order.amountCents, currency: order.currency };
}
