// Whom to write to about each order, and what there was to say. Facts arrive in any order.

import type { Database } from "better-sqlite3";
import type { Event } from "../../shared/contracts/events.ts";
import type { Contact, Correspondence, Notice } from "./decisions.ts";

export const tables = `
  CREATE TABLE IF NOT EXISTS contacts (
    order_id TEXT PRIMARY KEY,
    contact  TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS notices (
    order_id TEXT NOT NULL,
    time     INTEGER NOT NULL,
    event_id TEXT NOT NULL,
    notice   TEXT NOT NULL,
    PRIMARY KEY (order_id, time, event_id)
  ) WITHOUT ROWID;
`;

export function store(db: Database) {
  const contactOf = db.prepare("SELECT contact FROM contacts WHERE order_id = ?").pluck();
  const noticesOf = db
    .prepare("SELECT notice FROM notices WHERE order_id = ? ORDER BY time, event_id")
    .pluck();
  const addContact = db.prepare("INSERT INTO contacts VALUES (?, ?)");
  const addNotice = db.prepare("INSERT INTO notices VALUES (?, ?, ?, ?)");

  return {
    load({ key }: Event): Correspondence {
      const contact = contactOf.get(key) as string | undefined;
      const notices = noticesOf.all(key) as string[];
      return {
        contact: contact && JSON.parse(contact),
        notices: notices.map((notice) => JSON.parse(notice)),
      };
    },

    record(event: Event) {
      if (event.type === "order.created") {
        const { email, currency, totalCents, shipTo } = event.data;
        const contact: Contact = { email, currency, totalCents, name: shipTo.name };
        addContact.run(event.key, JSON.stringify(contact));
      } else {
        const { id, type, key, time, data } = event as Notice;
        addNotice.run(key, time, id, JSON.stringify({ id, type, key, data }));
      }
    },
  };
}
