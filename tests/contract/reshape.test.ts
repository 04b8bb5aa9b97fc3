// Reshaping: a database of an older build gets this build's tables, and keeps its rows.

import type { Database } from "better-sqlite3";
import { describe, expect, it } from "vitest";
import * as orders from "../../apps/orders/store.ts";
import * as payments from "../../apps/payments/store.ts";
import * as risk from "../../apps/risk/store.ts";
import * as shipping from "../../apps/shipping/store.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { reshape } from "../../shared/service/reshape.ts";

const OLD = `
  CREATE TABLE IF NOT EXISTS shelves (
    sku    TEXT PRIMARY KEY,
    pieces INTEGER NOT NULL CHECK (pieces >= 0),
    state  TEXT NOT NULL CHECK (state IN ('full', 'empty'))
  ) WITHOUT ROWID;
`;

const NEW = `
  CREATE TABLE IF NOT EXISTS shelves (
    sku    TEXT PRIMARY KEY,
    room   TEXT NOT NULL DEFAULT 'cellar',
    pieces INTEGER NOT NULL CHECK (pieces >= 0),
    state  TEXT NOT NULL CHECK (state IN ('full', 'empty', 'broken')),
    shown  TEXT NOT NULL GENERATED ALWAYS AS (sku || ' ' || state) VIRTUAL
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS shelves_by_state ON shelves (state, sku);
  CREATE TABLE IF NOT EXISTS others (one INTEGER PRIMARY KEY);
`;

function stocked(tables = OLD): Database {
  const db = openDatabase(":memory:");
  db.exec(tables);
  const insert = db.prepare("INSERT INTO shelves (sku, pieces, state) VALUES (?, ?, ?)");
  insert.run("TEA", 3, "full");
  insert.run("POT", 0, "empty");
  return db;
}

/** What the engine does before it opens a service's store, and what the store does then. */
function upgrade(db: Database, tables = NEW): void {
  db.exec(tables);
  reshape(db, "shelves", tables);
}

function shapeOf(db: Database): unknown[] {
  return db
    .prepare("SELECT type, name, tbl_name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%' ORDER BY name")
    .all();
}

describe("reshaping a table", () => {
  it("keeps its rows, and gives new columns their defaults", () => {
    const db = stocked(OLD);
    db.exec("CREATE INDEX shelves_by_pieces ON shelves (pieces)");

    upgrade(db, NEW.replace("CREATE INDEX IF NOT EXISTS shelves_by_state ON shelves (state, sku);", ""));

    expect(db.prepare("SELECT * FROM shelves ORDER BY sku").all()).toEqual([
      { sku: "POT", room: "cellar", pieces: 0, state: "empty", shown: "POT empty" },
      { sku: "TEA", room: "cellar", pieces: 3, state: "full", shown: "TEA full" },
    ]);
  });

  it("replaces its checks, and keeps those that stay", () => {
    const db = stocked();
    const broken = "INSERT INTO shelves (sku, pieces, state) VALUES ('CUP', 1, 'broken')";
    expect(() => db.exec(broken)).toThrow("CHECK");

    upgrade(db);

    db.exec(broken);
    expect(() => db.exec("UPDATE shelves SET pieces = -1")).toThrow("CHECK");
    expect(() => db.exec("UPDATE shelves SET state = 'lost'")).toThrow("CHECK");
  });

  it("leaves the same tables and indexes as a database has that is new", () => {
    const db = stocked();
    const fresh = openDatabase(":memory:");
    fresh.exec(NEW);

    upgrade(db);

    expect(shapeOf(db)).toEqual(shapeOf(fresh));
    expect(db.pragma("table_xinfo(shelves)")).toEqual(fresh.pragma("table_xinfo(shelves)"));
  });

  it("changes nothing the second time, nor in a database that is new", () => {
    for (const db of [stocked(OLD), stocked(NEW)]) {
      upgrade(db);
      const version = db.pragma("schema_version");
      const changes = db.prepare("SELECT total_changes()").pluck().get();

      for (let times = 0; times < 2; times++) upgrade(db);

      expect(db.pragma("schema_version")).toEqual(version);
      expect(db.prepare("SELECT total_changes()").pluck().get()).toBe(changes);
      expect(db.prepare("SELECT count(*) FROM shelves").pluck().get()).toBe(2);
    }
  });

  it("is not misled by the layout of the SQL", () => {
    const db = stocked(NEW.replace(/ +/g, " ").replace("(sku || ' ' || state)", "(sku || ' ' || state) "));
    const version = db.pragma("schema_version");
    const laidOut = NEW.replace("pieces INTEGER", "pieces\n      INTEGER").replace(
      "TEXT PRIMARY",
      "TEXT   PRIMARY",
    );
    const before = db.prepare("SELECT * FROM shelves").all();

    upgrade(db, laidOut);

    expect(db.prepare("SELECT * FROM shelves").all()).toEqual(before);
    upgrade(db, laidOut);
    expect(db.pragma("schema_version")).not.toBe(version);
  });

  it("leaves all as it was when a row does not fit the new shape", () => {
    const db = stocked();
    const before = shapeOf(db);
    const strict = OLD.replace("pieces >= 0", "pieces > 0");

    expect(() => reshape(db, "shelves", strict)).toThrow("CHECK");

    expect(shapeOf(db)).toEqual(before);
    expect(db.prepare("SELECT count(*) FROM shelves").pluck().get()).toBe(2);
    expect(db.inTransaction).toBe(false);
  });

  it("has to be told of a table that there is", () => {
    expect(() => reshape(stocked(), "cupboards", NEW)).toThrow("there is no table cupboards");
  });
});

