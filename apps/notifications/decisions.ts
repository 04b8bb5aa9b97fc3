// What notifications decides: which mails are due, and what they say.

import type { Event, OrderCreated } from "../../shared/contracts/events.ts";
import { money } from "../../shared/contracts/money.ts";

/** The facts a customer hears of. */
export type Notice = Event<"order.completed" | "order.cancelled" | "risk.flagged" | "shipment.dispatched">;

/** What notifications knows of one order. */
export interface Correspondence {
  /** Whom to write to; undefined before the order was heard of. */
  readonly contact?: Contact | undefined;
  /** What there is to say, in the order in which it was decided. */
  readonly notices: readonly Notice[];
}

export type Contact = Pick<OrderCreated, "email" | "currency" | "totalCents"> & { readonly name: string };

/** One mail. The id follows from the fact, so that a repeat is known. */
export interface Mail {
  readonly id: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

export function isAddressKnown({ contact }: Correspondence): boolean {
  return contact !== undefined;
}

/** A notice is due at once when the customer is known; notices that overtook their order are due with it. */
export function mails({ contact, notices }: Correspondence, event: Notice | Event<"order.created">) {
  const due = event.type === "order.created" ? notices : notices.filter(({ id }) => id === event.id);
  return due.length > 0 ? due.map((notice) => write(contact!, notice)) : undefined;
}

function write(contact: Contact, notice: Notice): Mail {
  const { subject, body } = wording(contact, notice);
  const text = `Dear ${contact.name},\n\n${body}\n\nOrder ${notice.key}\n`;
  return { id: notice.id, to: contact.email, subject, text };
}

function wording({ currency, totalCents }: Contact, notice: Notice): { subject: string; body: string } {
  switch (notice.type) {
    case "order.completed":
      return {
        subject: "Your order is complete",
        body: `Thank you: ${money(totalCents, currency)} is paid and your order is complete.`,
      };
    case "order.cancelled":
      return {
        subject: "Your order was cancelled",
        body: `We are sorry: your order was cancelled (${REASONS[notice.data.reason] ?? notice.data.reason}). You pay nothing.`,
      };
    case "risk.flagged":
      return {
        subject: "Your order is being reviewed",
        body: "We are taking a closer look at your order and will write to you soon.",
      };
    case "shipment.dispatched":
      return {
        subject: "Your order is on its way",
        body: `${notice.data.carrier} has your goods. Tracking: ${notice.data.tracking}`,
      };
  }
}

/** True of every way that leads there, a deadline included. */
const REASONS: Record<string, string> = {
  "out-of-stock": "something in it is out of stock",
  "payment-declined": "the payment did not go through",
  "shipment-failed": "we could not arrange the delivery",
  "risk-rejected": "we could not approve it",
  withdrawn: "as you asked",
};
