// The world outside of the services: one gateway, one carrier and one post office, which do each thing once.

import type { Mail } from "../../apps/notifications/decisions.ts";
import type { Post } from "../../apps/notifications/post.ts";
import type {
  Authorization,
  AuthorizeRequest,
  Capture,
  CaptureRequest,
  Gateway,
  Void,
  VoidRequest,
} from "../../apps/payments/gateway.ts";
import type { Booking, BookingRequest, CallOffRequest, Carrier } from "../../apps/shipping/carrier.ts";

/** What the gateway's books say of an order. */
export type Money = "held" | "declined" | "captured" | "voided" | "closed";

/** Stands for every port of every service. A repeat of a key has no second effect and gets the first answer. */
export class Outside implements Gateway, Carrier, Post {
  /** The key of every call, in order. */
  readonly calls: string[] = [];
  /** The keys under which something was done. */
  readonly effects: string[] = [];
  /** Requests that a real gateway would turn down: a key that was used for another request before. */
  readonly misuses: string[] = [];
  readonly money = new Map<string, Money>();
  /** The carrier's book: whose goods it is to fetch, and whose it is not to fetch any more. */
  readonly bookings = new Map<string, "booked" | "called off">();
  /** Whether calls are left without an answer, and if so, whether they take effect. */
  silence: "none" | "before acting" | "after acting" = "none";
  readonly #answers = new Map<string, { request: string; answer: unknown }>();

  authorize(request: AuthorizeRequest): Promise<Authorization> {
    const { key, orderId, token } = request;
    return this.#once<Authorization>(key, request, () => {
      const closed = this.money.has(orderId);
      if (closed || token === "tok_decline") {
        if (!closed) this.money.set(orderId, "declined");
        return { status: "declined", reason: "the card was declined" };
      }
      this.money.set(orderId, "held");
      return { status: "authorized", reference: `auth_${orderId}` };
    });
  }

  capture(request: CaptureRequest): Promise<Capture> {
    const { key, orderId, reference } = request;
    return this.#once<Capture>(key, request, () => {
      if (this.money.get(orderId) !== "held") this.misuses.push(`${key}: nothing is held`);
      this.money.set(orderId, "captured");
      return { status: "captured", reference };
    });
  }

  void(request: VoidRequest): Promise<Void> {
    const { key, orderId } = request;
    return this.#once<Void>(key, request, () => {
      if (this.money.get(orderId) !== "held") {
        if (!this.money.has(orderId)) this.money.set(orderId, "closed");
        return { status: "nothing-held" };
      }
      this.money.set(orderId, "voided");
      return { status: "voided", reference: `auth_${orderId}` };
    });
  }

  book(request: BookingRequest): Promise<Booking> {
    const { key, orderId, shipTo } = request;
    return this.#once<Booking>(key, request, () => {
      if (shipTo.postcode === "00000")
        return { status: "refused", reason: "nobody delivers to postcode 00000" };
      if (this.bookings.has(orderId)) return { status: "refused", reason: "the order was called off" };
      this.bookings.set(orderId, "booked");
      return { status: "booked", carrier: "Test Express", tracking: `T-${orderId}` };
    });
  }

  callOff(request: CallOffRequest): Promise<void> {
    return this.#once(request.key, request, () => {
      this.bookings.set(request.orderId, "called off");
    });
  }

  send(mail: Mail): Promise<void> {
    return this.#once(`mail:${mail.id}`, mail, () => undefined);
  }

  async #once<Answer>(key: string, request: unknown, act: () => Answer): Promise<Answer> {
    this.calls.push(key);
    if (this.silence === "before acting") return never();
    const asked = JSON.stringify(request);
    let known = this.#answers.get(key);
    if (!known) {
      known = { request: asked, answer: act() };
      this.#answers.set(key, known);
      this.effects.push(key);
    }
    if (known.request !== asked) this.misuses.push(`${key}: first ${known.request}, then ${asked}`);
    if (this.silence === "after acting") return never();
    return known.answer as Answer;
  }
}

/** What is never heard of again. */
export function never(): Promise<never> {
  return new Promise(() => {});
}
