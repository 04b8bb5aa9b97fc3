// Stock: each piece is on hand, reserved or committed, and the database refuses to lose count.

import type { Database } from "better-sqlite3";
import type { Event } from "../../shared/contracts/events.ts";
import type { Level, Reservation, Stock } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS stock (
    sku       TEXT PRIMARY KEY,
    on_hand   INTEGER NOT NULL CHECK (on_hand >= 0),
    reserved  INTEGER NOT NULL CHECK (reserved >= 0),
    committed INTEGER NOT NULL CHECK (committed >= 0)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS reservations (
    order_id TEXT PRIMARY KEY,
    status   TEXT NOT NULL CHECK (status IN ('reserved', 'rejected', 'released', 'committed')),
    lines    TEXT NOT NULL
  ) WITHOUT ROWID;
`;

export type InventoryStore = ReturnType<typeof store>;

type Line = { sku: string; quantity: number };

export function store(db: Database) {
  const onHandOf = db.prepare("SELECT on_hand FROM stock WHERE sku = ?").pluck();
  const reservationOf = db.prepare("SELECT status, lines FROM reservations WHERE order_id = ?");
  const put = db.prepare(`INSERT INTO reservations VALUES (?, ?, ?)
    ON CONFLICT (order_id) DO UPDATE SET status = excluded.status`);
  const reserve = db.prepare(
    "UPDATE stock SET on_hand = on_hand - :n, reserved = reserved + :n WHERE sku = :sku",
  );
  const release = db.prepare(
    "UPDATE stock SET on_hand = on_hand + :n, reserved = reserved - :n WHERE sku = :sku",
  );
  const commit = db.prepare(
    "UPDATE stock SET reserved = reserved - :n, committed = committed + :n WHERE sku = :sku",
  );
  const stock = db.prepare("INSERT OR IGNORE INTO stock VALUES (?, 0, 0, 0)");
  const adjust = db.prepare("UPDATE stock SET on_hand = on_hand + :n WHERE sku = :sku");
  const levels = db.prepare("SELECT sku, on_hand AS onHand, reserved, committed FROM stock ORDER BY sku");
  const levelOf = db.prepare("SELECT sku, on_hand AS onHand, reserved, committed FROM stock WHERE sku = ?");

  const move = (statement: typeof reserve, lines: Line[]) => {
    for (const { sku, quantity } of lines) {
      const { changes } = statement.run({ sku, n: quantity });
      if (changes !== 1) throw new Error(`no stock of ${sku} to move`);
    }
  };
  const change = (orderId: string, status: Reservation["status"], lines: Line[]) =>
    put.run(orderId, status, JSON.stringify(lines));

  return {
    load({ type, key, data }: Event): Stock {
      const row = reservationOf.get(key) as { status: Reservation["status"]; lines: string } | undefined;
      const skus = type === "order.created" ? data.lines.map(({ sku }) => sku) : [];
      return {
        reservation: row && { status: row.status, lines: JSON.parse(row.lines) },
        onHand: new Map(skus.map((sku) => [sku, (onHandOf.get(sku) as number | undefined) ?? 0])),
      };
    },

    record({ type, key, data }: Event) {
      switch (type) {
        case "stock.reserved":
          change(key, "reserved", data.lines);
          return move(reserve, data.lines);
        case "stock.rejected":
          return change(key, "rejected", []);
        case "stock.released":
          change(key, "released", data.lines);
          return move(release, data.lines);
        case "stock.committed":
          change(key, "committed", data.lines);
          return move(commit, data.lines);
        case "stock.adjusted":
          stock.run(data.sku);
          return adjust.run({ sku: data.sku, n: data.delta });
      }
    },

    /** One SKU's stock; undefined when it was never heard of. */
    level: (sku: string) => levelOf.get(sku) as Level | undefined,

    /** All stock, by SKU. */
    levels: () => levels.all() as Level[],
  };
}
