// A new database beside the old one: nobody begins with either meanwhile, nothing is lost, and never is there none.

import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite, { type Database } from "better-sqlite3";
import { beforeEach, expect, it } from "vitest";
import { orders, placeOrder } from "../../apps/orders/service.ts";
import { createLog } from "../../shared/observability/log.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { Engine } from "../../shared/service/engine.ts";
import { Replay } from "../../shared/service/replay.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { differences, stateHash } from "../../shared/service/state.ts";
import { carryOver, openSuccessor, type Successor, takePlace } from "../../shared/service/succession.ts";
import { order } from "../pure/given.ts";
import { never } from "./outside.ts";

const placing = {
  input: order({ orderId: "o-1" }),
  key: "o-1",
  idempotency: { key: "k", request: "body" },
};

let folder: string;
let file: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "quadrille-succession-"));
  file = join(folder, "state.db");
  return () => rmSync(folder, { recursive: true });
});

it("takes over facts that are still to be published, and answers that were given", async () => {
  const db = openDatabase(file);
  const before = running(db);
  const answer = await before.submit(placeOrder, placing);
  const outbox = before.engine.outboxAfter(0);
  db.close();

  const successor = succeed();

  expect(differences(successor.db, "old")).toEqual([]);
  const after = running(successor.db);
  expect(after.engine.outboxAfter(after.engine.publishedThrough)).toEqual(outbox);
  expect(await after.submit(placeOrder, placing)).toEqual(answer);
  successor.db.close();
});

it("is empty beside an empty one, or none: there is nothing to compare with", () => {
  const successor = succeed();

  expect(successor.hasOld).toBe(false);
  successor.db.close();
});

it("lets nobody begin with the old database, nor with the new one before it is closed", () => {
  const successor = succeed();
  const begin = () => new BetterSqlite(file, { timeout: 0 }).exec("CREATE TABLE mine (id)");

  expect(begin).toThrow("database is locked");
  takePlace(successor, file, false);
  successor.db.close();
  begin();
});

it("is not opened while the service has the old one open", () => {
  const db = openDatabase(file);
  new Engine(orders, db);

  expect(() => openSuccessor(orders, file)).toThrow("orders is running");
  db.close();
});

it("puts aside what can't be read", () => {
  writeFileSync(file, "this is no database, ".repeat(1_000));

  const successor = succeed();

  expect(successor.hasOld).toBe(false);
  expect(readdirSync(folder)).toContainEqual(expect.stringMatching(/^state\.db\.unreadable-/));
  successor.db.close();
});

it("says where the two differ, by table and key", async () => {
  await withOrders("o-1", "o-2");
  const successor = succeed();
  successor.db.exec("DELETE FROM orders WHERE order_id = 'o-2'; UPDATE orders SET flagged = 1");

  expect(differences(successor.db, "old")).toEqual([{ table: "orders", keys: 2, some: ["o-1", "o-2"] }]);
  successor.db.close();
});

it("takes the place of the old one as a single file, and keeps that if it is to", async () => {
  const before = await withOrders("o-1");
  const successor = succeed();
  successor.db.exec("DELETE FROM orders");

  const kept = takePlace(successor, file, true);
  successor.db.close();

  expect(readdirSync(folder).map((name) => join(folder, name))).toEqual([file, kept]);
  expect(hashOf(kept!)).toBe(before);
  expect(hashOf(file)).not.toBe(before);
});

/** A successor to whom nothing is told that the stream has, but all that only the old database knows. */
function succeed(): Successor {
  const successor = openSuccessor(orders, file);
  const replay = new Replay(orders, successor.db);
  replay.allStored();
  carryOver(successor, replay, orders, true);
  return successor;
}

function running(db: Database) {
  return new Runtime(orders, { db, port: undefined, publish: never, log: createLog("orders", "silent") });
}

/** The hash of a database with these orders, which is closed again. */
async function withOrders(...ids: string[]): Promise<string> {
  const db = openDatabase(file);
  for (const key of ids) await running(db).submit(placeOrder, { input: order({ orderId: key }), key });
  db.close();
  return hashOf(file);
}

function hashOf(path: string): string {
  const db = new BetterSqlite(path);
  const hash = stateHash(db);
  db.close();
  return hash;
}
