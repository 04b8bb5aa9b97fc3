// Whose progress decides how much of the stream the monitor learns from.

import { expect, it } from "vitest";
import { Poll } from "../../apps/monitor/poll.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import type { NatsObserver } from "../../shared/nats/observer.ts";

const LAST = 1_000;

/** How many orders are looked at for their stories, where these services have acknowledged nothing and all others everything. */
async function learnedWithout(...behind: string[]): Promise<number> {
  let stories = 0;
  const eyes = {
    requests: 0,
    stream: async () => ({ messages: LAST, firstSeq: 1, lastSeq: LAST, life: "1" }),
    messages: async () => [],
    first: async () => ({ seq: 1, subject: "order.created.o1", time: new Date() }),
    subjectsOf: async () => {
      stories++;
      return { "order.created.o1": 1, "order.completed.o1": 1 };
    },
    consumer: async (name: string) => {
      const waits = behind.includes(name) ? LAST : 0;
      const done = { consumer_seq: LAST - waits, stream_seq: LAST - waits };
      const counts = { num_ack_pending: 0, num_redelivered: 0, num_waiting: 1 };
      return { num_pending: waits, ...counts, delivered: done, ack_floor: done };
    },
  };
  await new Poll(eyes as unknown as NatsObserver, allServices(loadConfig({}))).look();
  return stories;
}

it("stories are learned though those are behind who only listen", async () => {
  expect(await learnedWithout("analytics", "notifications")).toBe(8);
});

it("stories are not learned where one who has a say has not heard of them", async () => {
  expect(await learnedWithout("risk")).toBe(0);
});
