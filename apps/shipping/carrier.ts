// The carrier as shipping sees it. Real adapters implement this; sandbox.ts is the built-in one.

import type { OrderCreated } from "../../shared/contracts/events.ts";

/**
 * A carrier. A refusal is an answer; a rejected promise means "not known, ask again". Each request carries a key: a
 * repeat with the same key has no second effect and gets the same answer. The goods of a booking leave once
 * `shipment.dispatched` is said, and not before.
 */
export interface Carrier {
  /** Books a pick-up. */
  book(request: BookingRequest, signal: AbortSignal): Promise<Booking>;
  /** Calls off whatever is booked for an order, and lets nothing be booked for it afterwards. */
  callOff(request: CallOffRequest, signal: AbortSignal): Promise<void>;
}

export interface BookingRequest {
  readonly key: string;
  readonly orderId: string;
  readonly shipTo: OrderCreated["shipTo"];
  readonly priority: OrderCreated["shippingPriority"];
}

export interface CallOffRequest {
  readonly key: string;
  readonly orderId: string;
}

export type Booking =
  | { readonly status: "booked"; readonly carrier: string; readonly tracking: string }
  | { readonly status: "refused"; readonly reason: string };
