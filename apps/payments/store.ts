// What payments has heard of each order, and what the gateway answered. Facts arrive in any order.

import type { Database } from "better-sqlite3";
import type { Event } from "../../shared/contracts/events.ts";
import { reshape } from "../../shared/service/reshape.ts";
import type { Payment } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS payments (
    order_id     TEXT PRIMARY KEY,
    amount_cents INTEGER CHECK (amount_cents >= 0),
    currency     TEXT,
    token        TEXT,
    reserved     INTEGER NOT NULL DEFAULT 0,
    cleared      INTEGER NOT NULL DEFAULT 0,
    cancelled    INTEGER NOT NULL DEFAULT 0,
    status       TEXT NOT NULL DEFAULT 'none'
                 CHECK (status IN ('none', 'authorized', 'declined', 'unanswered', 'captured', 'voided')),
    reference    TEXT
  ) WITHOUT ROWID;
`;

export type PaymentsStore = ReturnType<typeof store>;

export function store(db: Database) {
  reshape(db, "payments", tables);
  const select = db.prepare("SELECT * FROM payments WHERE order_id = ?");
  const put = (columns: string, values: string, update: string) =>
    db.prepare(`INSERT INTO payments (order_id, ${columns}) VALUES (?, ${values})
      ON CONFLICT (order_id) DO UPDATE SET ${update}`);
  const heard = (column: string) => put(column, "1", `${column} = 1`);

  const order = put(
    "amount_cents, currency, token",
    "?, ?, ?",
    "amount_cents = excluded.amount_cents, currency = excluded.currency, token = excluded.token",
  );
  const settled = put(
    "status, reference",
    "?, ?",
    "status = excluded.status, reference = excluded.reference",
  );
  const reserved = heard("reserved");
  const cleared = heard("cleared");
  const cancelled = heard("cancelled");

  const find = (orderId: string): Payment => {
    const row = select.get(orderId) as Row | undefined;
    return {
      order:
        row?.amount_cents == null
          ? undefined
          : { amountCents: row.amount_cents, currency: row.currency, token: row.token },
      reserved: row?.reserved === 1,
      cleared: row?.cleared === 1,
      cancelled: row?.cancelled === 1,
      status: row?.status ?? "none",
      reference: row?.reference ?? undefined,
    };
  };

  return {
    find,
    load: ({ key }: Event) => find(key),

    record({ type, key, data }: Event) {
      switch (type) {
        case "order.created":
          return order.run(key, data.totalCents, data.currency, data.paymentToken);
        case "stock.reserved":
          return reserved.run(key);
        case "risk.cleared":
          return cleared.run(key);
        case "order.cancelled":
          return cancelled.run(key);
        case "payment.authorized":
          return settled.run(key, "authorized", data.reference);
        case "payment.captured":
          return settled.run(key, "captured", data.reference);
        case "payment.voided":
          return settled.run(key, "voided", data.reference);
        case "payment.declined":
          return settled.run(key, data.decidedBy === "DEADLINE" ? "unanswered" : "declined", null);
      }
    },
  };
}

interface Row {
  amount_cents: number | null;
  currency: string;
  token: string;
  reserved: number;
  cleared: number;
  cancelled: number;
  status: Payment["status"];
  reference: string | null;
}
