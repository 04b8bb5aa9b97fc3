// What is put aside: in whose lane, what waits behind it, and what becomes of it when an operator says so.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { openDatabase } from "../../shared/service/database.ts";
import { controlTime } from "./flow.ts";
import { bytesOf } from "./shelf.ts";
import { created, deferred, noted, paid, plantBug, Till, turns } from "./till.ts";

const RETRY_MS = 5_000;

beforeEach(() => {
  controlTime();
  plantBug("a");
  return () => plantBug("a", false);
});

const why = {
  stack: "",
  fingerprint: "",
  attempts: 1,
  firstAt: 0,
  lastAt: 0,
  isWaiting: false,
  redrives: 0,
};

/** A till that has put aside that `a` is paid, and what came of `a` afterwards. */
async function blocked() {
  const till = new Till();
  const messages = [paid("a"), noted("a"), created("a")] as const;
  await till.take(...messages);
  return { till, messages };
}

describe("a message that can't be handled", () => {
  it("is put aside, later ones of its order wait behind it, and other orders go on", async () => {
    const { till } = await blocked();
    await till.take(paid("b"));

    expect(till.ends).toEqual(["parked", "parked", "parked", "acked"]);
    expect(till.said).toEqual(["order.completed b"]);
    const [first, ...others] = till.shelf.why;
    expect(first).toMatchObject({ cause: "a bug", isWaiting: false, attempts: 1, redrives: 0 });
    for (const why of others) {
      expect(why).toMatchObject({ isWaiting: true, attempts: 0, fingerprint: first!.fingerprint });
    }
  });

  it("keeps later ones waiting in the next process as well", async () => {
    const { till } = await blocked();
    plantBug("a", false);
    till.restart();
    const [later] = await till.take({ ...noted("a"), id: "later" });
    expect(later!.parked?.isWaiting).toBe(true);
  });

  it("is put aside again, and not handled, when nobody heard that it was", async () => {
    const { till, messages } = await blocked();
    const [, , ...before] = till.shelf.why;
    plantBug("a", false);
    till.restart();
    const again = await till.take(...messages);

    expect(again.map(({ parked }) => parked?.cause)).toEqual(["a bug", before[0]!.cause, before[0]!.cause]);
    expect(till.said).toEqual([]);
  });

  it("does not concern what was handled before: its repeat is a duplicate", async () => {
    const till = new Till();
    await till.take(noted("a"), paid("a"));
    const [repeat] = await till.take({ ...noted("a") });
    expect(repeat!.end).toBe("acked");
  });

  it("keeps its order waiting as well when nobody can read it", async () => {
    const till = new Till();
    const unreadable = Object.assign(new Error("not Avro"), { key: "b" });
    const [first, second] = await till.take(unreadable, paid("b"));
    expect([first!.parked, second!.parked]).toMatchObject([
      { cause: "not Avro", isWaiting: false },
      { isWaiting: true },
    ]);
  });
});

