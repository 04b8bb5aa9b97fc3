// How many events come back to a service: from the tables which ones may, from the stories of orders how many do.

import { TimeoutError } from "nats";
import { beforeEach, describe, expect, it } from "vitest";
import { Returns, returning } from "../../apps/monitor/returns.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { Chance } from "../../shared/flow/simulate/chance.ts";
import type { Stored } from "../../shared/nats/observer.ts";

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

const HEARD = ["order.created", "shipment.dispatched", "order.cancelled"];
const BACK = new Set(["shipment.dispatched", "order.cancelled"]);
const OPEN = ["order.created"];
const CANCELLED = ["order.created", "order.cancelled"];
const NOTHING_BACK = ["order.created", "order.completed"];
const LONG = ["order.created", "a.b", "a.c", "a.d", "a.e", "shipment.dispatched", "a.f", "order.completed"];
const IDLE = { lag: 0, floorSeq: 1 };

/** A stream with the story of one order after the other, that counts what is asked of it. */
class Stream {
  readonly subjects: string[] = [];
  life = "1";
  places: number[] = [];
  requests = 0;
  fault: Error | undefined;

  tell(story: readonly string[], times: number): this {
    for (let n = 0; n < times; n++) {
      const key = `o${this.subjects.length}`;
      this.subjects.push(...story.map((type) => `${type}.${key}`));
    }
    return this;
  }

  /** Tells the stories of some orders, all beginnings first. */
  tellAtOnce(stories: readonly (readonly string[])[]): this {
    const lines = stories.map((story, n) => story.map((type) => `${type}.o${n}`));
    this.subjects.push(...lines.map(([first]) => first!), ...lines.flatMap(([, ...rest]) => rest));
    return this;
  }

  async first(_: string, from: number, [wanted]: readonly string[]): Promise<Stored | undefined> {
    this.#ask();
    this.places.push(from);
    const prefix = wanted!.slice(0, -1);
    const index = this.subjects.findIndex((one, at) => at >= from - 1 && one.startsWith(prefix));
    return index < 0 ? undefined : ({ seq: index + 1, subject: this.subjects[index]! } as Stored);
  }

  async subjectsOf(key: string): Promise<Record<string, number>> {
    this.#ask();
    return Object.fromEntries(this.subjects.filter((one) => one.endsWith(`.${key}`)).map((one) => [one, 1]));
  }

  #ask(): void {
    this.requests++;
    if (this.fault) throw this.fault;
  }
}

/** How many requests each of these looks costs. */
async function looks(
  returns: Returns,
  stream: Stream,
  { times = 9, firstSeq = 1, speakers = [IDLE] as { lag: number; floorSeq: number }[] } = {},
): Promise<number[]> {
  const costs: number[] = [];
  for (let look = 0; look < times; look++) {
    stream.requests = 0;
    const { life, subjects } = stream;
    await returns.learn({ firstSeq, lastSeq: subjects.length, life }, speakers, stream);
    costs.push(stream.requests);
  }
  return costs;
}

