// The outbox: in order, acked when stored, tried again when refused.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { OUTBOX_PAGE, type OutboxRow } from "../../shared/service/engine.ts";
import { OutboxPublisher, type OutboxSource } from "../../shared/service/outbox.ts";
import { NOW } from "./flow.ts";
import { deferred, fail, paid, Till, turns } from "./till.ts";

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

describe("the outbox", () => {
  it("is published in order, and each delivery is acked once all that it led to is stored", async () => {
    const { outbox, published, write } = shelf();
    const acks: string[] = [];

    write(3);
    outbox.ackAfter(1, { ack: () => acks.push("one") });
    outbox.ackAfter(3, { ack: () => acks.push("three") });
    expect(acks).toEqual([]);
    outbox.kick();
    await turns();

    expect(published).toEqual([[1, 2, 3]]);
    expect(acks).toEqual(["one", "three"]);
    outbox.ackAfter(3, { ack: () => acks.push("again") });
    expect(acks.at(-1)).toBe("again");
  });

  it("goes on after what the broker took of a batch", async () => {
    const { outbox, published, write, takes } = shelf();
    const acks: number[] = [];
    takes(2, 1);

    write(4);
    for (const row of [1, 2, 3, 4]) outbox.ackAfter(row, { ack: () => acks.push(row) });
    outbox.kick();
    await turns();

    expect(published).toEqual([[1, 2, 3, 4], [3, 4], [4]]);
    expect(acks).toEqual([1, 2, 3, 4]);
  });

  it("gathers while a batch is under way, and takes 500 rows at most into one", async () => {
    const { outbox, published, write, hold } = shelf();
    const release = hold();

    write(1);
    outbox.kick();
    write(700);
    outbox.kick();
    await turns();
    expect(published).toEqual([[1]]);
    release();
    await turns();

    expect(published.map(({ length }) => length)).toEqual([1, 500, 200]);
  });

  it("waits for the broker, up to 5 s between two tries, and acks nothing meanwhile", async () => {
    const { outbox, published, pauses, write, takes } = shelf();
    const acks: string[] = [];
    takes(...Array(8).fill("refuses"));

    write(1);
    outbox.ackAfter(1, { ack: () => acks.push("one") });
    outbox.kick();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(pauses).toEqual([100, 200, 400, 800, 1_600, 3_200, 5_000, 5_000]);
    expect(published).toHaveLength(9);
    expect(acks).toEqual(["one"]);
  });

  it("tries with the first pause again after a success", async () => {
    const { outbox, pauses, write, takes } = shelf();
    takes("refuses", "refuses", 1, "refuses", 1);

    write(2);
    outbox.kick();
    await vi.advanceTimersByTimeAsync(60_000);

    expect(pauses).toEqual([100, 200, 100]);
  });

  it("does not wait when the broker is said to be back", async () => {
    const { outbox, published, write, takes } = shelf();
    takes("refuses");

    write(1);
    outbox.kick();
    await turns();
    outbox.retryNow();
    await turns();

    expect(published).toEqual([[1], [1]]);
  });

  it("begins after what was published before a restart", async () => {
    const { outbox, published, write } = shelf(5);

    write(7);
    outbox.kick();
    await turns();

    expect(published).toEqual([[6, 7]]);
    expect(outbox.through).toBe(7);
  });

  it("is emptied when the service stops, also when the broker has just refused", async () => {
    const { outbox, published, write, takes } = shelf();
    takes("refuses");

    write(1);
    outbox.kick();
    await turns();
    write(1);
    await outbox.stop(1_000);

    expect(published.at(-1)).toEqual([1, 2]);
    expect(outbox.through).toBe(2);
  });

  it("keeps nobody from stopping: after the time is up nothing is published or acked any more", async () => {
    const { outbox, published, write, hold } = shelf();
    const acks: string[] = [];
    const release = hold();

    write(1);
    outbox.ackAfter(1, { ack: () => acks.push("one") });
    outbox.kick();
    let stopped = false;
    const stop = outbox.stop(1_000).then(() => {
      stopped = true;
    });
    await vi.advanceTimersByTimeAsync(999);
    expect(stopped).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    await stop;
    release();
    write(1);
    outbox.kick();
    await turns();

    expect(published).toEqual([[1]]);
    expect(acks).toEqual([]);
  });

  it("is not published again by the next process, once an idle moment noted what is stored", async () => {
    const till = new Till();
    await till.take(paid("a"));
    await vi.advanceTimersByTimeAsync(1_000);

    till.restart();
    await turns();

    expect(till.broker.given).toHaveLength(1);
  });
});

/** A publisher over rows that are only numbered, and a broker that does as it is told. */
function shelf(publishedThrough = 0) {
  const published: number[][] = [];
  const pauses: number[] = [];
  const orders: (number | "refuses")[] = [];
  let rows = 0;
  let held: Promise<void> | undefined;
  const source: OutboxSource = {
    publishedThrough,
    outboxUpTo: (row) => ({ id: row }) as OutboxRow,
    rowOf: Number,
    outboxAfter: (row) =>
      Array.from(
        { length: Math.min(OUTBOX_PAGE, Math.max(0, rows - row)) },
        (_, index) => ({ id: row + index + 1 }) as OutboxRow,
      ),
  };
  const outbox = new OutboxPublisher({
    source,
    publish: async (batch) => {
      published.push(batch.map(({ id }) => id));
      await held;
      const told = orders.shift() ?? batch.length;
      return told === "refuses" ? fail("no responders") : told;
    },
    onFailure: (_, retryInMs) => pauses.push(retryInMs),
  });
  return {
    outbox,
    published,
    pauses,
    write: (more: number) => {
      rows += more;
    },
    /** What the broker does with the next publishes: takes so many rows, or refuses. */
    takes: (...next: (number | "refuses")[]) => orders.push(...next),
    /** Makes the broker think until the answer is called. */
    hold: () => {
      const thought = deferred<void>();
      held = thought.promise;
      return thought.resolve;
    },
  };
}