describe("a database of the build before", () => {
  it("of orders keeps its orders and their order by status", () => {
    const db = openDatabase(":memory:");
    db.exec(`CREATE TABLE orders (
      order_id TEXT PRIMARY KEY, customer_id TEXT NOT NULL, plan TEXT NOT NULL, currency TEXT NOT NULL,
      total_cents INTEGER NOT NULL CHECK (total_cents >= 0), lines TEXT NOT NULL, placed_at INTEGER NOT NULL,
      flagged INTEGER NOT NULL DEFAULT 0, cleared INTEGER NOT NULL DEFAULT 0,
      outcome TEXT CHECK (outcome IN ('completed', 'cancelled')), reason TEXT, detail TEXT, ended_at INTEGER,
      status TEXT NOT NULL GENERATED ALWAYS AS (
        coalesce(outcome, CASE WHEN flagged AND NOT cleared THEN 'in-review' ELSE 'pending' END)) VIRTUAL
    ) WITHOUT ROWID;
    INSERT INTO orders (order_id, customer_id, plan, currency, total_cents, lines, placed_at, flagged)
      VALUES ('a', 'c-1', 'STANDARD', 'EUR', 5, '[]', 7, 1)`);
    db.exec(orders.tables);

    const store = orders.store(db);

    expect(store.list({ status: "in-review", limit: 10 })).toMatchObject([
      { orderId: "a", shippingPriority: "STANDARD", totalCents: 5 },
    ]);
    expect(store.load({ key: "a" })).toEqual({ status: "in-review", cancellationRequested: 0 });
  });

  it("of risk keeps its flags with their times: their deadlines strike", () => {
    const db = openDatabase(":memory:");
    db.exec(`CREATE TABLE assessments (
      order_id TEXT PRIMARY KEY,
      status TEXT NOT NULL CHECK (status IN ('cleared', 'flagged', 'closed')),
      decide_by INTEGER
    ) WITHOUT ROWID;
    INSERT INTO assessments VALUES ('a', 'flagged', 7), ('b', 'closed', NULL)`);
    db.exec(risk.tables);

    const store = risk.store(db);

    expect(store.waits(10)).toEqual([{ key: "a", at: 7 }]);
    expect(store.find("a")).toEqual({ status: "flagged", score: 0, reasons: [] });
    expect(store.find("b").status).toBe("closed");
    db.exec("UPDATE assessments SET status = 'rejected' WHERE order_id = 'a'");
  });

  it("of payments and shipping can note that nobody answered", () => {
    const db = openDatabase(":memory:");
    db.exec(`CREATE TABLE payments (
      order_id TEXT PRIMARY KEY, amount_cents INTEGER CHECK (amount_cents >= 0), currency TEXT, token TEXT,
      reserved INTEGER NOT NULL DEFAULT 0, cleared INTEGER NOT NULL DEFAULT 0,
      cancelled INTEGER NOT NULL DEFAULT 0,
      status TEXT NOT NULL DEFAULT 'none'
        CHECK (status IN ('none', 'authorized', 'declined', 'captured', 'voided')),
      reference TEXT
    ) WITHOUT ROWID;
    INSERT INTO payments (order_id, amount_cents, currency, token, status, reference)
      VALUES ('a', 5, 'EUR', 'tok_approve', 'authorized', 'auth_a');
    CREATE TABLE shipments (
      order_id TEXT PRIMARY KEY, plan TEXT, ship_to TEXT, authorized INTEGER NOT NULL DEFAULT 0,
      status TEXT NOT NULL DEFAULT 'none' CHECK (status IN ('none', 'dispatched', 'waived', 'failed')),
      tracking TEXT
    ) WITHOUT ROWID;
    INSERT INTO shipments (order_id, authorized, status, tracking) VALUES ('a', 1, 'dispatched', 'SS1')`);
    db.exec(payments.tables);
    db.exec(shipping.tables);

    expect(payments.store(db).find("a")).toMatchObject({ status: "authorized", reference: "auth_a" });
    shipping.store(db);
    expect(db.prepare("SELECT * FROM shipments").all()).toMatchObject([
      { status: "dispatched", shipping_priority: "STANDARD" },
    ]);
    for (const table of ["payments", "shipments"]) db.exec(`UPDATE ${table} SET status = 'unanswered'`);
  });
});
