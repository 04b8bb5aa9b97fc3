// Lanes: one call at a time for each key, side by side for different keys, up to a limit.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { Lanes } from "../../shared/service/lanes.ts";
import { NOW } from "./flow.ts";
import { created, deferred, noted, paid, Till, turns } from "./till.ts";

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

describe("lanes", () => {
  it("let an order's events wait for the call that is under way for it, in their order", async () => {
    const till = new Till();

    await till.take(created("a"), paid("a"), noted("a"));
    expect(till.calls).toEqual(["a"]);
    expect(till.said).toEqual([]);

    till.answer("a");
    await turns();
    expect(till.said).toEqual(["shipment.waived a", "order.completed a"]);
    expect(till.ends).toEqual(["acked", "acked", "acked"]);
  });

  it("make the next call of an order when the one before has ended", async () => {
    const till = new Till();

    await till.take(created("a"), created("a", "2"));
    expect(till.calls).toEqual(["a"]);
    till.answer("a");
    await turns();

    expect(till.calls).toEqual(["a", "a"]);
  });

  it("make one call for an event that is delivered again meanwhile", async () => {
    const till = new Till();
    const event = created("a");

    await till.take(event, event);
    await till.take(event);
    till.answer("a");
    await turns();

    expect(till.calls).toEqual(["a"]);
    expect(till.ends).toEqual(["acked", "acked", "acked"]);
    expect(till.said).toEqual(["shipment.waived a"]);
  });

  it("let different orders be called for side by side, and others pass that need no call", async () => {
    const till = new Till();

    await till.take(created("a"), created("b"), paid("c"));

    expect(till.calls).toEqual(["a", "b"]);
    expect(till.said).toEqual(["order.completed c"]);
    till.answer("b");
    till.answer("a");
    await turns();
    expect(till.said.slice(1)).toEqual(["shipment.waived b", "shipment.waived a"]);
  });

  it("hold 128 calls at once, and let in the next when one ends", async () => {
    const till = new Till();
    const names = Array.from({ length: 130 }, (_, number) => `order-${number}`);

    await till.take(...names.map((name) => created(name)));
    expect(till.calls).toEqual(names.slice(0, 128));

    till.answer("order-5");
    await turns();
    expect(till.calls).toEqual(names.slice(0, 129));
  });

  it("never hold more calls than their limit, whoever comes when a place gets free", async () => {
    const lanes = new Lanes<never>(1);
    let underWay = 0;
    let most = 0;
    const call = async (until: Promise<void>) => {
      most = Math.max(most, ++underWay);
      await until;
      underWay--;
    };
    const first = deferred<void>();

    const calls = [lanes.call(() => call(first.promise)), lanes.call(() => call(Promise.resolve()))];
    // Somebody who was waiting for the very thing that ends the first call comes before those in the queue wake.
    for (let turn = 0; turn < 6; turn++) {
      calls.push(after(first.promise, turn).then(() => lanes.call(() => call(Promise.resolve()))));
    }
    first.resolve();
    await Promise.all(calls);

    expect(most).toBe(1);
  });

  it("hand an event back when its call fails, for longer each time, and let the next of its order go on", async () => {
    const till = new Till();
    const delays: number[] = [];
    vi.spyOn(Math, "random").mockReturnValue(1);

    for (let attempt = 1; attempt <= 10; attempt++) {
      const sent = till.give(created("a"), attempt);
      await turns();
      till.fail("a");
      await turns();
      delays.push(sent.retryInMs!);
    }
    expect(delays).toEqual([200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 30_000, 30_000]);

    const [failed, next] = await till.take(created("b"), paid("b"));
    till.fail("b");
    await turns();
    expect([failed!.end, next!.end]).toEqual(["retried", "acked"]);
    expect(till.said).toEqual(["order.completed b"]);
  });

  it("give a call up after 15 s, tell it so, and try again later", async () => {
    const till = new Till();
    const [sent] = await till.take(created("a"));

    await vi.advanceTimersByTimeAsync(14_999);
    expect(sent!.end).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await turns();

    expect(sent!.end).toBe("retried");
    expect(till.signals[0]!.reason).toEqual(new Error("no answer within 15000 ms"));
  });

  it("free the lane when the decision on the answer throws: what waited is put aside behind it", async () => {
    const till = new Till();

    const sent = await till.take(created("faulty"), noted("faulty"));
    till.answer("faulty");
    await turns();

    expect(sent.map(({ parked }) => parked?.isWaiting)).toEqual([false, true]);
  });
});

/** Resolves some turns of the microtask queue after `promise`. */
async function after(promise: Promise<void>, microtasks: number): Promise<void> {
  await promise;
  for (let turn = 0; turn < microtasks; turn++) await undefined;
}
