// What a service is made of: group commit, lanes, the outbox, the answers to commands, and a clean end.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { OUTBOX_PAGE, type OutboxRow } from "../../shared/service/engine.ts";
import { GroupCommit, type Work } from "../../shared/service/group-commit.ts";
import { Lanes } from "../../shared/service/lanes.ts";
import { OutboxPublisher, type OutboxSource } from "../../shared/service/outbox.ts";
import { NOW } from "./flow.ts";
import {
  created,
  declined,
  deferred,
  fail,
  fetchGoods,
  noted,
  paid,
  Till,
  takeGoods,
  turns,
} from "./till.ts";

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

describe("group commit", () => {
  it("shares one transaction among what arrives together", async () => {
    const till = new Till();
    const transaction = vi.spyOn(till.runtime.engine, "transaction");

    await till.take(paid("a"), paid("b"), paid("c"));

    expect(transaction).toHaveBeenCalledTimes(1);
    expect(till.said).toEqual(["order.completed a", "order.completed b", "order.completed c"]);
  });

  it("commits what comes alone in the same turn of the event loop", async () => {
    const { commits, log } = groups();

    commits.add(work("a", log));
    await new Promise((resolve) => setImmediate(resolve));

    expect(log).toEqual(["begin", "run a", "commit", "committed a", "after"]);
  });

  it("makes the next group of what arrives during a commit", async () => {
    const { commits, log } = groups();

    commits.add(work("a", log, () => commits.add(work("b", log))));
    await turns();

    expect(log.join(", ")).toBe(
      "begin, run a, commit, committed a, after, begin, run b, commit, committed b, after",
    );
  });

  it("waits for company as long as it may, for those whom nobody waits for", async () => {
    const { commits, log } = groups(50);

    commits.add(work("a", log));
    await vi.advanceTimersByTimeAsync(30);
    commits.add(work("b", log));
    await vi.advanceTimersByTimeAsync(19);
    expect(log).toEqual([]);
    await vi.advanceTimersByTimeAsync(1);

    expect(log.join(", ")).toBe("begin, run a, run b, commit, committed a, committed b, after");
  });

  it("waits no longer when the group is full, or when the service stops", async () => {
    const { commits, log } = groups(50);

    for (let number = 0; number < 500; number++) commits.add(work(`${number}`, log));
    await turns();
    expect(log.filter((line) => line === "commit")).toHaveLength(1);
    commits.add(work("a", log));
    commits.hurry();
    await turns();

    expect(log.slice(-5).join(", ")).toBe("begin, run a, commit, committed a, after");
  });

  it("takes 500 at most into one group, in the order in which they came", async () => {
    const { commits, log } = groups();

    for (let number = 0; number < 1_201; number++) commits.add(work(`${number}`, log));
    expect(commits.size).toBe(1_201);
    await turns();

    const sizes = log
      .join(" ")
      .split("begin")
      .slice(1)
      .map((group) => group.split("run ").length - 1);
    expect(sizes).toEqual([500, 500, 201]);
    expect(log.filter((line) => line.startsWith("committed"))).toEqual(
      Array.from({ length: 1_201 }, (_, number) => `committed ${number}`),
    );
    expect(commits.size).toBe(0);
  });

  it("undoes the whole group when the database fails, and goes on with the next", async () => {
    const { commits, log } = groups();

    commits.add(work("a", log));
    commits.add(
      work("b", log, () => {
        throw new Error("disk full");
      }),
    );
    commits.add(work("c", log));
    await turns();
    commits.add(work("d", log));
    await turns();

    expect(log.join(", ")).toBe(
      "begin, run a, run b, rollback, failed a, failed b, failed c, after, begin, run d, commit, committed d, after",
    );
  });

  it("lets a faulty delivery spoil only itself", async () => {
    const till = new Till();

    const sent = await till.take(paid("a"), paid("faulty"), paid("b"));

    expect(sent.map(({ end }) => end)).toEqual(["acked", "parked", "acked"]);
    expect(sent[1]!.cause?.message).toBe("a bug");
    expect(till.said).toEqual(["order.completed a", "order.completed b"]);
  });

  it("lets a faulty command spoil only itself", async () => {
    const till = new Till();

    const results = await Promise.allSettled([till.place("a"), till.place("faulty"), till.place("b")]);

    expect(results).toMatchObject([
      { status: "fulfilled" },
      { status: "rejected", reason: { message: "a bug" } },
      { status: "fulfilled" },
    ]);
    expect(till.said).toEqual(["shipment.waived a", "shipment.waived b"]);
  });

  it("hands everybody back when the disk is full, and takes them when there is room again", async () => {
    const till = new Till();
    const events = [paid("a"), paid("b".repeat(200_000)), paid("c")];
    till.limitPages(20);

    const placed = till.place("d").catch((error: Error) => error.message);
    const full = await till.take(...events);

    expect(full.map(({ end, retryInMs }) => ({ end, retryInMs }))).toEqual(
      events.map(() => ({ end: "retried", retryInMs: 1_000 })),
    );
    expect(await placed).toMatch(/full/);
    expect(till.said).toEqual([]);

    till.limitPages(10_000);
    const roomy = await till.take(...events);
    expect(roomy.map(({ end }) => end)).toEqual(["acked", "acked", "acked"]);
    expect(till.said).toHaveLength(3);
  });
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

    for (const attempt of [1, 2, 3, 8, 9, 200]) {
      const sent = till.give(created(`a${attempt}`), attempt);
      await turns();
      till.fail(`a${attempt}`);
      await turns();
      delays.push(sent.retryInMs!);
    }
    expect(delays).toEqual([200, 400, 800, 25_600, 30_000, 30_000]);

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

    expect(sent!.end).toBe("retried");
    expect(till.signals[0]!.reason).toEqual(new Error("no answer within 15000 ms"));
  });

  it("free the lane when the decision on the answer throws", async () => {
    const till = new Till();

    const sent = await till.take(created("faulty"), noted("faulty"));
    till.answer("faulty");
    await turns();

    expect(sent.map(({ end }) => end)).toEqual(["parked", "acked"]);
  });
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
    const broken = { answer: () => fail("no answer") };

    const results = await Promise.allSettled([
      till.place("a", undefined, takeGoods, broken),
      till.place("b"),
    ]);

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

