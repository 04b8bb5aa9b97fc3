// The sandbox carrier: goes everywhere but to postcode 00000, and keeps a book of its own.

import { hash } from "node:crypto";
import type { Database } from "better-sqlite3";
import type { Carrier } from "./carrier.ts";

/** One order in the carrier's book. */
export interface BookEntry {
  readonly order_id: string;
  readonly status: "booked" | "called-off";
}

/**
 * A carrier whose book is a table in `db`. It refuses postcode 00000; bookings to postcode 99999 are made, and never
 * answered. Tracking numbers follow from the priority and the key.
 */
export function sandboxCarrier(db: Database): Carrier {
  db.exec(`CREATE TABLE IF NOT EXISTS bookings (
    order_id TEXT PRIMARY KEY,
    status   TEXT NOT NULL CHECK (status IN ('booked', 'called-off'))
  ) WITHOUT ROWID`);
  const find = db.prepare("SELECT status FROM bookings WHERE order_id = ?").pluck();
  const book = db.prepare("INSERT OR IGNORE INTO bookings VALUES (?, 'booked')");
  const callOff = db.prepare(`INSERT INTO bookings VALUES (?, 'called-off')
    ON CONFLICT (order_id) DO UPDATE SET status = 'called-off'`);

  return {
    async book({ key, orderId, shipTo, priority }) {
      if (shipTo.postcode === "00000")
        return { status: "refused", reason: "nobody delivers to postcode 00000" };
      book.run(orderId);
      if (find.get(orderId) === "called-off")
        return { status: "refused", reason: "the order was called off" };
      if (shipTo.postcode === "99999") throw new Error("the carrier did not answer");
      const [carrier, prefix] =
        priority === "EXPRESS" ? ["Sandbox Express", "SX"] : ["Sandbox Standard", "SS"];
      const tracking = `${prefix}${hash("sha1", key).slice(0, 12).toUpperCase()}`;
      return { status: "booked", carrier, tracking };
    },

    async callOff({ orderId }) {
      callOff.run(orderId);
    },
  };
}
