// What a service answers of its work: what waits in its outbox, what it has handled, and what it has tried in vain.

import { expect, it } from "vitest";
import { payments } from "../../apps/payments/service.ts";
import { createLog } from "../../shared/observability/log.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { Work } from "../../shared/service/work.ts";
import { heard, NOW, ORDER, order } from "../pure/given.ts";

/** Another order, whose id begins like the first one's. */
const OTHER = `${ORDER}0`;

it("is of one key alone, and only what is still to be done", async () => {
  const db = openDatabase(":memory:");
  const runtime = new Runtime(payments({ gatewayMs: 1_000 }), {
    db,
    port: {} as never,
    publish: async () => {
      throw new Error("NATS is away");
    },
    log: createLog("payments", "silent"),
  });
  const work = new Work(db, runtime);
  const { engine } = runtime;
  expect(work.stand()).toEqual({ outbox: { depth: 0, oldestAt: null }, pausedUntil: null, pausedFor: null });

  engine.transaction(() => {
    for (const orderId of [ORDER, OTHER]) {
      engine.handle(heard("order.created", order({ orderId })));
      engine.handle(heard("stock.reserved", { orderId, lines: [] }));
      const cleared = heard("risk.cleared", { orderId, score: 1, reasons: [], decidedBy: "RULES" });
      engine.attempts.add(cleared.id, 3, "no answer", NOW);
      if (orderId === ORDER) engine.handle(cleared, { outcome: { status: "declined", reason: "no" } });
      engine.parked.put(
        { place: `5-${orderId}`, sequence: 5, key: orderId },
        {
          ...{ cause: "unreadable", stack: "", fingerprint: "f", attempts: 1, firstAt: NOW, lastAt: NOW },
          isWaiting: false,
        },
        new Uint8Array(),
      );
    }
    return true;
  });

  expect(work.stand().outbox.depth).toBe(1);
  const done = work.of(ORDER);
  expect([...done.handled].sort()).toEqual(
    ["order.created", "risk.cleared", "stock.reserved"].map((type) => `${ORDER}.${type}`),
  );
  expect(done.tries).toEqual([]);
  expect(done.unpublished).toMatchObject([{ type: "payment.declined" }]);
  expect(done.parked).toEqual([{ sequence: 5, state: "failed", cause: "unreadable" }]);

  const other = work.of(OTHER);
  expect(other.handled).toHaveLength(2);
  expect(other.tries).toMatchObject([{ eventId: `${OTHER}.risk.cleared`, times: 3, cause: "no answer" }]);
  expect(other.unpublished).toEqual([]);
  expect(work.of("nobody").handled).toEqual([]);
});
