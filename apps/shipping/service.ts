// Shipping: hands paid goods to a carrier.

import { defineService, perform } from "../../shared/service/define.ts";
import type { BookingRequest, Carrier } from "./carrier.ts";
import { booking, dispatch } from "./decisions.ts";
import { store, tables } from "./store.ts";

export const shipping = defineService({
  name: "shipping",
  reactions: [
    perform({
      on: ["order.created", "payment.authorized"],
      request: booking,
      call: (carrier: Carrier, request: BookingRequest, signal: AbortSignal) => carrier.book(request, signal),
      decide: dispatch,
      emits: ["shipment.dispatched", "shipment.waived", "shipment.failed"],
    }),
  ],
  tables,
  store,
});
