// The sandbox gateway: behaves by payment token, as card networks' test cards do, and keeps a ledger of its own.

import { setTimeout as sleep } from "node:timers/promises";
import type { Database } from "better-sqlite3";
import type { Authorization, Gateway } from "./gateway.ts";

const SLOW_MS = 2_000;
const FLAKY_TIMEOUTS = 2;
const APPROVED = ["tok_approve", "tok_flaky", "tok_slow", "tok_silent"];

/** One order in the gateway's books. */
export interface LedgerEntry {
  readonly order_id: string;
  readonly reference: string;
  readonly amount_cents: number;
  readonly status: "authorized" | "declined" | "captured" | "voided";
  readonly reason: string | null;
}

/**
 * A gateway whose ledger is a table in `db`. Tokens: `tok_approve`, `tok_decline`, `tok_flaky` (times out twice,
 * then approves), `tok_slow` (takes 2 s), `tok_unreachable` (always times out), `tok_silent` (holds the amount, and never
 * says so); any other is declined as unknown.
 */
export function sandboxGateway(db: Database): Gateway {
  db.exec(`
    CREATE TABLE IF NOT EXISTS ledger (
      order_id     TEXT PRIMARY KEY,
      reference    TEXT NOT NULL,
      amount_cents INTEGER NOT NULL,
      status       TEXT NOT NULL CHECK (status IN ('authorized', 'declined', 'captured', 'voided')),
      reason       TEXT
    ) WITHOUT ROWID;
    CREATE TABLE IF NOT EXISTS timeouts (key TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;`);
  const find = db.prepare("SELECT * FROM ledger WHERE order_id = ?");
  const insert = db.prepare("INSERT INTO ledger VALUES (?, ?, ?, ?, ?)");
  const move = db.prepare("UPDATE ledger SET status = ? WHERE order_id = ?");
  const attempt = db
    .prepare("INSERT INTO timeouts VALUES (?, 1) ON CONFLICT DO UPDATE SET count = count + 1 RETURNING count")
    .pluck();
  const entry = (orderId: string) => find.get(orderId) as LedgerEntry | undefined;

  return {
    async authorize({ key, orderId, amountCents, token }, signal): Promise<Authorization> {
      if (token === "tok_slow") await sleep(SLOW_MS, undefined, { signal });
      if (token === "tok_unreachable") throw new Error("the gateway timed out");
      const known = entry(orderId);
      if (known?.status === "authorized" && token === "tok_silent") throw new Error("the gateway timed out");
      if (known) return answered(known);

      if (token === "tok_flaky" && (attempt.get(key) as number) <= FLAKY_TIMEOUTS) {
        throw new Error("the gateway timed out");
      }
      const reference = `auth_${orderId}`;
      if (APPROVED.includes(token)) {
        insert.run(orderId, reference, amountCents, "authorized", null);
        if (token === "tok_silent") throw new Error("the gateway timed out");
        return { status: "authorized", reference };
      }
      const reason = token === "tok_decline" ? "the card was declined" : "the payment token is not known";
      insert.run(orderId, reference, amountCents, "declined", reason);
      return { status: "declined", reason };
    },

    async capture({ orderId, amountCents }) {
      const held = entry(orderId);
      if (held?.amount_cents !== amountCents || !["authorized", "captured"].includes(held.status)) {
        throw new Error(`${amountCents} cents are not held for order ${orderId}`);
      }
      move.run("captured", orderId);
      return { status: "captured", reference: held.reference };
    },

    async void({ orderId }) {
      const held = entry(orderId);
      if (!held) insert.run(orderId, "none", 0, "declined", "the order was cancelled");
      if (held?.status !== "authorized" && held?.status !== "voided") return { status: "nothing-held" };
      move.run("voided", orderId);
      return { status: "voided", reference: held.reference };
    },
  };
}

function answered({ status, reference, reason }: LedgerEntry): Authorization {
  return status === "authorized" || status === "captured"
    ? { status: "authorized", reference }
    : { status: "declined", reason: reason ?? `it was ${status}` };
}
