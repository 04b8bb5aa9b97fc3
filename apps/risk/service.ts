// Risk: says whether an order may be charged.

import { defineService, observe, when } from "../../shared/service/define.ts";
import { assess } from "./decisions.ts";
import { store, tables } from "./store.ts";

/** The service with its policy: totals from `reviewFromCents` on wait for a person. */
export const risk = (reviewFromCents: number) =>
  defineService({
    name: "risk",
    reactions: [
      when({ on: "order.created", decide: assess(reviewFromCents), emits: ["risk.cleared", "risk.flagged"] }),
      observe("order.cancelled"),
    ],
    tables,
    store,
  });
