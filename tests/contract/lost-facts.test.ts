// What a broker has acknowledged and has lost since: how much of it is missed, and that it is said again, and only that.

import { beforeEach, describe, expect, it, vi } from "vitest";
import type { OutboxRow } from "../../shared/service/engine.ts";
import { type OutboxRows, SENT_TOGETHER, saysAgainFor, storedThrough } from "../../shared/service/lost.ts";
import { OutboxPublisher } from "../../shared/service/outbox.ts";
import { NOW } from "./flow.ts";
import { deferred, fail, turns } from "./till.ts";

const SAYS_AGAIN_MS = 1_000_000;

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date"], now: NOW });
  return () => vi.useRealTimers();
});

describe("a service that is connected again", () => {
  it("asks for the newest few, and says nothing again when all is there", async () => {
    const { outbox, broker } = shop(100);
    await broker.settle(outbox);

    expect(broker.looks).toBe(SENT_TOGETHER);
    expect(broker.published).toEqual([]);
  });

  it("says again what is lost, from the oldest on, before it says anything new", async () => {
    const { outbox, broker, write, lost } = shop(100);
    broker.loseAfter(90);
    write(2);
    await broker.settle(outbox);

    expect(broker.published).toEqual(numbers(91, 102));
    expect(broker.rows).toEqual(numbers(1, 102));
    expect(lost).toEqual([10]);
    expect(outbox.through).toBe(102);
  });

  it("says everything again when there is nothing left", async () => {
    const { outbox, broker } = shop(1_200);
    broker.loseAfter(0);
    await broker.settle(outbox);

    expect(broker.rows).toEqual(numbers(1, 1_200));
  });

  it("is not fooled by a broker that remembers the ids of what it has lost", async () => {
    const { outbox, broker, write } = shop(0);
    write(10);
    await broker.settle(outbox);
    broker.loseAfter(4);
    await broker.settle(outbox);

    expect(broker.rows).toEqual(numbers(1, 10));
  });

  it("is not fooled either when it loses some again before all is said again", async () => {
    const { outbox, broker, write } = shop(0);
    write(1_200);
    await broker.settle(outbox);
    broker.loseAfter(0);
    const store = broker.publish.bind(broker);
    vi.spyOn(broker, "publish")
      .mockImplementationOnce(store)
      .mockImplementationOnce(async () => {
        broker.loseAfter(100);
        return fail("the connection broke");
      });
    await broker.settle(outbox);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(broker.rows).toEqual(numbers(1, 1_200));
  });

  it("acks nothing before it knows that what the delivery led to is still there", async () => {
    const { outbox, broker } = shop(100);
    const acks: number[] = [];
    broker.loseAfter(90);
    for (const row of [80, 95]) outbox.ackAfter(row, { ack: () => acks.push(row, broker.rows.length) });
    expect(acks).toEqual([]);
    await broker.settle(outbox);

    expect(acks).toEqual([80, 90, 95, 100]);
  });

  it("looks again when the broker does not answer", async () => {
    const { outbox, broker, failures } = shop(100);
    broker.loseAfter(90);
    broker.isSilent = true;
    await broker.settle(outbox);
    expect(failures).toEqual(["no responders"]);
    broker.isSilent = false;
    await vi.advanceTimersByTimeAsync(10_000);

    expect(broker.rows).toEqual(numbers(1, 100));
  });

  it("looks again after a publish that failed: the stream may have been made anew", async () => {
    const { outbox, broker, write } = shop(100);
    await broker.settle(outbox);
    broker.isSilent = true;
    write(1);
    outbox.kick();
    await turns();
    broker.isSilent = false;
    broker.loseAfter(0);
    await vi.advanceTimersByTimeAsync(10_000);

    expect(broker.rows).toEqual(numbers(1, 101));
  });

  it("does not trust an answer that was under way meanwhile", async () => {
    const { outbox, broker, publish } = shop(100);
    const answer = await publish(1);
    broker.loseAfter(90);
    broker.isSilent = false;
    outbox.retryNow();
    answer();
    await turns();

    expect(broker.rows).toEqual(numbers(1, 101));
  });
});

describe("a service that looks now and then, though nothing seems to have happened", () => {
  it("says again what is lost", async () => {
    const { outbox, broker } = shop(100);
    await broker.settle(outbox);
    broker.loseAfter(90);
    outbox.look();
    await turns();

    expect(broker.rows).toEqual(numbers(1, 100));
  });

  it("says nothing twice that is on its way meanwhile, and then looks", async () => {
    const { outbox, broker, publish } = shop(100);
    const answer = await publish(20);
    const looks = broker.looks;
    outbox.look();
    answer();
    await turns();

    expect(broker.published).toEqual(numbers(101, 120));
    expect(broker.looks).toBe(looks + SENT_TOGETHER);
    expect(outbox.through).toBe(120);
  });
});

