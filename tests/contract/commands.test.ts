// Commands and decisions: one answer to each key, nothing left of what failed, no word beyond the table.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { NOW } from "./flow.ts";
import { declined, fail, fetchGoods, noted, paid, Till, takeGoods, turns } from "./till.ts";

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

describe("the answer to a command", () => {
  it("is the same for the same key and request, and has one effect", async () => {
    const till = new Till();
    const key = { key: "k", request: "body" };

    const first = await till.place("a", key);
    const second = await till.place("b", key);

    expect(first).toEqual({ outcome: "done", answer: "placed a" });
    expect(second).toEqual(first);
    expect(till.said).toEqual(["shipment.waived a"]);
  });

  it("is the same for two in one group commit", async () => {
    const till = new Till();
    const key = { key: "k", request: "body" };
    const transaction = vi.spyOn(till.runtime.engine, "transaction");

    const answers = await Promise.all([till.place("a", key), till.place("b", key)]);

    expect(transaction).toHaveBeenCalledTimes(1);
    expect(answers).toEqual([
      { outcome: "done", answer: "placed a" },
      { outcome: "done", answer: "placed a" },
    ]);
    expect(till.said).toEqual(["shipment.waived a"]);
  });

  it("is a mismatch for the same key with another request, at any time", async () => {
    const till = new Till();

    const together = await Promise.all([
      till.place("a", { key: "k", request: "body" }),
      till.place("b", { key: "k", request: "another" }),
    ]);
    const later = await till.place("c", { key: "k", request: "a third" });

    expect([...together.slice(1), later]).toEqual([{ outcome: "mismatch" }, { outcome: "mismatch" }]);
    expect(till.said).toEqual(["shipment.waived a"]);
  });

  it("is the same after a restart", async () => {
    const till = new Till();
    const key = { key: "k", request: "body" };
    await till.place("a", key);

    till.restart();

    expect(await till.place("b", key)).toEqual({ outcome: "done", answer: "placed a" });
  });

  it("is not kept when it is a refusal: the same request may be carried out later", async () => {
    const till = new Till();
    const key = { key: "k", request: "body" };

    expect(await till.place("refused", key)).toEqual({ outcome: "refused", refused: "not today" });
    expect(await till.place("a", key)).toEqual({ outcome: "done", answer: "placed a" });
  });

  it("belongs to the command: another one may use the same key", async () => {
    const till = new Till();
    const key = { key: "k", request: "body" };
    await till.place("a", key);

    expect(await till.place("b", key, fetchGoods)).toEqual({ outcome: "done", answer: "placed b" });
  });

  it("is new for every call without a key", async () => {
    const till = new Till();

    await till.place("a");
    await till.place("b");

    expect(till.said).toEqual(["shipment.waived a", "shipment.waived b"]);
  });

  it("comes before the broker has anything, and says that something changed", async () => {
    const till = new Till();
    const changed = vi.fn();
    till.runtime.changes.listen("a", changed);
    till.broker.mood = "refuses";

    expect(await till.place("a")).toEqual({ outcome: "done", answer: "placed a" });
    expect(changed).toHaveBeenCalledOnce();
    expect(till.broker.stored).toEqual([]);
  });

  it("that can't be given leaves nothing of the command, whoever shares the transaction", async () => {
    const till = new Till();
    const broken = { ...takeGoods, answer: () => fail("no answer") };

    const results = await Promise.allSettled([till.place("a", undefined, broken), till.place("b")]);

    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect(till.said).toEqual(["shipment.waived b"]);
  });
});

describe("a change", () => {
  it("is told to whoever watches the order, once the commit is done", async () => {
    const till = new Till();
    const seen: string[][] = [];
    till.runtime.changes.listen("a", () => seen.push(till.said));

    await till.take(paid("a"), paid("b"));

    expect(seen).toEqual([["order.completed a", "order.completed b"]]);
  });

  it("can be about anything, whatever it is called", async () => {
    const till = new Till();

    const sent = await till.take(paid("error"), paid("constructor"), paid("a"));

    expect(sent.map(({ end }) => end)).toEqual(["acked", "acked", "acked"]);
  });
});

describe("a decision", () => {
  it("may say several facts, each with an id of its own, which come one after the other", async () => {
    const till = new Till();
    till.broker.most = 1;

    const [sent] = await till.take(declined("a"), paid("b"));

    expect(till.stored).toEqual(["stock.released a", "order.completed a", "order.completed b"]);
    expect(new Set(till.broker.stored.map((row) => row.event_id)).size).toBe(3);
    expect(sent!.end).toBe("acked");
  });

  it("is acked after the last of its facts is stored", async () => {
    const till = new Till();
    till.broker.most = 1;
    const storing = vi.spyOn(till.broker, "publish");
    const ends: unknown[] = [];

    const sent = till.give(declined("a"));
    storing.mockImplementation(async (rows) => {
      ends.push(sent.end);
      return Math.min(rows.length, 1);
    });
    await turns();

    expect(ends).toEqual([undefined, undefined]);
    expect(sent.end).toBe("acked");
  });

  it("that fails half-way leaves none of its facts, and keeps nobody waiting for them", async () => {
    const till = new Till();

    const together = await till.take(declined("faulty"), noted("a"));
    const [later] = await till.take(noted("b"));

    expect(together.map(({ end }) => end)).toEqual(["parked", "acked"]);
    expect(later!.end).toBe("acked");
    expect(till.said).toEqual([]);
  });
});
