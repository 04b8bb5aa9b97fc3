// The assessment of each order.

import type { Database } from "better-sqlite3";
import type { Event } from "../../shared/contracts/events.ts";
import type { Assessment } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS assessments (
    order_id  TEXT PRIMARY KEY,
    status    TEXT NOT NULL CHECK (status IN ('cleared', 'flagged', 'closed')),
    decide_by INTEGER
  ) WITHOUT ROWID;
`;

export function store(db: Database) {
  const select = db.prepare("SELECT status FROM assessments WHERE order_id = ?");
  const insert = db.prepare("INSERT OR IGNORE INTO assessments VALUES (?, ?, ?)");
  const close = db.prepare(`INSERT INTO assessments VALUES (?, 'closed', NULL)
    ON CONFLICT (order_id) DO UPDATE SET status = 'closed'`);

  return {
    load: ({ key }: Event) => select.get(key) as Assessment,

    record({ type, key, data }: Event) {
      switch (type) {
        case "risk.cleared":
          return insert.run(key, "cleared", null);
        case "risk.flagged":
          return insert.run(key, "flagged", data.decideBy);
        case "order.cancelled":
          return close.run(key);
      }
    },
  };
}