describe("what is looked for", () => {
  it.each([0, 1, 2, 3, 500, 9_998, 9_999, 10_000])("is found to be there up to row %i", async (there) => {
    const broker = new Broker();
    broker.rows = numbers(1, there);

    expect(await storedThrough(outboxOf(10_000), 10_000, broker.lookout, NOW)).toBe(there);
    expect(broker.looks).toBeLessThanOrEqual(SENT_TOGETHER + 2 * Math.ceil(Math.log2(10_000)));
  });

  it("is missed where it was refused, and others that were sent together with it were not", async () => {
    const broker = new Broker();
    broker.rows = [...numbers(1, 93), 95, 97];

    expect(await storedThrough(outboxOf(100), 100, broker.lookout, NOW)).toBe(93);
  });

  it("is nothing that inboxes would forget before the stream lets go of it again", () => {
    expect(saysAgainFor(720, 1_440)).toBe(648);
    expect(saysAgainFor(720, 744)).toBe(24);
  });

  it("is nothing that is older than what the stream keeps", async () => {
    const broker = new Broker(); // All of it has aged out.
    const ageOf = (row: number) => (row <= 40 ? SAYS_AGAIN_MS + 1 : 0);

    expect(await storedThrough(outboxOf(50, ageOf), 50, broker.lookout, NOW)).toBe(40);
  });

  it("is there as well where a newer event of its service has the same subject, but not where an older one has", async () => {
    const newestLike = (id: string) => ({ ...new Broker().lookout, newestLike: async () => id });

    expect(await storedThrough(outboxOf(5), 5, newestLike("7"), NOW)).toBe(5);
    expect(await storedThrough(outboxOf(5), 5, newestLike("3"), NOW)).toBe(3);
    expect(await storedThrough(outboxOf(5), 5, newestLike("of somebody else"), NOW)).toBe(0);
  });
});

/** A broker that stores rows by their numbers, remembers their ids, and loses what the test says. */
class Broker {
  rows: number[] = [];
  readonly published: number[] = [];
  looks = 0;
  isSilent = false;
  readonly #ids = new Set<string>();
  #held: Promise<void> | undefined;

  readonly lookout = {
    saysAgainMs: SAYS_AGAIN_MS,
    onLost: (_: number) => {},
    newestLike: async ({ event_id }: OutboxRow) => {
      this.looks++;
      if (this.isSilent) fail("no responders");
      return this.rows.includes(Number(event_id)) ? event_id : undefined;
    },
  };

  async publish(rows: readonly OutboxRow[], again = ""): Promise<number> {
    if (this.isSilent) fail("no responders");
    await this.#held;
    this.#held = undefined;
    for (const { id, event_id } of rows) {
      this.published.push(id);
      if (this.#ids.has(event_id + again)) continue;
      this.#ids.add(event_id + again);
      this.rows = [...this.rows, id].sort((one, other) => one - other);
    }
    return rows.length;
  }

  loseAfter(row: number): void {
    this.rows = this.rows.filter((one) => one <= row);
  }

  /** Makes the next publish wait until the answer is called. */
  hold(): () => void {
    const { promise, resolve } = deferred<void>();
    this.#held = promise;
    return resolve;
  }

  async settle(outbox: OutboxPublisher): Promise<void> {
    outbox.retryNow();
    await turns();
  }
}

/** An outbox of which `stored` rows are in the stream. */
function shop(stored: number) {
  const broker = new Broker();
  broker.rows = numbers(1, stored);
  const lost: number[] = [];
  const failures: string[] = [];
  let rows = stored;
  const source = {
    ...outboxOf(Number.POSITIVE_INFINITY),
    publishedThrough: stored,
    outboxAfter: (row: number) => numbers(row + 1, Math.min(row + 500, rows)).map((id) => rowOf(id)),
  };
  const outbox = new OutboxPublisher({
    source,
    publish: (...rows) => broker.publish(...rows),
    onFailure: ({ message }) => failures.push(message),
    lookout: { ...broker.lookout, onLost: (count) => lost.push(count) },
  });
  const write = (more: number) => {
    rows += more;
  };
  /** Has rows more on their way to the broker, which stores them when the answer is called. */
  const publish = async (more: number) => {
    await broker.settle(outbox);
    const answer = broker.hold();
    write(more);
    outbox.kick();
    await turns();
    return answer;
  };
  return { outbox, broker, lost, failures, write, publish };
}

/** So many rows, each with its number for an id. */
function outboxOf(rows: number, ageOf: (row: number) => number = () => 0): OutboxRows {
  return {
    outboxUpTo: (row) => (row > 0 ? rowOf(Math.min(row, rows), ageOf(row)) : undefined),
    rowOf: (eventId) => Number(eventId) || 0,
  };
}

function rowOf(id: number, age = 0): OutboxRow {
  return { id, event_id: `${id}`, time: NOW - age } as OutboxRow;
}

function numbers(from: number, to: number): number[] {
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index);
}
