// What shipping has heard of each order, and what became of its goods. Facts arrive in any order.

import type { Database } from "better-sqlite3";
import type { Event, OrderCreated } from "../../shared/contracts/events.ts";
import { reshape } from "../../shared/service/reshape.ts";
import type { Shipment } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS shipments (
    order_id   TEXT PRIMARY KEY,
    plan       TEXT,
    ship_to    TEXT,
    shipping_priority TEXT NOT NULL DEFAULT 'STANDARD',
    authorized INTEGER NOT NULL DEFAULT 0,
    status     TEXT NOT NULL DEFAULT 'none'
               CHECK (status IN ('none', 'dispatched', 'waived', 'failed', 'unanswered', 'withdrawn'))
  ) WITHOUT ROWID;
`;

export function store(db: Database) {
  reshape(db, "shipments", tables);
  const select = db.prepare("SELECT * FROM shipments WHERE order_id = ?");
  const order =
    db.prepare(`INSERT INTO shipments (order_id, plan, ship_to, shipping_priority) VALUES (?, ?, ?, ?)
    ON CONFLICT (order_id) DO UPDATE SET
      plan = excluded.plan, ship_to = excluded.ship_to, shipping_priority = excluded.shipping_priority`);
  const authorized = db.prepare(`INSERT INTO shipments (order_id, authorized) VALUES (?, 1)
    ON CONFLICT (order_id) DO UPDATE SET authorized = 1`);
  const settled = db.prepare(`INSERT INTO shipments (order_id, status) VALUES (?, ?)
    ON CONFLICT (order_id) DO UPDATE SET status = excluded.status`);

  return {
    load({ key }: Event): Shipment {
      const row = select.get(key) as Row | undefined;
      return {
        order: row && orderOf(row),
        authorized: row?.authorized === 1,
        status: row?.status ?? "none",
      };
    },

    record({ type, key, data }: Event) {
      switch (type) {
        case "order.created":
          return order.run(key, data.plan, JSON.stringify(data.shipTo), data.shippingPriority);
        case "payment.authorized":
          return authorized.run(key);
        case "shipment.dispatched":
          return settled.run(key, "dispatched");
        case "shipment.waived":
          return settled.run(key, "waived");
        case "shipment.failed":
          return settled.run(key, data.decidedBy === "DEADLINE" ? "unanswered" : "failed");
        case "shipment.withdrawn":
          return settled.run(key, "withdrawn");
      }
    },
  };
}

interface Row {
  plan: OrderCreated["plan"] | null;
  ship_to: string;
  shipping_priority: OrderCreated["shippingPriority"];
  authorized: number;
  status: Shipment["status"];
}

function orderOf({ plan, ship_to, shipping_priority }: Row): Shipment["order"] {
  return plan ? { plan, shipTo: JSON.parse(ship_to), shippingPriority: shipping_priority } : undefined;
}
