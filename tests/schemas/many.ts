// A large versioned folder, to measure `check` with: `node dist/tests/schemas/many.js DIR` writes it.

import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Writes `events` events of `versions` versions each: records like an order, to which each version adds a field. */
export function writeMany(folder: string, events: number, versions: number): void {
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

const [, script, folder] = process.argv;
if (folder && script === fileURLToPath(import.meta.url)) writeMany(folder, 200, 20);
