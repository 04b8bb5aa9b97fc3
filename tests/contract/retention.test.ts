// What a service forgets, when, and what it must not: nothing that may come again is forgotten.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { ConfigError, loadConfig } from "../../shared/config.ts";
import { expectLongMemory } from "../../shared/service/ages.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { StartRefusedError } from "../../shared/service/start-refused.ts";
import { controlTime } from "./flow.ts";
import { noted, paid, plantBug, Till, turns } from "./till.ts";

const HOUR_MS = 3_600_000;
const DAY = 24 * HOUR_MS;
/** More than what is kept, of what was handled and of what is parked. */
const RETENTION = { recordsMs: 50 * HOUR_MS, parkedMs: 20 * HOUR_MS, brokerTime: () => Date.now() };

beforeEach(controlTime);

/** Lets so many hours go by, and then the pruner look at everything. */
async function pass(hours: number): Promise<void> {
  vi.setSystemTime(Date.now() + hours * HOUR_MS);
  for (let second = 0; second < 120; second++) {
    await vi.advanceTimersByTimeAsync(1_000);
    await turns();
  }
}

describe("a service", () => {
  it("recognises what it has handled for as long as that may come again, and then forgets it", async () => {
    const till = new Till({ retention: RETENTION });
    await till.take(paid("a"));
    await pass(49);
    await till.take(paid("a"));
    expect(till.said).toEqual(["order.completed a"]);

    await pass(2);
    expect(till.rows("inbox")).toBe(0);
  });

  it("forgets nothing though its own clock jumps ahead: what may come again is up to the broker", async () => {
    let brokerTime = Date.now();
    const till = new Till({ retention: { ...RETENTION, brokerTime: () => brokerTime } });
    await till.take(paid("a"));
    await pass(1_000);
    expect(till.rows("inbox")).toBe(1);

    brokerTime = Date.now();
    await pass(0);
    expect(till.rows("inbox")).toBe(0);
  });

  it("forgets what it has said but for the newest, so that its numbers go on", async () => {
    const till = new Till({ retention: RETENTION });
    await till.take(paid("a"), paid("b"));
    await pass(51);
    expect(till.said).toEqual(["order.completed b"]);

    till.restart();
    await till.take(paid("c"));
    expect(till.stored).toEqual(["order.completed a", "order.completed b", "order.completed c"]);
  });

  it("forgets nothing that is not published yet, however old it is", async () => {
    const till = new Till({ retention: RETENTION });
    till.broker.mood = "refuses";
    await till.take(paid("a"), paid("b"));
    await pass(100);
    till.broker.mood = "works";
    till.restart();
    await turns();
    expect(till.stored).toEqual(["order.completed a", "order.completed b"]);
  });

  it("forgets the answers to commands, and may carry out the same command again then", async () => {
    const till = new Till({ retention: RETENTION });
    const idempotency = { key: "k", request: "r" };
    await Promise.all([till.place("a", idempotency), turns()]);
    await pass(49);
    await Promise.all([till.place("a", idempotency), turns()]);
    expect(till.stored).toHaveLength(1);
    await pass(2);
    expect(till.rows("replies")).toBe(0);
  });

  it("lets an order go on when what it waits for has expired in PARKED", async () => {
    plantBug("a");
    const till = new Till({ retention: RETENTION });
    await till.take(paid("a"));
    await pass(15);
    await till.take(noted("a"));
    plantBug("a", false);
    await pass(6);

    expect(till.rows("parked")).toBe(0);
    const [later] = await till.take({ ...noted("a"), id: "later" });
    expect(later!.end).toBe("acked");
  });

  it("lets nothing go from behind what is still put aside: it was never tried", async () => {
    plantBug("a");
    const till = new Till({ retention: RETENTION });
    const [first] = await till.take(paid("a"));
    await till.take(noted("a"));
    await pass(19);
    await till.tell("redrive", first!.content);
    await pass(2);
    expect(till.rows("parked")).toBe(2);

    plantBug("a", false);
    await till.tell("redrive", first!.content);
    expect(till.rows("inbox")).toBe(2);
  });

  it("works in pages: much that is old does not hold up what comes", async () => {
    const db = openDatabase(":memory:");
    const till = new Till({ retention: RETENTION, db });
    const insert = db.prepare("INSERT INTO inbox VALUES (?, 0)");
    db.transaction(() => {
      for (let row = 0; row < 5_000; row++) insert.run(`old.${row}`);
    })();
    const left: number[] = [];
    for (let look = 0; look < 11; look++) {
      left.push(till.rows("inbox"));
      await vi.advanceTimersByTimeAsync(look === 0 ? 1_000 : 50);
      await turns();
    }
    expect(left).toEqual([5_000, 4_500, 4_000, 3_500, 3_000, 2_500, 2_000, 1_500, 1_000, 500, 0]);
  });
});

