// The judge of chaos runs sees what is lost, invented, doubled or left alone.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { outside } from "../../apps/proof/world.ts";
import { stateFile } from "../../shared/chaos/database.ts";
import { judge } from "../../shared/chaos/judge.ts";
import type { Testimony } from "../../shared/chaos/testimony.ts";
import { type Event, fact } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { Engine } from "../../shared/service/engine.ts";
import { orderFlow } from "../../shared/stack/chaos.ts";
import { EXAMPLE_ORDER } from "../../shared/stack/example.ts";

const nothing: Testimony = { flow: [], unreadable: [], discarded: new Set(), parked: [] };
let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "quadrille-judge-"));
  for (const service of orderFlow.services) change(service.name, "SELECT 1");
});

afterEach(() => rmSync(folder, { recursive: true }));

/** Creates a service's database if it is missing, and changes it. */
function change(service: string, sql: string): void {
  const db = openDatabase(stateFile(folder, service), "relaxed");
  new Engine(orderFlow.services.find(({ name }) => name === service)!, db);
  db.exec(sql);
  db.close();
}

function broken(found: Partial<Testimony>, accepted: string[] = []): string {
  const judged = { ...orderFlow, world: () => outside.start };
  return judge(judged, { ...nothing, ...found }, folder, accepted).join("\n");
}

function placed(id: string, causationId = "place key-1", totalCents = 900): Event {
  const order = { orderId: "o-1", ...EXAMPLE_ORDER, lines: [...EXAMPLE_ORDER.lines], totalCents };
  const attributes = { id, key: "o-1", source: "orders", time: 1, causationId, correlationId: "o-1" };
  return { ...fact("order.created", { ...order, shippingPriority: "STANDARD" }), ...attributes } as Event;
}

it("finds nothing where nothing was done", () => {
  expect(broken({})).toBe("");
});

it("sees an order that is lost, one that nobody knows of, and one that is stuck", () => {
  expect(broken({}, ["o-1"])).toContain("o-1 was accepted, and is lost");
  expect(broken({ flow: [placed("a")] })).toContain("o-1 was placed, and no customer knows of it");
  expect(broken({ flow: [placed("a")] }, ["o-1"])).toContain("o-1 is stuck: it never ends");
});

it("sees what is said twice, and what is stored once more and is not the same", () => {
  expect(broken({ flow: [placed("a"), placed("b")] })).toContain(
    "2 times: orders says order.created of o-1 on place key-1",
  );
  expect(broken({ flow: [placed("a"), placed("a", "place key-1", 901)] })).toContain("a is in the stream as");
  expect(broken({ flow: [placed("a"), placed("a")] })).not.toContain("a is in the stream as");
});

it("sees a fact without a cause", () => {
  expect(broken({ flow: [placed("a", "nobody")] })).toContain("is caused by nobody, which is nowhere");
  expect(broken({ flow: [placed("a")] })).not.toContain("nowhere");
});

it("sees what a service has not handled, and what it has handled or said and nobody can find", () => {
  change("risk", "INSERT INTO inbox VALUES ('ghost', 1)");
  change(
    "shipping",
    "INSERT INTO outbox VALUES (1, 'gone', 'shipment.failed', 'o-1', 1, 'a', 'o-1', NULL, x'')",
  );
  const sentences = broken({ flow: [placed("a")] });

  expect(sentences).toContain("risk has not handled order.created of o-1");
  expect(sentences).toContain("risk has handled ghost, which is not in the stream");
  expect(sentences).toContain("shipping has said gone, which is not in the stream");
});

describe("what is parked", () => {
  const name = "chaos-garbage-1";
  const unreadable = [{ type: "risk.flagged" as const, name, place: "7-1" }];
  const entry = { service: "orders", key: name, place: "7-1", cause: "not Avro", garbage: name };
  const aside = (state = "failed") =>
    change(
      "orders",
      `INSERT INTO parked (place, sequence, key, state, why) VALUES ('7-1', 7, '${name}', '${state}', '{}')`,
    );

  it("is garbage, once at each who listens, and nothing else", () => {
    const real = { ...entry, service: "risk", key: "o-1", cause: "a bug", garbage: undefined };
    expect(broken({ parked: [real] })).toContain("risk has parked something of o-1: a bug");

    const sentences = broken({ unreadable, parked: [entry, entry] });
    expect(sentences).toContain(`2 times: orders ${name} is parked`);
    expect(sentences).toContain(`analytics ${name} can't be read, and is not parked`);
    expect(sentences).not.toContain(`risk ${name}`);
  });

  it("holds up no order for good", () => {
    expect(broken({ parked: [{ ...entry, key: "o-1" }] })).toContain(
      `orders ${name} holds up o-1, and nobody discards it`,
    );
  });

  it("is gone once an operator has discarded it, and missed by nobody", () => {
    const discarded = new Set(["orders 7-1"]);
    expect(broken({ unreadable, discarded })).not.toContain(`orders ${name}`);
    expect(broken({ unreadable, discarded, parked: [entry] })).toContain(
      `orders ${name} was discarded, and is parked`,
    );

    change("orders", `INSERT INTO inbox VALUES ('${name}', 1)`);
    expect(broken({ unreadable, discarded })).not.toContain("orders has handled");
  });

  it("is the same in PARKED and in the service's database", () => {
    expect(broken({ parked: [entry] })).toContain("orders knows nothing of what PARKED has of it at 7-1");
    aside();
    expect(broken({ unreadable, parked: [entry] })).not.toContain("7-1");
    expect(broken({})).toContain(`orders has ${name} aside as failed, at 7-1, and PARKED does not`);
  });

  it("is not under way any more", () => {
    aside("redriven");
    expect(broken({ parked: [entry] })).toContain(`orders has ${name} aside as redriven`);
  });
});
