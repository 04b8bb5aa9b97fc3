// Which facts of an order exclude each other, and which need others before them: proven by the flow check, shown by the monitor.

import type { FactType } from "./events.ts";

/** Facts of which an order has one at most. */
export const EITHER_OR: readonly (readonly FactType[])[] = [
  ["order.completed", "order.cancelled"],
  ["stock.reserved", "stock.rejected"],
  ["stock.released", "stock.committed"],
  ["stock.rejected", "stock.released"],
  ["risk.cleared", "risk.rejected"],
  ["payment.authorized", "payment.declined"],
  ["payment.captured", "payment.voided"],
  ["shipment.dispatched", "shipment.waived", "shipment.failed", "shipment.withdrawn"],
  ["order.created"],
  ["order.cancellation-requested"],
  ["risk.flagged"],
];

/** What may only be said after all of something else was. */
export const ONLY_AFTER: readonly (readonly [FactType, ...FactType[]])[] = [
  ["payment.authorized", "stock.reserved", "risk.cleared"],
  ["shipment.dispatched", "payment.authorized"],
  ["shipment.waived", "payment.authorized"],
  ["order.completed", "payment.captured"],
  ["shipment.withdrawn", "order.cancellation-requested"],
];
