// Shipping: hands paid goods to a carrier, and owns the point of no return.

import { defineService, perform, when } from "../../shared/service/define.ts";
import type { BookingRequest, CallOffRequest, Carrier } from "./carrier.ts";
import { booking, callOff, dispatch, giveUp, isOpen, isPaid, isPlaced, withdraw } from "./decisions.ts";
import { store, tables } from "./store.ts";

/** The service with its policy: a carrier that does not answer has `carrierMs` milliseconds. */
export const shipping = ({ carrierMs }: { carrierMs: number }) =>
  defineService({
    name: "shipping",
    reactions: [
      perform({
        on: ["order.created", "payment.authorized"],
        if: [isPlaced, isPaid, isOpen],
        request: booking,
        call: (carrier: Carrier, request: BookingRequest, signal: AbortSignal) =>
          carrier.book(request, signal),
        decide: dispatch,
        giveUp: { afterMs: carrierMs, decide: giveUp },
        emits: ["shipment.dispatched", "shipment.waived", "shipment.failed"],
      }),
      when({
        on: "order.cancellation-requested",
        if: [isOpen],
        decide: withdraw,
        emits: ["shipment.withdrawn"],
      }),
      perform({
        on: "order.cancelled",
        request: callOff,
        call: (carrier: Carrier, request: CallOffRequest, signal: AbortSignal) =>
          carrier.callOff(request, signal),
      }),
    ],
    tables,
    store,
  });
