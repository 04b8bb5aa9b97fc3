// The assessment of each order, and the reviews that are open, with what a person has to know of them. Facts arrive in any order.

import type { Database } from "better-sqlite3";
import type { Event, OrderCreated } from "../../shared/contracts/events.ts";
import { reshape } from "../../shared/service/reshape.ts";
import type { Assessment } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS assessments (
    order_id  TEXT PRIMARY KEY,
    status    TEXT NOT NULL CHECK (status IN ('cleared', 'flagged', 'rejected', 'closed')),
    decide_by INTEGER,
    score     INTEGER NOT NULL DEFAULT 0,
    reasons   TEXT NOT NULL DEFAULT '[]'
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS open_reviews ON assessments (decide_by, order_id) WHERE status = 'flagged';
  CREATE TABLE IF NOT EXISTS placed (
    order_id TEXT PRIMARY KEY,
    placed   TEXT NOT NULL
  ) WITHOUT ROWID;
`;

/** Open reviews are counted up to here. */
export const COUNTED = 1_000;

/** An order that waits for a person. */
export interface OpenReview {
  readonly orderId: string;
  readonly score: number;
  readonly reasons: string[];
  readonly decideBy: string;
  /** What was ordered; undefined where a build flagged it that did not keep it. */
  readonly placed?: Pick<OrderCreated, "customerId" | "totalCents" | "currency" | "lines">;
}

export type RiskStore = ReturnType<typeof store>;

export function store(db: Database) {
  reshape(db, "assessments", tables);
  const select = db.prepare("SELECT status, score, reasons FROM assessments WHERE order_id = ?");
  const flag = db.prepare(`INSERT INTO assessments VALUES (?, 'flagged', ?, ?, ?)
    ON CONFLICT (order_id) DO UPDATE SET
      decide_by = excluded.decide_by, score = excluded.score, reasons = excluded.reasons`);
  // What is decided stays decided, whatever is heard late.
  const settle = db.prepare(`INSERT INTO assessments (order_id, status) VALUES (:id, :status)
    ON CONFLICT (order_id) DO UPDATE SET status = :status WHERE status <> 'closed'`);
  // What was ordered is kept until it is decided on: of most orders not a moment.
  const place = db.prepare(`INSERT OR IGNORE INTO placed SELECT :id, :placed
    WHERE NOT EXISTS (SELECT 1 FROM assessments WHERE order_id = :id AND status <> 'flagged')`);
  const forget = db.prepare("DELETE FROM placed WHERE order_id = ?");
  // No bare parameter in the limit: SQLite would plan the query anew for every value.
  const waits = db.prepare(`SELECT order_id AS key, decide_by AS at FROM assessments
    WHERE status = 'flagged' ORDER BY decide_by, order_id LIMIT ? + 0`);
  const reviews =
    db.prepare(`SELECT order_id, score, reasons, decide_by, placed FROM assessments LEFT JOIN placed USING (order_id)
    WHERE status = 'flagged' AND (decide_by, order_id) > (?, ?) ORDER BY decide_by, order_id LIMIT ?`);

  const open = db
    .prepare(`SELECT count(*) FROM (SELECT 1 FROM assessments WHERE status = 'flagged' LIMIT ${COUNTED})`)
    .pluck();

  const find = (orderId: string): Assessment => {
    const row = select.get(orderId) as Row | undefined;
    return row ? { ...row, reasons: JSON.parse(row.reasons) } : { status: "none", score: 0, reasons: [] };
  };

  const end = (id: string, status: "cleared" | "rejected" | "closed") => {
    settle.run({ id, status });
    forget.run(id);
  };

  return {
    find,
    load: ({ key }: Event) => find(key),

    record({ type, key, data }: Event) {
      switch (type) {
        case "order.created": {
          const { customerId, totalCents, currency, lines } = data;
          const placed: OpenReview["placed"] = { customerId, totalCents, currency, lines };
          return place.run({ id: key, placed: JSON.stringify(placed) });
        }
        case "risk.flagged":
          return flag.run(key, data.decideBy, data.score, JSON.stringify(data.reasons));
        case "risk.cleared":
          return end(key, "cleared");
        case "risk.rejected":
          return end(key, "rejected");
        case "order.cancelled":
          return end(key, "closed");
      }
    },

    /** The open reviews with the time when each ends by itself, soonest first. */
    waits: (limit: number) => waits.all(limit) as { key: string; at: number }[],

    /** How many reviews are open; {@link COUNTED} are counted at most. */
    open: () => open.get() as number,

    /** The open reviews, the most urgent first, those after `after`. */
    reviews(after: { at: number; orderId: string }, limit: number): OpenReview[] {
      const rows = reviews.all(after.at, after.orderId, limit) as ReviewRow[];
      return rows.map(({ order_id, score, reasons, decide_by, placed }) => ({
        orderId: order_id,
        score,
        reasons: JSON.parse(reasons),
        decideBy: new Date(decide_by).toISOString(),
        ...(placed !== null && { placed: JSON.parse(placed) }),
      }));
    },
  };
}

interface Row {
  status: Assessment["status"];
  score: number;
  reasons: string;
}

interface ReviewRow {
  order_id: string;
  score: number;
  reasons: string;
  decide_by: number;
  placed: string | null;
}
