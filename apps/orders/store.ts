// The orders as their customers see them. One row an order; its status follows from the facts noted in it. What others say
// of an order may arrive before the order itself: it is noted when the order is there.

import type { Database } from "better-sqlite3";
import type { Event, OrderCreated } from "../../shared/contracts/events.ts";
import { reshape } from "../../shared/service/reshape.ts";
import type { Order } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS orders (
    order_id    TEXT PRIMARY KEY,
    customer_id TEXT NOT NULL,
    plan        TEXT NOT NULL,
    shipping_priority TEXT NOT NULL DEFAULT 'STANDARD',
    currency    TEXT NOT NULL,
    total_cents INTEGER NOT NULL CHECK (total_cents >= 0),
    lines       TEXT NOT NULL,
    placed_at   INTEGER NOT NULL,
    flagged     INTEGER NOT NULL DEFAULT 0,
    cleared     INTEGER NOT NULL DEFAULT 0,
    cancellation_requested INTEGER NOT NULL DEFAULT 0,
    outcome     TEXT CHECK (outcome IN ('completed', 'cancelled')),
    reason      TEXT,
    detail      TEXT,
    ended_at    INTEGER,
    status      TEXT NOT NULL GENERATED ALWAYS AS (
      coalesce(outcome, CASE WHEN flagged AND NOT cleared THEN 'in-review' ELSE 'pending' END)
    ) VIRTUAL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS orders_by_status ON orders (status, order_id);
  CREATE TABLE IF NOT EXISTS early (
    order_id TEXT NOT NULL,
    type     TEXT NOT NULL,
    PRIMARY KEY (order_id, type)
  ) WITHOUT ROWID;
`;

/** One order as it is shown. */
export interface OrderView {
  readonly orderId: string;
  readonly status: "pending" | "in-review" | "completed" | "cancelled";
  readonly cancellationRequested?: true;
  readonly reason?: string;
  readonly detail?: string;
  readonly customerId: string;
  readonly plan: OrderCreated["plan"];
  readonly shippingPriority: OrderCreated["shippingPriority"];
  readonly currency: string;
  readonly totalCents: number;
  readonly lines: OrderCreated["lines"];
  readonly placedAt: string;
  readonly endedAt?: string;
}

export type OrdersStore = ReturnType<typeof store>;

export function store(db: Database) {
  reshape(db, "orders", tables);
  const status = db.prepare(
    "SELECT status, cancellation_requested AS cancellationRequested FROM orders WHERE order_id = ?",
  );
  const insert = db.prepare(`INSERT INTO orders
    (order_id, customer_id, plan, shipping_priority, currency, total_cents, lines, placed_at)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)`);
  const request = db.prepare("UPDATE orders SET cancellation_requested = 1 WHERE order_id = ?");
  const assess = {
    "risk.flagged": db.prepare("UPDATE orders SET flagged = 1 WHERE order_id = ?"),
    "risk.cleared": db.prepare("UPDATE orders SET cleared = 1 WHERE order_id = ?"),
  };
  const end = db.prepare(
    "UPDATE orders SET outcome = ?, reason = ?, detail = ?, ended_at = ? WHERE order_id = ?",
  );
  const addEarly = db.prepare("INSERT INTO early VALUES (?, ?)");
  const takeEarly = db.prepare("DELETE FROM early WHERE order_id = ? RETURNING type").pluck();
  const one = db.prepare("SELECT * FROM orders WHERE order_id = ?");
  const page = db.prepare("SELECT * FROM orders WHERE order_id < ? ORDER BY order_id DESC LIMIT ?");
  const pageByStatus = db.prepare(
    "SELECT * FROM orders WHERE status = ? AND order_id < ? ORDER BY order_id DESC LIMIT ?",
  );
  const pageOfOldest = db.prepare("SELECT * FROM orders WHERE order_id > ? ORDER BY order_id LIMIT ?");
  const pageOfOldestByStatus = db.prepare(
    "SELECT * FROM orders WHERE status = ? AND order_id > ? ORDER BY order_id LIMIT ?",
  );
  const search = (direction: "<" | ">") => {
    const order = `ORDER BY order_id ${direction === "<" ? "DESC" : "ASC"}`;
    const window = `SELECT * FROM orders WHERE order_id ${direction} @after ${order} LIMIT ${SEARCHED}`;
    return {
      find: db.prepare(`SELECT * FROM (${window}) WHERE instr(order_id, @id) AND instr(lower(customer_id), lower(@customer))
        AND (@status IS NULL OR status = @status) ${order} LIMIT @limit`),
      end: db.prepare(`SELECT order_id FROM (${window}) LIMIT 1 OFFSET ${SEARCHED - 1}`).pluck(),
    };
  };
  const [searchNewest, searchOldest] = [search("<"), search(">")];

  const count = db.prepare("SELECT count(*) FROM orders WHERE status = ?").pluck();
  const placedAt = db.prepare("SELECT placed_at FROM orders WHERE order_id = ?").pluck();

  const load = (orderId: string) => status.get(orderId) as Order;

  return {
    load: ({ key }: Pick<Event, "key">) => load(key),

    record({ type, data, key, time }: Event) {
      switch (type) {
        case "order.created": {
          const { customerId, plan, shippingPriority, currency, totalCents } = data;
          const lines = JSON.stringify(data.lines);
          insert.run(key, customerId, plan, shippingPriority, currency, totalCents, lines, time);
          for (const early of takeEarly.all(key) as (keyof typeof assess)[]) assess[early].run(key);
          return;
        }
        case "risk.flagged":
        case "risk.cleared":
          if (assess[type].run(key).changes === 0) addEarly.run(key, type);
          return;
        case "order.cancellation-requested":
          return request.run(key);
        case "order.completed":
          return end.run("completed", null, null, time, key);
        case "order.cancelled":
          return end.run("cancelled", data.reason, data.detail, time, key);
      }
    },

    /** The order as its customer sees it. */
    find(orderId: string): OrderView | undefined {
      const row = one.get(orderId) as Row | undefined;
      return row && view(row);
    },

    /** How many orders have a status. It takes as long as there are many. */
    count: (status: OrderView["status"]) => count.get(status) as number,

    /** When an order was placed, in milliseconds since 1970. */
    placedAt: (orderId: string) => placedAt.get(orderId) as number | undefined,

    /** Newest or oldest first; those that come after the order `after`. */
    list({ status, order, after, limit }: Filter): OrderView[] {
      const isOldest = order === "oldest";
      const from = after ?? (isOldest ? FIRST : LAST);
      const rows = status
        ? (isOldest ? pageOfOldestByStatus : pageByStatus).all(status, from, limit)
        : (isOldest ? pageOfOldest : page).all(from, limit);
      return (rows as Row[]).map(view);
    },

    /** Those of the next {@link SEARCHED} that have these texts in them, and where to go on if there may be more behind. */
    search({
      id = "",
      customer = "",
      status,
      order,
      after,
      limit,
    }: Filter & { id?: string | undefined; customer?: string | undefined }): {
      found: OrderView[];
      searchedTo?: string | undefined;
    } {
      const isOldest = order === "oldest";
      const { find, end } = isOldest ? searchOldest : searchNewest;
      const from = after ?? (isOldest ? FIRST : LAST);
      const rows = find.all({ after: from, id: id.toLowerCase(), customer, status: status ?? null, limit });
      return { found: (rows as Row[]).map(view), searchedTo: end.get({ after: from }) as string | undefined };
    },
  };
}

/** Which orders are listed, and how many. */
interface Filter {
  status?: OrderView["status"] | undefined;
  order?: "newest" | "oldest";
  after?: string | undefined;
  limit: number;
}

/** How many orders are looked through at a time: a search keeps the service from its other work. */
export const SEARCHED = 10_000;

/** Texts before and behind all ids. */
const FIRST = "";
const LAST = "~";

interface Row {
  order_id: string;
  customer_id: string;
  plan: OrderView["plan"];
  shipping_priority: OrderView["shippingPriority"];
  cancellation_requested: number;
  currency: string;
  total_cents: number;
  lines: string;
  placed_at: number;
  reason: string | null;
  detail: string | null;
  ended_at: number | null;
  status: OrderView["status"];
}

function view(row: Row): OrderView {
  return {
    orderId: row.order_id,
    status: row.status,
    ...(row.cancellation_requested && { cancellationRequested: true }),
    ...(row.reason && { reason: row.reason }),
    ...(row.detail && { detail: row.detail }),
    customerId: row.customer_id,
    plan: row.plan,
    shippingPriority: row.shipping_priority,
    currency: row.currency,
    totalCents: row.total_cents,
    lines: JSON.parse(row.lines),
    placedAt: new Date(row.placed_at).toISOString(),
    ...(row.ended_at && { endedAt: new Date(row.ended_at).toISOString() }),
  };
}
