// A large versioned folder, and how long `check` takes for it.

import { spawnSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectRoot } from "../project.ts";
import { median } from "./median.ts";

const RUNS = 5;

/**
 * The median of a few runs of `check`, as a process, over `events` events of `versions` versions each, every version
 * against every other both ways. In seconds.
 */
export function measureCheck(folder: string, events: number, versions: number): number {
  writeMany(folder, events, versions);
  const command = join(projectRoot, "dist", "shared", "schemas", "command.js");
  const times = Array.from({ length: RUNS }, () => {
    const from = performance.now();
    const { status, stdout } = spawnSync(process.execPath, [command, "check", "--folder", folder], {
      encoding: "utf8",
    });
    if (status !== 0) throw new Error(`check failed: ${stdout}`);
    return performance.now() - from;
  });
  return median(times) / 1_000;
}

/** Records like an order, to which each version adds a field. */
function writeMany(folder: string, events: number, versions: number): void {
  for (let event = 1; event <= events; event++) {
    const path = join(folder, `order${event}.created`);
    mkdirSync(path, { recursive: true });
    for (let version = 1; version <= versions; version++) {
      writeFileSync(join(path, `v${version}.avsc`), JSON.stringify(order(event, version), null, 2));
    }
  }
}

function order(event: number, version: number): object {
  const added = Array.from({ length: version - 1 }, (_, index) => ({
    name: `note${index + 2}`,
    ...[
      { type: "string", default: "" },
      { type: ["null", "long"], default: null },
      { type: { type: "array", items: "OrderLine" }, default: [] },
    ][index % 3],
  }));
  return {
    type: "record",
    name: `Order${event}Created`,
    namespace: "many",
    doc: "A customer's order was accepted.",
    fields: [
      { name: "orderId", type: "string", doc: "The order, a UUID." },
      { name: "plan", type: enumOf("Plan", ["STANDARD", "TRIAL"]) },
      { name: "placedAt", type: { type: "long", logicalType: "timestamp-millis" } },
      { name: "total", type: { type: "bytes", logicalType: "decimal", precision: 12, scale: 2 } },
      {
        name: "shipTo",
        type: record("Address", ["name", "line1", "city", "postcode", "country"].map(text)),
      },
      {
        name: "lines",
        type: {
          type: "array",
          items: record("OrderLine", [text("sku"), { name: "quantity", type: "int" }]),
        },
      },
      { name: "payment", type: ["null", record("Card", [text("token")]), record("Invoice", [text("iban")])] },
      ...added,
    ],
  };
}

function record(name: string, fields: object[]): object {
  return { type: "record", name, fields };
}

function enumOf(name: string, symbols: string[]): object {
  return { type: "enum", name, symbols, default: symbols[0] };
}

function text(name: string): object {
  return { name, type: "string" };
}
