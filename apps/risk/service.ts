// Risk: says whether an order may be charged.

import { command, deadline, defineService, observe, when } from "../../shared/service/define.ts";
import { assess, expire, isNew, type Review, type RiskPolicy, review } from "./decisions.ts";
import { type RiskStore, store, tables } from "./store.ts";

export const reviewOrder = command({
  name: "review",
  load: (risk: RiskStore, { orderId }: Review) => risk.find(orderId),
  decide: review,
  answer: (_, orderId, [fact]) => ({
    orderId,
    status: fact?.type === "risk.cleared" ? ("cleared" as const) : ("rejected" as const),
  }),
  emits: ["risk.cleared", "risk.rejected"],
});

/** The service with its policy. */
export const risk = (policy: RiskPolicy) =>
  defineService({
    name: "risk",
    commands: [reviewOrder],
    reactions: [
      when({
        on: "order.created",
        if: [isNew],
        decide: assess(policy),
        emits: ["risk.cleared", "risk.flagged"],
      }),
      observe("order.cancelled"),
    ],
    deadlines: [
      deadline({
        name: "review deadline",
        open: (risk: RiskStore, limit) => risk.waits(limit),
        load: (risk: RiskStore, orderId) => risk.find(orderId),
        decide: expire,
        emits: ["risk.rejected"],
      }),
    ],
    tables,
    store,
  });
