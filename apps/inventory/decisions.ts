// What inventory decides: an order's lines are set aside all together or not at all, and leave or come back once.

import { type Event, fact, MAX_LONG } from "../../shared/contracts/events.ts";

/** What inventory knows that concerns one order. */
export interface Stock {
  /** What became of the order's lines; undefined before anything was decided. */
  readonly reservation?: Reservation | undefined;
  /** On hand and free, for each SKU of the event at hand. */
  readonly onHand: ReadonlyMap<string, number>;
}

export interface Reservation {
  readonly status: "reserved" | "rejected" | "released" | "committed";
  readonly lines: { sku: string; quantity: number }[];
}

/** One SKU's stock, as a person who adjusts it finds it. */
export interface Level {
  readonly sku: string;
  readonly onHand: number;
  readonly reserved: number;
  readonly committed: number;
}

/** Nothing was decided yet: the order was not released before it was heard of. */
export function isNew({ reservation }: Stock): boolean {
  return reservation === undefined;
}

/** There may be something to give back. */
export function isNotRejected({ reservation }: Stock): boolean {
  return reservation?.status !== "rejected";
}

export function reserve(stock: Stock, { data: { orderId, lines } }: Event<"order.created">) {
  const wanted = lines.map(({ sku, quantity }) => ({ sku, quantity }));
  const shortages = wanted
    .map(({ sku, quantity }) => ({ sku, requested: quantity, available: stock.onHand.get(sku) ?? 0 }))
    .filter(({ requested, available }) => available < requested);

  return shortages.length === 0
    ? [fact("stock.reserved", { orderId, lines: wanted })]
    : [fact("stock.rejected", { orderId, shortages })];
}

// A cancellation may overtake the order itself. Releasing nothing still closes the reservation,
// so that a late order.created cannot strand stock.
export function release({ reservation }: Stock, { data: { orderId } }: Event<"order.cancelled">) {
  if (reservation && reservation.status !== "reserved")
    throw new Error(`order ${orderId} was cancelled after its stock was ${reservation.status}`);

  return [fact("stock.released", { orderId, lines: reservation?.lines ?? [] })];
}

export function commit(
  { reservation }: Stock,
  { data: { orderId } }: Event<"shipment.dispatched" | "shipment.waived">,
) {
  if (reservation?.status !== "reserved")
    throw new Error(`goods of order ${orderId} left without being reserved`);

  return [fact("stock.committed", { orderId, lines: reservation.lines })];
}

export function adjust(
  { onHand }: Level,
  { sku, delta, reason }: { sku: string; delta: number; reason: string },
) {
  if (onHand + delta < 0) return { refused: `only ${onHand} of ${sku} are on hand` };
  if (onHand + delta > MAX_LONG) return { refused: `${sku} can't have that many on hand` };

  return [fact("stock.adjusted", { sku, delta, reason })];
}
