// A projection of everything: how many of each fact, how orders ended, what they brought in, what sells.

import type { Database } from "better-sqlite3";
import type { Event } from "../../shared/contracts/events.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS facts (
    type  TEXT PRIMARY KEY,
    count INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS cancellations (
    reason TEXT PRIMARY KEY,
    count  INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS revenue (
    currency TEXT PRIMARY KEY,
    cents    INTEGER NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS sales (
    sku      TEXT PRIMARY KEY,
    quantity INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

/** What `GET /analytics/summary` shows. */
export interface Summary {
  readonly orders: { placed: number; completed: number; cancelled: number; open: number };
  readonly cancelledBy: Record<string, number>;
  readonly revenueCents: Record<string, number>;
  readonly topSkus: { sku: string; quantity: number }[];
  readonly facts: Record<string, number>;
}

export type AnalyticsStore = ReturnType<typeof store>;

export function store(db: Database) {
  const count = db.prepare("INSERT INTO facts VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1");
  const cancel = db.prepare(
    "INSERT INTO cancellations VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1",
  );
  const earn = db.prepare(
    "INSERT INTO revenue VALUES (?, ?) ON CONFLICT DO UPDATE SET cents = cents + excluded.cents",
  );
  const sell = db.prepare(
    "INSERT INTO sales VALUES (?, ?) ON CONFLICT DO UPDATE SET quantity = quantity + excluded.quantity",
  );
  const counts = db.prepare("SELECT type, count FROM facts ORDER BY type");
  const cancellations = db.prepare("SELECT reason, count FROM cancellations ORDER BY reason");
  const revenue = db.prepare("SELECT currency, cents FROM revenue ORDER BY currency");
  const top = db.prepare("SELECT sku, quantity FROM sales ORDER BY quantity DESC, sku LIMIT ?");

  return {
    load: () => undefined,

    // Every total is a sum, so the order in which facts arrive makes no difference.
    record({ type, data }: Event) {
      count.run(type);
      switch (type) {
        case "order.cancelled":
          return cancel.run(data.reason);
        case "payment.captured":
          return earn.run(data.currency, data.amountCents);
        case "stock.committed":
          for (const { sku, quantity } of data.lines) sell.run(sku, quantity);
      }
    },

    summary(topSkus: number): Summary {
      const facts = dictionary(counts.raw().all());
      const {
        "order.created": placed = 0,
        "order.completed": completed = 0,
        "order.cancelled": cancelled = 0,
      } = facts;
      return {
        orders: { placed, completed, cancelled, open: Math.max(0, placed - completed - cancelled) },
        cancelledBy: dictionary(cancellations.raw().all()),
        revenueCents: dictionary(revenue.raw().all()),
        topSkus: top.all(topSkus) as Summary["topSkus"],
        facts,
      };
    },
  };
}

function dictionary(rows: unknown[]): Record<string, number> {
  return Object.fromEntries(rows as [string, number][]);
}
