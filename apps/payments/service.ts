// Payments: holds the order's total, then takes it or gives it back.

import { defineService, perform } from "../../shared/service/define.ts";
import {
  authorization,
  capture,
  giveUp,
  isCleared,
  isPlaced,
  isReserved,
  settleAuthorization,
  settleCapture,
  settleVoid,
  voiding,
} from "./decisions.ts";
import type { AuthorizeRequest, CaptureRequest, Gateway, VoidRequest } from "./gateway.ts";
import { store, tables } from "./store.ts";

/** The service with its policy: a gateway that does not answer has `gatewayMs` milliseconds. */
export const payments = ({ gatewayMs }: { gatewayMs: number }) =>
  defineService({
    name: "payments",
    reactions: [
      perform({
        on: ["order.created", "stock.reserved", "risk.cleared"],
        if: [isPlaced, isReserved, isCleared],
        request: authorization,
        call: async (gateway: Gateway, request: AuthorizeRequest | VoidRequest, signal: AbortSignal) =>
          request.call === "authorize" ? gateway.authorize(request, signal) : gateway.void(request, signal),
        decide: settleAuthorization,
        giveUp: { afterMs: gatewayMs, decide: giveUp },
        emits: ["payment.authorized", "payment.declined", "payment.voided"],
      }),
      perform({
        on: ["shipment.dispatched", "shipment.waived"],
        request: capture,
        call: (gateway: Gateway, request: CaptureRequest, signal: AbortSignal) =>
          gateway.capture(request, signal),
        decide: settleCapture,
        emits: ["payment.captured"],
      }),
      perform({
        on: "order.cancelled",
        request: voiding,
        call: (gateway: Gateway, request: VoidRequest, signal: AbortSignal) => gateway.void(request, signal),
        decide: settleVoid,
        emits: ["payment.voided"],
      }),
    ],
    terminal: ["payment.voided"],
    tables,
    store,
  });
