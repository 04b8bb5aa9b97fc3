// The carrier as shipping sees it, and the built-in sandbox. Real adapters implement the same interface.

import { hash } from "node:crypto";
import type { OrderCreated } from "../../shared/contracts/events.ts";

/** A carrier. A refusal is an answer; a rejected promise means "not known, ask again". */
export interface Carrier {
  /** Books a pick-up. A repeat with the same key books nothing more and gets the same answer. */
  book(request: BookingRequest, signal: AbortSignal): Promise<Booking>;
}

export interface BookingRequest {
  readonly key: string;
  readonly orderId: string;
  readonly shipTo: OrderCreated["shipTo"];
  readonly priority: OrderCreated["shippingPriority"];
}

export type Booking =
  | { readonly status: "booked"; readonly carrier: string; readonly tracking: string }
  | { readonly status: "refused"; readonly reason: string };

/** A carrier that goes everywhere but to postcode 00000. Its tracking numbers follow from the priority and the key. */
export const sandboxCarrier: Carrier = {
  async book({ key, shipTo, priority }) {
    if (shipTo.postcode === "00000")
      return { status: "refused", reason: "nobody delivers to postcode 00000" };
    const [carrier, prefix] = priority === "EXPRESS" ? ["Sandbox Express", "SX"] : ["Sandbox Standard", "SS"];
    return {
      status: "booked",
      carrier,
      tracking: `${prefix}${hash("sha1", key).slice(0, 12).toUpperCase()}`,
    };
  },
};
