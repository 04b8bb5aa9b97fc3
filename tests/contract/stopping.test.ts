// Stopping: what was taken ends; only what time does not suffice for is handed back.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { NOW } from "./flow.ts";
import { created, paid, Till, turns } from "./till.ts";

beforeEach(() => {
  vi.useFakeTimers({
    toFake: ["setTimeout", "clearTimeout", "setInterval", "clearInterval", "Date"],
    now: NOW,
  });
  return () => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  };
});

describe("stopping", () => {
  it("works on until all that was taken has ended, and what still comes meanwhile", async () => {
    const till = new Till();
    const [calling, waiting] = await till.take(created("a"), paid("a"));

    const drained = till.runtime.drain(8_000);
    const late = till.give(paid("b"));
    till.answer("a");
    await turns();
    await drained;

    expect([calling!.end, waiting!.end, late.end]).toEqual(["acked", "acked", "acked"]);
    expect(till.stored.sort()).toEqual(["order.completed a", "order.completed b", "shipment.waived a"]);
  });

  it("makes the calls that wait for their turn", async () => {
    const till = new Till();
    const sent = await till.take(...Array.from({ length: 130 }, (_, number) => created(`order-${number}`)));

    const drained = till.runtime.drain(8_000);
    for (const name of till.calls.slice(0, 128)) till.answer(name);
    await turns();
    for (const name of till.calls.slice(128)) till.answer(name);
    await turns();
    await drained;

    expect(till.calls).toHaveLength(130);
    expect(sent.every(({ end }) => end === "acked")).toBe(true);
  });

  it("hands back what has not begun when time is nearly up, waits for the calls under way, and begins nothing", async () => {
    const till = new Till();
    const sent = await till.take(...Array.from({ length: 129 }, (_, number) => created(`order-${number}`)));
    const behind = till.give(paid("order-0"));

    const drained = till.runtime.drain(8_000);
    await vi.advanceTimersByTimeAsync(4_000);
    expect([sent[128]!.end, behind.end]).toEqual([undefined, undefined]);
    await vi.advanceTimersByTimeAsync(1_000);
    await turns();
    expect(sent[128]!.end).toBe("retried");
    expect(behind).toMatchObject({ end: "retried", retryInMs: 0 });
    expect(till.give(paid("b"))).toMatchObject({ end: "retried", retryInMs: 0 });
    for (const name of till.calls) till.answer(name);
    await turns();
    await drained;

    expect(till.calls).toHaveLength(128);
    expect(sent.slice(0, 128).every(({ end }) => end === "acked")).toBe(true);
  });

  it("waits until what can't be handled is put aside", async () => {
    const till = new Till();
    const sent = till.give(paid("faulty"));

    await Promise.all([till.runtime.drain(8_000), turns()]);

    expect(sent.end).toBe("parked");
  });

  it("carries out what was taken but not begun when nobody has to be called for it", async () => {
    const till = new Till();
    const sent = till.give(paid("a"));
    const placed = till.place("b");

    await Promise.all([till.runtime.drain(8_000), turns()]);

    expect(sent.end).toBe("acked");
    expect(await placed).toMatchObject({ outcome: "done" });
    expect(till.stored).toEqual(["order.completed a", "shipment.waived b"]);
  });

  it("takes no longer than what it waits for, when that is only a command", async () => {
    const till = new Till();
    const placed = till.place("a");
    let drained = false;

    const draining = till.runtime.drain(8_000).then(() => {
      drained = true;
    });
    await turns();

    expect(await placed).toMatchObject({ outcome: "done" });
    expect(drained).toBe(true);
    await draining;
  });

  it("takes no time when nothing is under way", async () => {
    await new Till().runtime.drain(8_000);
  });

  it("gives up after its time on a call that does not end and a broker that does not answer", async () => {
    const till = new Till();
    const [calling, said] = await till.take(created("a"), paid("b"));
    till.broker.mood = "refuses";
    const unsaid = till.give(paid("c"));
    await turns();

    let drained = false;
    const draining = till.runtime.drain(8_000).then(() => {
      drained = true;
    });
    await vi.advanceTimersByTimeAsync(8_000);
    await draining;

    expect(drained).toBe(true);
    expect([calling!.end, said!.end, unsaid.end]).toEqual([undefined, "acked", undefined]);
    till.broker.mood = "works";
    till.restart();
    await turns();
    expect(till.stored).toEqual(["order.completed b", "order.completed c"]);
  });

  it("notes what is published, so that the next process says none of it again", async () => {
    const till = new Till();
    await till.take(paid("a"));

    await till.runtime.drain(8_000);
    till.restart();
    await turns();

    expect(till.broker.given).toHaveLength(1);
  });

  it("ends all the same when it can't note that: the next process says it again, and nobody hears it twice", async () => {
    const till = new Till();
    await till.take(paid("a"));
    vi.spyOn(till.runtime.engine, "transaction").mockImplementation(() => {
      throw new Error("database or disk is full");
    });

    await till.runtime.drain(8_000);
    till.restart();
    await turns();

    expect(till.broker.given).toHaveLength(2);
    expect(till.stored).toEqual(["order.completed a"]);
  });
});