describe("a service that has stopped", () => {
  it("looks for nothing old any more, though it was looking when it was told to stop", async () => {
    const db = openDatabase(":memory:");
    const till = new Till({ retention: RETENTION, db });
    const insert = db.prepare("INSERT INTO inbox VALUES (?, 0)");
    for (let row = 0; row < 600; row++) insert.run(`old.${row}`);
    vi.advanceTimersByTime(1_000);
    await Promise.all([till.runtime.drain(1_000), turns()]);
    expect(till.rows("inbox")).toBe(100);

    await pass(0);
    expect(till.rows("inbox")).toBe(100);
  });
});

describe("a configuration", () => {
  it("under which something might be handled twice is refused, and the message says why", () => {
    const unsafe = { STREAM_MAX_AGE_HOURS: "1000", INBOX_MAX_AGE_HOURS: "1719" };
    expect(() => loadConfig(unsafe)).toThrow(ConfigError);
    expect(() => loadConfig(unsafe)).toThrow(
      /INBOX_MAX_AGE_HOURS="1719": must be 1720 or more.*handled twice/,
    );
    expect(() => loadConfig({ STREAM_MAX_AGE_HOURS: "1000" })).toThrow(/INBOX_MAX_AGE_HOURS=.*must be 1720/);
    expect(loadConfig({ ...unsafe, INBOX_MAX_AGE_HOURS: "1720" }).INBOX_MAX_AGE_HOURS).toBe(1_720);
  });

  it("under which NATS would have to know ids for longer than it keeps facts is refused", () => {
    const window = { STREAM_MAX_AGE_HOURS: "1", DUPLICATE_WINDOW_MS: "3600001" };
    expect(() => loadConfig(window)).toThrow(
      /DUPLICATE_WINDOW_MS="3600001": must be 3600000 or less.*STREAM_MAX_AGE_HOURS=1/,
    );
    const { DUPLICATE_WINDOW_MS } = loadConfig({ ...window, DUPLICATE_WINDOW_MS: "3600000" });
    expect(DUPLICATE_WINDOW_MS).toBe(3_600_000);
  });

  it.each([
    { flowMs: 1, parkedMs: DAY, says: "25 hours" },
    { flowMs: Number.POSITIVE_INFINITY, parkedMs: 0, says: "for ever" },
  ])("is refused as well where NATS was told otherwise: $says", async ({ says, ...ages }) => {
    const starting = expectLongMemory(DAY, async () => ages, 0);
    await expect(starting).rejects.toThrow(StartRefusedError);
    await expect(starting).rejects.toThrow(/handled twice.*INBOX_MAX_AGE_HOURS/s);
  });

  it("is fine once the streams are as it says", async () => {
    const ages = [{ flowMs: 2 * DAY, parkedMs: 0 }];
    const starting = expectLongMemory(DAY, async () => ages.pop() ?? { flowMs: DAY, parkedMs: 0 });
    await vi.advanceTimersByTimeAsync(1_000);
    await starting;
  });
});
