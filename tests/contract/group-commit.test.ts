// Group commit: work that arrives together shares a transaction, and its faults stay its own.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { GroupCommit, type Job } from "../../shared/service/group-commit.ts";
import { NOW } from "./flow.ts";
import { paid, Till, turns } from "./till.ts";

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

  it.each([
    ["that the code fails at", "faulty", "a bug"],
    ["that the database can't make sense of", "unstorable", "malformed JSON"],
  ])("lets a delivery %s spoil only itself", async (_, order, cause) => {
    const till = new Till();

    const sent = await till.take(paid("a"), paid(order), paid("b"));

    expect(sent.map(({ end }) => end)).toEqual(["acked", "parked", "acked"]);
    expect(sent[1]!.cause).toBe(cause);
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
  return { log, commits: new GroupCommit({ transaction, afterEach: () => log.push("after"), lingerMs }) };
}

function work(name: string, log: string[], alsoDo = () => {}): Job {
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
