// What risk decides: small orders go on, large ones wait for a person, and no wait is for ever.

import { type Event, fact } from "../../shared/contracts/events.ts";
import { money } from "../../shared/contracts/money.ts";

/** What risk knows of one order. */
export interface Assessment {
  readonly status: "none" | "cleared" | "flagged" | "rejected" | "closed";
  /** What the rules found, when a person is asked. */
  readonly score: number;
  readonly reasons: readonly string[];
}

/** Who waits for what: totals from `reviewFromCents` on wait for a person, `reviewMs` milliseconds at most. */
export interface RiskPolicy {
  readonly reviewFromCents: number;
  readonly reviewMs: number;
}

/** A person's answer about a flagged order. */
export interface Review {
  readonly orderId: string;
  readonly decision: "approve" | "reject";
  readonly note?: string | null | undefined;
}

/** The order was not assessed yet, and has not ended before it was heard of. */
export function isNew({ status }: Assessment): boolean {
  return status === "none";
}

export function assess({ reviewFromCents, reviewMs }: RiskPolicy) {
  return (_: Assessment, { data: { orderId, totalCents, currency }, time }: Event<"order.created">) => {
    const score = Math.min(100, Math.round((50 * totalCents) / Math.max(1, reviewFromCents)));
    if (totalCents < reviewFromCents) {
      return [fact("risk.cleared", { orderId, score, reasons: [], decidedBy: "RULES" })];
    }
    const reasons = [`the total is ${money(reviewFromCents, currency)} or more`];
    return [fact("risk.flagged", { orderId, score, reasons, decideBy: time + reviewMs })];
  };
}

export function review({ status, score, reasons }: Assessment, { orderId, decision, note = null }: Review) {
  if (status !== "flagged") {
    // Where the rules have found nothing, no person was asked.
    const why = status === "cleared" && reasons.length === 0 ? "the rules have cleared it" : WHY[status];
    return { refused: `order ${orderId} does not wait for a review: ${why}` };
  }

  const verdict = { orderId, score, reasons: [...reasons], decidedBy: "OPERATOR" as const, note };
  return [decision === "approve" ? fact("risk.cleared", verdict) : fact("risk.rejected", verdict)];
}

const WHY = {
  none: "it was not assessed yet",
  cleared: "it was approved",
  rejected: "it was rejected",
  closed: "it was cancelled",
};

/** Nobody answered in time. */
export function expire({ score, reasons }: Assessment, orderId: string) {
  return [fact("risk.rejected", { orderId, score, reasons: [...reasons], decidedBy: "DEADLINE" })];
}
