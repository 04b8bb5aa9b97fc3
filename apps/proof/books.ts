// What the sandboxes and the post office have in their books, in the words that the laws have for it.

import type { Event } from "../../shared/contracts/events.ts";
import type { Row } from "../../shared/flow/check/scenario.ts";
import { outside, type World } from "./world.ts";

/** The books as they are kept. */
export interface Books {
  /** The gateway's and the carrier's. */
  readonly ledger: readonly Row[];
  readonly bookings: readonly Row[];
  /** The mails by the id of the fact that they tell of. */
  readonly mails: ReadonlyMap<string, World["mails"][string]>;
}

const MONEY: Readonly<Record<string, World["money"]>> = {
  authorized: "held",
  captured: "captured",
  voided: "voided",
};

/** A carrier of the sandbox, and a tracking number of its. */
const WAYBILL = /^Sandbox (Express SX|Standard SS)[\dA-F]{12}$/;

/** What there is in the books of each order. */
export function worldsOf(
  { ledger, bookings, mails }: Books,
  stream: readonly Event[],
): (key: string) => World {
  const worlds = new Map<string, World>();
  for (const event of stream) if (event.type === "order.created") worlds.set(event.key, outside.start);
  const change = (key: string, more: Partial<World>) =>
    worlds.set(key, { ...(worlds.get(key) ?? outside.start), ...more });

  const orders = new Map(
    stream.flatMap((event) => (event.type === "order.created" ? [[event.key, event.data]] : [])),
  );
  for (const { order_id, reference, amount_cents, status } of ledger as unknown as LedgerEntry[]) {
    const { currency, paymentToken: token } = orders.get(order_id) ?? {};
    change(order_id, {
      money: MONEY[status] ?? (reference === "none" ? "closed" : "declined"),
      ...(reference !== "none" && {
        reference,
        asked: { authorize: { amountCents: amount_cents, currency: currency!, token: token! } },
      }),
    });
  }
  // The carrier keeps no account of what it refuses.
  for (const [key, { plan, shipTo }] of orders)
    if (plan === "STANDARD" && shipTo.postcode === "00000") change(key, { booking: "refused" });
  for (const { order_id, status } of bookings as unknown as { order_id: string; status: "booked" }[])
    change(order_id, { booking: status });
  // Nor does it of its waybills.
  for (const { type, key, data } of stream) {
    if (type !== "shipment.dispatched") continue;
    const { carrier, tracking } = data;
    if (WAYBILL.test(`${carrier} ${tracking}`)) change(key, { waybill: { carrier, tracking } });
  }
  for (const [id, sent] of mails) {
    const key = id.slice(0, id.lastIndexOf("."));
    const known = worlds.get(key) ?? outside.start;
    worlds.set(key, { ...known, mails: { ...known.mails, [id]: sent } });
  }
  return (key) => worlds.get(key) ?? outside.start;
}

interface LedgerEntry {
  readonly order_id: string;
  readonly reference: string;
  readonly amount_cents: number;
  readonly status: string;
}