describe("stopping", () => {
  it("waits for the call under way, stores what came of it, and hands back the rest at once", async () => {
    const till = new Till();
    const [calling, waiting] = await till.take(created("a"), paid("a"));

    const drained = till.runtime.drain(8_000);
    expect(waiting).toMatchObject({ end: "retried", retryInMs: 0 });
    const late = till.give(paid("b"));
    expect(late).toMatchObject({ end: "retried", retryInMs: 0 });
    till.answer("a");
    await turns();
    await drained;

    expect(calling!.end).toBe("acked");
    expect(till.stored).toEqual(["shipment.waived a"]);
  });

  it("hands back calls that wait for their turn", async () => {
    const till = new Till();
    const sent = await till.take(...Array.from({ length: 130 }, (_, number) => created(`order-${number}`)));

    const drained = till.runtime.drain(8_000);
    await turns();
    expect(sent.slice(128).map(({ end }) => end)).toEqual(["retried", "retried"]);
    for (const name of till.calls.slice(0, 128)) till.answer(name);
    await turns();
    await drained;

    expect(till.calls).toHaveLength(128);
    expect(sent.slice(0, 128).every(({ end }) => end === "acked")).toBe(true);
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
});

/** A group commit over a transaction that writes down what happens. */
function groups(lingerMs = 0) {
  const log: string[] = [];
  const transaction = (run: () => boolean) => {
    log.push("begin");
    try {
      run();
      log.push("commit");
    } catch (error) {
      log.push("rollback");
      throw error;
    }
  };
  return { log, commits: new GroupCommit(transaction, () => log.push("after"), lingerMs) };
}

function work(name: string, log: string[], alsoDo = () => {}): Work {
  return {
    run() {
      log.push(`run ${name}`);
      alsoDo();
      return true;
    },
    committed: () => void log.push(`committed ${name}`),
    failed: () => void log.push(`failed ${name}`),
  };
}

/** A publisher over rows that are only numbered, and a broker that does as it is told. */
function shelf(publishedThrough = 0) {
  const published: number[][] = [];
  const pauses: number[] = [];
  const orders: (number | "refuses")[] = [];
  let rows = 0;
  let held: Promise<void> | undefined;
  const source: OutboxSource = {
    publishedThrough,
    outboxAfter: (row) =>
      Array.from(
        { length: Math.min(OUTBOX_PAGE, Math.max(0, rows - row)) },
        (_, index) => ({ id: row + index + 1 }) as OutboxRow,
      ),
  };
  const outbox = new OutboxPublisher(
    source,
    async (batch) => {
      published.push(batch.map(({ id }) => id));
      await held;
      const told = orders.shift() ?? batch.length;
      return told === "refuses" ? fail("no responders") : told;
    },
    (_, retryInMs) => pauses.push(retryInMs),
  );
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

/** Resolves some turns of the microtask queue after `promise`. */
async function after(promise: Promise<void>, microtasks: number): Promise<void> {
  await promise;
  for (let turn = 0; turn < microtasks; turn++) await undefined;
}
