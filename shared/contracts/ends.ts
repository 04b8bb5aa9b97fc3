// How an order ends.

import type { FactType } from "./events.ts";

/** The facts with which an order ends: with exactly one of them. */
export const ENDS: readonly FactType[] = ["order.completed", "order.cancelled"];
