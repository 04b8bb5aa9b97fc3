// How many events come back to a service: from the tables which ones may, from the stories of orders how many do.

import { describe, expect, it } from "vitest";
import { Returns, returning } from "../../apps/monitor/returns.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";

describe("what comes back to a service", () => {
  const services = allServices(loadConfig({}));
  const of = (name: string) => [...returning(services.find((one) => one.name === name)!, services)].sort();

  it("is what others say because of what it says", () => {
    expect(of("risk")).not.toContain("order.created");
    expect(of("inventory")).toContain("order.cancelled");
    expect(of("payments")).not.toContain("stock.reserved");
  });

  it("is nothing for who says nothing", () => {
    expect(of("analytics")).toEqual([]);
  });
});

const HEARD = ["a.placed", "a.sent", "a.dropped"];
const BACK = new Set(["a.sent", "a.dropped"]);
const OK = { status: "OK", lag: 0, floorSeq: 0 } as const;

/** A stream with a story for each order, one after the other, that counts what is asked of it; it grows by `tell`. */
function aStream() {
  const subjects: string[] = [];
  let requests = 0;
  const places: number[] = [];
  return {
    tell: (story: readonly string[], times: number) => {
      for (let n = 0; n < times; n++) {
        const key = `o${subjects.length}`;
        subjects.push(...story.map((type) => `${type}.${key}`));
      }
    },
    span: (firstSeq = 1) => ({ firstSeq, lastSeq: subjects.length }),
    subjectAt: async (seq: number) => {
      requests++;
      places.push(seq);
      return subjects[seq - 1];
    },
    subjectsOf: async (key: string) => {
      requests++;
      return Object.fromEntries(subjects.filter((one) => one.endsWith(`.${key}`)).map((one) => [one, 1]));
    },
    places,
    asked: () => {
      const asked = requests;
      requests = 0;
      return asked;
    },
  };
}

/** Looks so often that all is read that is to be. */
async function learned(returns: Returns, stream: ReturnType<typeof aStream>, consumers: Consumers = [OK]) {
  for (let look = 0; look < 9; look++) await returns.learn(stream.span(), consumers, stream);
}
type Consumers = Parameters<Returns["learn"]>[1];

describe("how many come back", () => {
  it("is what the stories of orders tell, long and short ones alike", async () => {
    const stream = aStream();
    for (let n = 0; n < 500; n++) {
      stream.tell(["a.placed", "b.c", "b.d", "b.e", "b.f", "b.g", "a.sent"], 1);
      stream.tell(["a.placed"], 1);
    }
    const returns = new Returns();
    await learned(returns, stream);

    expect(returns.share(HEARD, BACK)).toBeGreaterThan(0.4);
    expect(returns.share(HEARD, BACK)).toBeLessThan(0.6);
  });

  it("is exact where all orders are alike", async () => {
    const stream = aStream();
    stream.tell(["a.placed", "b.c", "a.dropped"], 200);
    const returns = new Returns();
    await returns.learn(stream.span(), [OK], stream);

    expect(returns.share(HEARD, BACK)).toBe(1);
  });

  it("is unknown as long as there is no story", async () => {
    const stream = aStream();
    const returns = new Returns();
    await learned(returns, stream);
    await returns.learn({ firstSeq: 0, lastSeq: 0 }, [OK], stream);

    expect(returns.share(HEARD, BACK)).toBe(0);
    expect(stream.asked()).toBe(0);
  });

  it("costs 16 requests a look at most, and none once enough is known and nothing is new", async () => {
    const stream = aStream();
    stream.tell(["a.placed", "a.sent"], 1_000);
    const returns = new Returns();
    for (let look = 0; look < 8; look++) {
      await returns.learn(stream.span(), [OK], stream);
      expect(stream.asked()).toBe(16);
    }
    await returns.learn(stream.span(), [OK], stream);
    expect(stream.asked()).toBe(0);
  });

  it("is learned anew as orders become others", async () => {
    const stream = aStream();
    stream.tell(["a.placed"], 100);
    const returns = new Returns();
    await learned(returns, stream);
    expect(returns.share(HEARD, BACK)).toBe(0);

    stream.tell(["a.placed", "a.sent"], 10_000);
    await learned(returns, stream);
    expect(returns.share(HEARD, BACK)).toBeGreaterThan(0.9);
  });

  it("goes by what all have handled: of the rest not all has come back yet", async () => {
    const stream = aStream();
    stream.tell(["a.placed", "a.sent"], 100);
    const returns = new Returns();
    const behind = { status: "NOBODY LISTENING", lag: 1_000, floorSeq: 200 } as const;
    await returns.learn(stream.span(), [OK, behind], stream);
    stream.tell(["a.placed"], 1_000);
    await learned(returns, stream, [OK, behind]);
    await learned(returns, stream, [OK, { status: "CATCHING UP", lag: 500, floorSeq: 700 }]);

    expect(Math.max(...stream.places)).toBeLessThanOrEqual(200);
    expect(returns.share(HEARD, BACK)).toBe(1);
  });

  it("outlives a stream that has lost its first messages, or all of them", async () => {
    const stream = aStream();
    stream.tell(["a.placed", "a.sent"], 100);
    const returns = new Returns();
    await learned(returns, stream);
    await returns.learn(stream.span(150), [OK], stream);
    await returns.learn({ firstSeq: 1, lastSeq: 0 }, [OK], stream);
    await returns.learn({ firstSeq: 201, lastSeq: 300 }, [OK], stream);

    expect(returns.share(HEARD, BACK)).toBe(1);
  });
});
