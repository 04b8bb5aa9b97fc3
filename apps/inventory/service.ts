// Inventory: sets goods aside for orders, and counts what is on hand, reserved and gone.

import { command, defineService, when } from "../../shared/service/define.ts";
import { adjust, commit, isNew, isNotRejected, release, reserve } from "./decisions.ts";
import { type InventoryStore, store, tables } from "./store.ts";

export const adjustStock = command({
  name: "adjust",
  load: (stock: InventoryStore, { sku }: { sku: string; delta: number; reason: string }) =>
    stock.level(sku) ?? { sku, onHand: 0, reserved: 0, committed: 0 },
  decide: adjust,
  answer: (stock, sku) => stock.level(sku)!,
  emits: ["stock.adjusted"],
});

export const inventory = defineService({
  name: "inventory",
  commands: [adjustStock],
  reactions: [
    when({ on: "order.created", if: [isNew], decide: reserve, emits: ["stock.reserved", "stock.rejected"] }),
    when({ on: "order.cancelled", if: [isNotRejected], decide: release, emits: ["stock.released"] }),
    when({ on: ["shipment.dispatched", "shipment.waived"], decide: commit, emits: ["stock.committed"] }),
  ],
  terminal: ["stock.adjusted", "stock.released", "stock.committed"],
  tables,
  store,
});
