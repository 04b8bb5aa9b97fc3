// What a dry run of a redrive promises: it tells what would happen, and the service that runs meanwhile notices nothing.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { MsgHdrsImpl } from "nats";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { encode, fact } from "../../shared/contracts/events.ts";
import { foresee } from "../../shared/parked/dry-run.ts";
import type { Entry } from "../../shared/parked/entries.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { Engine } from "../../shared/service/engine.ts";
import { stateHash } from "../../shared/service/state.ts";
import { order } from "../pure/given.ts";

const risk = allServices(loadConfig({})).find(({ name }) => name === "risk")!;
const folder = mkdtempSync(join(tmpdir(), "quadrille-"));
const file = join(folder, "state.db");
const db = openDatabase(file);

beforeAll(() => {
  new Engine(risk, db);
});
afterAll(() => {
  db.close();
  rmSync(folder, { recursive: true });
});

test("a dry run says what would be said, one entry after the other, while the service writes, and leaves nothing", () => {
  const before = stateHash(db);
  const entry = parked("o-1");
  db.exec("BEGIN IMMEDIATE; INSERT INTO inbox VALUES ('under way', 1)");

  const foreseen = foresee(risk, file, [entry, entry, parked("o-2")]);

  expect(foreseen).toEqual([
    expect.stringMatching(/^says risk\.\w+ .*"orderId":"o-1"/),
    "was handled before: nothing happens",
    expect.stringMatching(/^says risk\.\w+ .*"orderId":"o-2"/),
  ]);
  db.exec("ROLLBACK");
  expect(stateHash(db)).toBe(before);
});

/** What risk has put aside: that an order was placed. */
function parked(orderId: string): Entry {
  const created = fact("order.created", order({ orderId }));
  const headers = MsgHdrsImpl.fromRecord({
    "ce-id": [`${orderId}.0`],
    "ce-time": ["2026-01-05T09:00:00Z"],
  });
  const message = { subject: `order.created.${orderId}`, headers, data: encode(created) };
  return { key: orderId, cause: "why", message } as unknown as Entry;
}
