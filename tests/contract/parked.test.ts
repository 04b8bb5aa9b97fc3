// What is put aside: in whose lane, what waits behind it, and what becomes of it when an operator says so.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { controlTime } from "./flow.ts";
import { blocked, created, noted, paid, plantBug, Till, turns } from "./till.ts";

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

  it("that comes together with the event takes effect once its call was answered: the answer is not lost", async () => {
    const till = new Till();
    const event = created("b");
    till.give(event);
    await till.tell("discard", event);
    expect([till.calls, till.ends]).toEqual([["b"], [undefined, undefined]]);

    till.answer("b");
    await turns();
    expect(till.said).toEqual(["shipment.waived b"]);
    expect(till.ends).toEqual(["acked", "acked"]);
  });

  it("of one that waits leaves the first one where it is", async () => {
    const { till, messages } = await blocked();
    await till.tell("discard", messages[1]);
    expect(till.shelf.held).toEqual([messages[0].id, messages[2].id]);
  });

  it.each([0, 1, 2, 3])(
    "of what nobody can read holds though it is just being tried again (%i turns later)",
    async (later) => {
      const till = new Till();
      const unreadable = Object.assign(new Error("not Avro"), { key: "b" });
      await till.take(unreadable, paid("b"));
      till.give(unreadable, 1, { do: "redrive" });
      for (let turn = 0; turn < later; turn++) await new Promise((resolve) => setImmediate(resolve));
      await till.tell("discard", unreadable);

      expect([till.said, till.shelf.held, till.rows("parked")]).toEqual([["order.completed b"], [], 0]);
    },
  );

  it("of what nobody can read lets its order go on", async () => {
    const till = new Till();
    const unreadable = Object.assign(new Error("not Avro"), { key: "b" });
    await till.take(unreadable, paid("b"));
    await till.tell("discard", unreadable);
    expect([till.said, till.shelf.held]).toEqual([["order.completed b"], []]);
  });
});