describe("how many come back", () => {
  let chance: Chance;
  let returns: Returns;

  beforeEach(() => {
    chance = new Chance(7);
    returns = new Returns(() => chance.random());
  });

  it("is what the stories of orders tell, long and short ones alike", async () => {
    const stream = new Stream();
    for (let n = 0; n < 1_000; n++) stream.tell(chance.random() < 0.5 ? LONG : NOTHING_BACK, 1);
    await looks(returns, stream);

    expect(returns.share(HEARD, BACK)).toBeGreaterThan(0.4);
    expect(returns.share(HEARD, BACK)).toBeLessThan(0.6);
  });

  it("is the same where all orders begin before the first one goes on", async () => {
    const stories = Array.from({ length: 1_000 }, () => (chance.random() < 0.5 ? LONG : NOTHING_BACK));
    await looks(returns, new Stream().tellAtOnce(stories), { speakers: [{ lag: 9, floorSeq: 1_000 }] });

    expect(returns.share(HEARD, BACK)).toBeGreaterThan(0.4);
    expect(returns.share(HEARD, BACK)).toBeLessThan(0.6);
  });

  it("is exact after one look where all orders are alike", async () => {
    await looks(returns, new Stream().tell(CANCELLED, 200), { times: 1 });

    expect(returns.share(HEARD, BACK)).toBe(1);
  });

  it("is unknown as long as nothing was said: nothing is asked", async () => {
    expect(await looks(returns, new Stream(), { firstSeq: 0 })).toEqual(Array(9).fill(0));
    expect(returns.share(HEARD, BACK)).toBe(0);
  });

  it("costs 16 requests a look at most, and none once enough is known and nothing is new", async () => {
    const costs = await looks(returns, new Stream().tell(CANCELLED, 1_000));

    expect(costs).toEqual([...Array(8).fill(16), 0]);
  });

  it("is learned anew as orders become others", async () => {
    const stream = new Stream().tell(NOTHING_BACK, 100);
    await looks(returns, stream);
    expect(returns.share(HEARD, BACK)).toBe(0);

    await looks(returns, stream.tell(CANCELLED, 10_000));
    expect(returns.share(HEARD, BACK)).toBeGreaterThan(0.9);
  });

  it("goes by orders that have ended: to others not all has come back yet", async () => {
    const stream = new Stream();
    for (let n = 0; n < 500; n++) stream.tell(OPEN, 1).tell(CANCELLED, 1);
    await looks(returns, stream);

    expect(returns.share(HEARD, BACK)).toBe(1);
  });

  it("goes by what all have handled, as they go on: of the rest the odd ones end first", async () => {
    const stream = new Stream().tell(CANCELLED, 100).tell(NOTHING_BACK, 1_000);
    await looks(returns, stream, { speakers: [IDLE, { lag: 1_000, floorSeq: 200 }] });
    expect(Math.max(...stream.places)).toBeLessThanOrEqual(200);
    expect(returns.share(HEARD, BACK)).toBe(1);

    await looks(returns, stream, { speakers: [IDLE, { lag: 10, floorSeq: 2_000 }] });
    expect(Math.max(...stream.places)).toBeGreaterThan(1_000);
    expect(Math.max(...stream.places)).toBeLessThanOrEqual(2_000);
    expect(returns.share(HEARD, BACK)).toBeLessThan(0.3);
  });

  it("is not asked for anew by a service that falls behind, or whose consumer is made anew", async () => {
    const stream = new Stream().tell(CANCELLED, 100);
    const gone = [IDLE, { lag: 0, floorSeq: 0 }];
    expect(await looks(returns, stream, { times: 1, speakers: gone })).toEqual([0]);
    await looks(returns, stream);
    expect(await looks(returns, stream, { times: 1, speakers: gone })).toEqual([0]);
    expect(await looks(returns, stream, { times: 1, speakers: [{ lag: 9, floorSeq: 3 }] })).toEqual([0]);
    expect(await looks(returns, stream, { times: 1 })).toEqual([0]);
  });

  it("is asked for again where nobody answered", async () => {
    const stream = new Stream().tell(CANCELLED, 1_000);
    stream.fault = new TimeoutError();
    await looks(returns, stream);
    expect(returns.share(HEARD, BACK)).toBe(0);

    stream.fault = undefined;
    expect(await looks(returns, stream)).toEqual([...Array(8).fill(16), 0]);
    expect(returns.share(HEARD, BACK)).toBe(1);
  });

  it("costs no more after a time in which nobody answered and much was said", async () => {
    const stream = new Stream();
    stream.fault = new TimeoutError();
    for (let n = 0; n < 30; n++) await looks(returns, stream.tell(CANCELLED, 100), { times: 1 });

    stream.fault = undefined;
    expect(await looks(returns, stream)).toEqual([...Array(8).fill(16), 0]);
  });

  it("fails with what is wrong with the code", async () => {
    const stream = new Stream().tell(CANCELLED, 100);
    stream.fault = new TypeError("no such thing");

    await expect(looks(returns, stream)).rejects.toThrow("no such thing");
  });

  it("is looked for only in what is left of a stream", async () => {
    const stream = new Stream().tell(CANCELLED, 100);
    await looks(returns, stream, { firstSeq: 150 });

    expect(stream.places.length).toBe(64);
    expect(Math.min(...stream.places)).toBeGreaterThanOrEqual(150);
  });

  it("is learned from a stream that was made anew, and has as much in it", async () => {
    await looks(returns, new Stream().tell(NOTHING_BACK, 100));
    const anew = Object.assign(new Stream().tell(CANCELLED, 100), { life: "2" });
    await looks(returns, anew);

    expect(returns.share(HEARD, BACK)).toBeGreaterThan(0.9);
  });
});
