// What risk decides: small orders go on, large ones wait for a person.

import { type Event, fact } from "../../shared/contracts/events.ts";

/** What risk knows of one order; undefined before it was assessed or ended. */
export type Assessment = { readonly status: "cleared" | "flagged" | "closed" } | undefined;

const REVIEW_MS = 24 * 3_600_000;

/** Clears totals below `reviewFromCents` and flags the rest. */
export function assess(reviewFromCents: number) {
  return (assessment: Assessment, { data: { orderId, totalCents }, time }: Event<"order.created">) => {
    if (assessment) return []; // The order ended before we heard of it.

    const score = Math.min(100, Math.round((50 * totalCents) / Math.max(1, reviewFromCents)));
    if (totalCents < reviewFromCents) {
      return [fact("risk.cleared", { orderId, score, reasons: [], decidedBy: "RULES" })];
    }
    const reasons = [`the total is ${reviewFromCents} cents or more`];
    return [fact("risk.flagged", { orderId, score, reasons, decideBy: time + REVIEW_MS })];
  };
}
