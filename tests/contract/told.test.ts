// PARKED says what the services' lanes say, whatever it has lost or did not hear.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../shared/service/database.ts";
import { controlTime } from "./flow.ts";
import { bytesOf } from "./shelf.ts";
import { blocked, deferred, paid, plantBug, Till, turns } from "./till.ts";

const RETRY_MS = 5_000;

beforeEach(() => {
  controlTime();
  plantBug("a");
  return () => plantBug("a", false);
});

describe("PARKED", () => {
  it("is asked nothing while nothing is put aside", async () => {
    const till = new Till();
    till.shelf.isAway = true;
    await till.take(paid("b"));
    till.runtime.redriver!.doubt();
    await turns();
    expect(till.rows("parked")).toBe(0);
    expect(till.shelf.looks).toBe(0);
  });

  it("gets again what it has lost when it was made anew, and an operator redrives it", async () => {
    const { till, messages } = await blocked();
    const before = till.shelf.why;
    till.shelf.lose();
    await till.again();
    expect([till.shelf.held, till.shelf.why]).toEqual([messages.map(({ id }) => id), before]);

    plantBug("a", false);
    await till.tell("redrive", messages[0]);
    till.answer("a");
    await turns();
    expect(till.said).toEqual(["order.completed a", "shipment.waived a"]);
    expect([till.shelf.held, till.rows("parked")]).toEqual([[], 0]);
  });

  it("gets it again as well when it has taken something new before anyone looked", async () => {
    const { till, messages } = await blocked();
    const orders = ["b", "c", "d", "e"];
    for (const order of orders) plantBug(order);
    till.shelf.lose();
    await till.take(...orders.map(paid));
    for (const order of orders) plantBug(order, false);
    const taken = till.shelf.held;
    expect(taken).toEqual(orders.map((order) => paid(order).id));
    await till.again();

    expect(till.shelf.held).toEqual([...messages.map(({ id }) => id), ...taken]);
  });

  it("gets it again as well in the next process", async () => {
    const { till, messages } = await blocked();
    till.shelf.lose();
    till.restart();
    await turns();
    expect(till.shelf.held).toEqual(messages.map(({ id }) => id));
  });

  it("gets again the end that it has lost when it was put back, at little cost", async () => {
    const till = new Till();
    const orders = Array.from({ length: 300 }, (_, number) => `many-${number}`);
    for (const order of orders) plantBug(order);
    await till.take(...orders.slice(0, 200).map(paid));
    till.shelf.copy();
    await till.take(...orders.slice(200).map(paid));
    till.shelf.putBack();
    expect(till.shelf.held).toHaveLength(200);
    till.shelf.looks = 0;
    till.shelf.puts = [];
    await till.again();
    for (const order of orders) plantBug(order, false);

    expect(till.shelf.held).toEqual(orders.map((order) => paid(order).id));
    expect(till.shelf.looks).toBeLessThan(12);
    expect(till.shelf.puts.length).toBeLessThan(200);
  });

  it("is looked at once, and gets nothing again, when it has lost nothing", async () => {
    const { till } = await blocked();
    till.shelf.looks = 0;
    till.shelf.puts = [];
    await till.again();
    expect([till.shelf.looks, till.shelf.puts]).toEqual([1, []]);
  });

  it("does not get again what has ended meanwhile, though it had lost that", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    till.shelf.lose();
    for (const message of messages.toReversed()) await till.tell("discard", message);
    await till.again();
    expect([till.shelf.held, till.shelf.puts.length, till.rows("parked")]).toEqual([[], 3, 0]);
  });

  it("hears that something has ended, though that was while it heard that it is there", async () => {
    const { till, messages } = await blocked();
    till.shelf.lose();
    const slow = deferred<void>();
    till.shelf.slow = slow.promise;
    await till.again();
    for (const message of messages.toReversed()) await till.tell("discard", message);
    slow.resolve();
    await turns();

    expect([till.shelf.held, till.rows("parked")]).toEqual([[], 0]);
  });

  it("gets again as well what an older build had put aside, whose database knew less", async () => {
    const db = openDatabase(":memory:");
    const before = await blocked();
    const [first] = before.till.shelf.why;
    db.exec(`CREATE TABLE parked (
      place    TEXT PRIMARY KEY,
      sequence INTEGER NOT NULL,
      key      TEXT NOT NULL,
      state    TEXT NOT NULL,
      why      TEXT NOT NULL
    ) WITHOUT ROWID;
    CREATE INDEX parked_lanes ON parked (key, sequence)`);
    const { origin } = (await before.till.take(before.messages[0]))[0]!;
    const { place, sequence, key } = origin;
    const older = { ...first!, attempts: 7 };
    db.prepare("INSERT INTO parked VALUES (?, ?, ?, 'failed', ?)").run(
      place,
      sequence,
      key,
      JSON.stringify(older),
    );
    const till = new Till({ db });
    await till.shelf.put(origin, bytesOf(before.messages[0]), older);
    await till.again();
    till.shelf.lose();
    await till.again();
    expect(till.shelf.why).toEqual([older]);

    plantBug("a", false);
    await till.tell("redrive", before.messages[0]);
    expect([till.said, till.rows("parked")]).toEqual([["order.completed a"], 0]);
  });

  it("hears of a second failure in the end, though it would not take it at first", async () => {
    const { till, messages } = await blocked();
    till.shelf.isFull = true;
    await till.tell("redrive", messages[0]);
    expect(till.shelf.why[0]).toMatchObject({ redrives: 0 });

    till.shelf.isFull = false;
    await vi.advanceTimersByTimeAsync(RETRY_MS);
    await turns();
    expect(till.shelf.why[0]).toMatchObject({ redrives: 1, cause: "a bug" });
    await till.tell("redrive", messages[0]);
    expect(till.shelf.why[0]).toMatchObject({ redrives: 2 });
  });

  it("hears of a second failure from the next process, when this one is killed before it could tell", async () => {
    const { till, messages } = await blocked();
    till.shelf.isFull = true;
    await till.tell("redrive", messages[0]);
    till.runtime.redriver!.stop(); // The process is gone.
    till.shelf.isFull = false;
    till.restart();
    await turns();
    expect(till.shelf.why[0]).toMatchObject({ redrives: 1 });
    expect(till.said).toEqual([]);
  });

  it("hears of a first failure before the broker does: until then the message may come again", async () => {
    const till = new Till();
    till.shelf.isFull = true;
    const [sent] = await till.take(paid("faulty"));
    expect(sent!.end).toBe("retried");
    till.shelf.isFull = false;
    const [again] = await till.take(sent!.content);
    expect([again!.end, till.shelf.held]).toEqual(["parked", [paid("faulty").id]]);
  });

  it("gives back the bytes that only it has, as after a rebuild, and is not told of them again", async () => {
    const { till, messages } = await blocked();
    till.forgetBytes();
    till.shelf.puts = [];
    await till.again();
    expect(till.shelf.puts).toEqual([]);
    till.shelf.lose();
    await till.again();
    expect(till.shelf.held).toEqual(messages.map(({ id }) => id));
  });
});