describe("a redrive", () => {
  it("has the message tried again, and then, in order, what has waited behind it", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.tell("redrive", messages[0]);

    expect(till.calls).toEqual(["a"]);
    expect(till.shelf.held).toEqual([messages[2].id]); // Its call is under way.
    till.answer("a");
    await turns();
    expect(till.said).toEqual(["order.completed a", "shipment.waived a"]);
    expect(till.shelf.held).toEqual([]);
  });

  it("lets what comes meanwhile follow: nothing is left behind, and the order goes on as ever", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.tell("redrive", messages[0]);
    till.fail("a");
    await turns();
    const [meanwhile] = await till.take({ ...noted("a"), id: "meanwhile" });
    await vi.advanceTimersByTimeAsync(RETRY_MS);
    await turns();
    till.answer("a");
    await turns();
    expect([meanwhile!.end, till.shelf.held]).toEqual(["parked", []]);

    const [later] = await till.take({ ...noted("a"), id: "later" });
    expect(later!.end).toBe("acked");
  });

  it("that fails is marked, keeps its place, and keeps the others waiting", async () => {
    const { till, messages } = await blocked();
    await till.tell("redrive", messages[0]);
    await till.tell("redrive", messages[0]);

    expect(till.shelf.why).toMatchObject([
      { cause: "a bug", redrives: 2 },
      { isWaiting: true, redrives: 0 },
      { isWaiting: true, redrives: 0 },
    ]);
    expect(till.said).toEqual([]);
  });

  it("of one that waits has it tried when its turn has come", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.tell("redrive", messages[1]);
    expect(till.shelf.held).toHaveLength(3);
    await till.tell("redrive", messages[0]);
    expect(till.shelf.held).toHaveLength(1);
  });

  it("whose call fails for now is repeated later, and what waits goes on waiting", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.take({ ...noted("a"), id: "last" });
    await till.tell("redrive", messages[0]);
    till.fail("a");
    await turns();
    expect(till.shelf.held).toEqual([messages[2].id, "last"]);

    await vi.advanceTimersByTimeAsync(RETRY_MS);
    await turns();
    till.answer("a");
    await turns();
    expect([till.shelf.held, till.calls]).toEqual([[], ["a", "a"]]);
  });

  it("goes on in the next process", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.tell("redrive", messages[0]);
    till.restart(); // While the call for the last one is under way.
    await turns();
    expect(till.calls).toEqual(["a", "a"]);
    till.answer("a");
    till.answer("a");
    await turns();
    expect(till.shelf.held).toEqual([]);
    expect(till.said).toEqual(["order.completed a", "shipment.waived a"]);
  });

  it("of more than are moved at once reaches all of them, in the end", async () => {
    const till = new Till();
    const orders = Array.from({ length: 1_200 }, (_, number) => `many-${number}`);
    for (const order of orders) plantBug(order);
    const messages = orders.map(paid);
    await till.take(...messages);
    expect(till.shelf.held).toHaveLength(1_200);
    for (const order of orders) plantBug(order, false);

    for (const message of messages) till.give(message, 1, { do: "redrive" });
    for (let round = 0; till.shelf.held.length > 0 && round < 20; round++) await turns();
    expect([till.shelf.held, till.rows("parked")]).toEqual([[], 0]);
    expect(till.stored).toHaveLength(1_200);
  });

  it("does not wait for PARKED, which is told of it once it is there", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    till.shelf.isAway = true;
    await till.tell("redrive", messages[0]);
    expect(till.said).toEqual(["order.completed a"]);
    expect(till.shelf.held).toHaveLength(3);

    till.shelf.isAway = false;
    await vi.advanceTimersByTimeAsync(RETRY_MS);
    await turns();
    expect(till.shelf.held).toEqual([messages[2].id]); // Its call is under way.
  });

  it("of what was handled long ago is a duplicate: nothing happens, and PARKED says so", async () => {
    const till = new Till();
    const [first] = await till.take(paid("b"));
    await till.shelf.put(first!.origin, first!.message(), { ...why, cause: "put back" });
    await till.tell("redrive", first!.content);
    expect([till.said, till.shelf.held]).toEqual([["order.completed b"], []]);
  });

  it("of what was handled meanwhile is a duplicate, and ends: the order goes on as ever", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.tell("redrive", messages[0]);
    till.answer("a");
    await turns();
    await till.tell("redrive", messages[0]);
    await till.tell("redrive", messages[1]);

    expect(till.said).toEqual(["order.completed a", "shipment.waived a"]);
    expect([till.shelf.held, till.rows("parked")]).toEqual([[], 0]);
    const [later] = await till.take({ ...noted("a"), id: "later" });
    expect(later!.end).toBe("acked");
  });

  it.each(["redrive", "discard"] as const)(
    "of what nobody can read, and was discarded before, holds nobody up (%s)",
    async (word) => {
      const till = new Till();
      const unreadable = Object.assign(new Error("not Avro"), { key: "b" });
      await till.take(unreadable);
      await till.tell("discard", unreadable);
      await till.tell(word, unreadable);
      await vi.advanceTimersByTimeAsync(2 * RETRY_MS);
      await turns();

      expect(till.rows("parked")).toBe(0);
      const [later] = await till.take(paid("b"));
      expect(later!.end).toBe("acked");
    },
  );

  it("of what PARKED has just lost has it tried again all the same, with all that waits behind it", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    till.shelf.lose();
    await till.tell("redrive", messages[0]);
    till.answer("a");
    await turns();

    expect(till.said).toEqual(["order.completed a", "shipment.waived a"]);
    expect([till.shelf.held, till.rows("parked")]).toEqual([[], 0]);
  });

  it("of what nobody has any more lets the order go on", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    till.forgetBytes();
    till.shelf.lose();
    await till.tell("redrive", messages[0]);

    expect(till.rows("parked")).toBe(0);
    const [later] = await till.take({ ...noted("a"), id: "later" });
    expect(later!.end).toBe("acked");
  });
});

describe("a discard", () => {
  it("gives the message up, now and whenever it comes again, and lets go what has waited behind it", async () => {
    const { till, messages } = await blocked();
    plantBug("a", false);
    await till.tell("discard", messages[0]);
    till.answer("a");
    await turns();
    const [again] = await till.take({ ...messages[0] });

    expect(again!.end).toBe("acked");
    expect(till.said).toEqual(["shipment.waived a"]);
    expect(till.shelf.held).toEqual([]);
  });

  it("of one that waits leaves the first one where it is", async () => {
    const { till, messages } = await blocked();
    await till.tell("discard", messages[1]);
    expect(till.shelf.held).toEqual([messages[0].id, messages[2].id]);
  });

  it("of what nobody can read lets its order go on", async () => {
    const till = new Till();
    const unreadable = Object.assign(new Error("not Avro"), { key: "b" });
    await till.take(unreadable, paid("b"));
    await till.tell("discard", unreadable);
    expect([till.said, till.shelf.held]).toEqual([["order.completed b"], []]);
  });
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
