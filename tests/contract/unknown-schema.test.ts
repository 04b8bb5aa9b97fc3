// A message written with a schema that the service was not built with: it is looked up, waited for, or parked.

import avro from "avsc";
import { beforeEach, describe, expect, it, vi } from "vitest";
import { decode, type Event, fact, knownVersions } from "../../shared/contracts/events.ts";
import { createLog, type Log } from "../../shared/observability/log.ts";
import { entryText } from "../../shared/schemas/bucket-entry.ts";
import { fingerprint } from "../../shared/schemas/canonical.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import type { SchemaBucket } from "../../shared/service/agreement.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { defineService, when } from "../../shared/service/define.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { learnKept, UnknownSchemas } from "../../shared/service/unknown-schemas.ts";
import { NOW } from "./flow.ts";
import { Broker, Sent } from "./machine.ts";
import { type Deferred, deferred, turns } from "./till.ts";

const TYPE = "payment.captured";
const WAIT_MS = 60_000;
const HOUR_MS = 3_600_000;
const LOG = createLog("desk", "silent");
const EXTRA = { name: "extra", type: "string", default: "" };

beforeEach(() => {
  vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "Date", "performance"], now: NOW });
  return () => vi.useRealTimers();
});

describe("a service that starts", () => {
  it("learns every schema that the bucket has of what it consumes, and says which of them it can't read", async () => {
    const readable = aVersion();
    const unreadable = aVersion((field) => ({ ...field, ...(field.name === "currency" && { type: "int" }) }));
    const kept = [unreadable, readable].map(({ json, key }) => ({
      fingerprint: key.slice(TYPE.length + 1),
      text: entryText({ event: TYPE, version: 9, json }),
    }));
    const warnings: object[] = [];
    const log = { warn: (line: object) => warnings.push(line) } as unknown as Log;

    await learnKept([TYPE], { all: async () => kept } as Partial<SchemaBucket> as SchemaBucket, log);

    expect(readable.write("a").read()).toMatchObject({ key: "a" });
    expect(warnings).toEqual([{ key: unreadable.key, cause: expect.stringContaining("type-changed") }]);
  });
});

describe("a schema that is in the bucket", () => {
  it("is learned: the event is handled, and the next one needs no look-up", async () => {
    const desk = new Desk();
    const version = desk.publish(aVersion());

    const [first] = await desk.take(version.write("a"));
    const [second] = await desk.take(version.write("b"));

    expect([first!.end, second!.end]).toEqual(["acked", "acked"]);
    expect(desk.completed).toEqual(["a", "b"]);
    expect(desk.lookups).toEqual([version.key]);
  });

  it("is looked up once for all that wait for it", async () => {
    const desk = new Desk();
    const version = desk.publish(aVersion());
    desk.answersLate = true;

    const sent = desk.give(...Array.from({ length: 50 }, (_, number) => version.write(`order-${number}`)));
    await turns();
    expect(desk.lookups).toEqual([version.key]);
    desk.answer();
    await turns();

    expect(sent.every(({ end }) => end === "acked")).toBe(true);
    expect(desk.lookups).toEqual([version.key]);
  });

  it("is waited for when it comes a little later", async () => {
    const desk = new Desk();
    const version = aVersion();

    const [early] = await desk.take(version.write("a"));
    expect(early).toMatchObject({ end: "retried", retryInMs: 200 });
    desk.publish(version);
    vi.advanceTimersByTime(1_000);
    const [again] = await desk.take(version.write("a", 2));

    expect(again!.end).toBe("acked");
    expect(desk.completed).toEqual(["a"]);
  });

  it("is found as soon when the clock was set back meanwhile", async () => {
    const desk = new Desk();
    const version = aVersion();
    await desk.take(version.write("a"));
    desk.publish(version);
    vi.setSystemTime(NOW - HOUR_MS);
    vi.advanceTimersByTime(1_000);
    const [again] = await desk.take(version.write("a", 2));

    expect(again!.end).toBe("acked");
  });

  it("parks the event at once, in the checker's words, when this build can't read it", async () => {
    const desk = new Desk();
    const version = desk.publish(
      aVersion(({ name, type }) => ({ name, type: name === "orderId" ? "long" : type })),
    );

    const [first, second] = await desk.take(version.write(7), version.write(8));

    for (const sent of [first!, second!]) {
      expect(sent.end).toBe("parked");
      expect(sent.cause).toMatch(/type-changed at PaymentCaptured.orderId: The writer sends long/);
    }
    await desk.take(version.write(9));
    expect(desk.lookups).toEqual([version.key]);
  });

  it.each([
    ["is not JSON", () => "{", /it is not JSON/],
    ["is of another event", text({ event: "order.created" }), /it is of the event "order.created"/],
    ["has no version", text({ version: "three" }), /its version is "three"/],
    ["is no schema", text({ schema: { type: "record" } }), /it is not a valid schema/],
    ["is another schema", text({ schema: "string" }), /its fingerprint is/],
  ])("parks the event at once when what the bucket has %s", async (_, spoil, cause) => {
    const desk = new Desk();
    const version = desk.publish(aVersion());
    desk.bucket.set(version.key, spoil(desk.bucket.get(version.key)!));

    const [sent] = await desk.take(version.write("a"));

    expect(sent!.end).toBe("parked");
    expect(sent!.cause).toMatch(cause);
  });
});

describe("a schema that never comes", () => {
  it("parks the event after a minute of retries with growing delays, and says so", async () => {
    const desk = new Desk();
    const { last, delays } = await desk.insist(aVersion(), "a");

    expect(delays.slice(0, 6)).toEqual([200, 400, 800, 1_600, 3_200, 5_000]);
    expect(Math.max(...delays)).toBe(5_000);
    expect(delays.reduce((sum, delay) => sum + delay)).toBeGreaterThanOrEqual(WAIT_MS);
    expect(delays.reduce((sum, delay) => sum + delay)).toBeLessThan(WAIT_MS + 5_000);
    expect(last.cause).toMatch(
      /^unknown schema: no version of .+ has fingerprint [\da-f]{16}; looked for in the bucket SCHEMAS for 61 s, this being attempt 17: it is not there$/,
    );
    expect(desk.completed).toEqual([]);
  });

  it("parks others of the same schema without another minute", async () => {
    const desk = new Desk();
    const version = aVersion();
    await desk.insist(version, "a");

    const [other] = await desk.take(version.write("b"));

    expect(other!.end).toBe("parked");
  });

  it("parks the event after so many attempts, whatever the time: a restart does not begin anew", async () => {
    const desk = new Desk();

    const [sixteenth, seventeenth] = [aVersion().write("a", 16), aVersion().write("b", 17)];
    await desk.take(sixteenth, seventeenth);

    expect([sixteenth.end, seventeenth.end]).toEqual(["retried", "parked"]);
  });

  it("is asked for once a second, however many events ask", async () => {
    const desk = new Desk();
    const version = aVersion();

    for (let number = 0; number < 100; number++) await desk.take(version.write(`order-${number}`));
    expect(desk.lookups).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    await desk.take(version.write("late"));
    expect(desk.lookups).toHaveLength(2);
  });

  it("makes no crowd at the bucket: sixteen look-ups at once", async () => {
    const desk = new Desk();
    desk.answersLate = true;

    const sent = desk.give(...Array.from({ length: 40 }, () => aVersion().write("a")));
    await turns();
    expect(desk.lookups).toHaveLength(16);
    for (let round = 0; round < 3; round++) {
      desk.answer();
      await turns();
    }

    expect(desk.lookups).toHaveLength(40);
    expect(sent.every(({ end }) => end === "retried")).toBe(true);
  });

  it("is waited for as one of a hundred: a message with one more is parked at once, until there is room again", async () => {
    const desk = new Desk();

    const waiting = await desk.take(...Array.from({ length: 100 }, () => aVersion().write("a")));
    const [one] = await desk.take(aVersion().write("a"));
    expect(waiting.every(({ end }) => end === "retried")).toBe(true);
    expect(one!.end).toBe("parked");
    expect(one!.cause).toMatch(/it is not there; 100 other schemas are waited for already$/);

    vi.advanceTimersByTime(WAIT_MS);
    const [later] = await desk.take(aVersion().write("a"));
    expect(later!.end).toBe("retried");
  });

  it("is learned if it is in the bucket, however many others are waited for", async () => {
    const desk = new Desk();
    await desk.take(...Array.from({ length: 100 }, () => aVersion().write("a")));

    const [known] = await desk.take(desk.publish(aVersion()).write("b"));

    expect(known!.end).toBe("acked");
  });

  it("does not hold up events of schemas that are known", async () => {
    const desk = new Desk();
    desk.answersLate = true;

    const [unknown, known] = await desk.take(aVersion().write("a"), knownVersion().write("b"));

    expect([unknown!.end, known!.end]).toEqual([undefined, "acked"]);
  });
});

describe("a bucket that can't be asked", () => {
  it("is asked again, and named as the cause", async () => {
    const desk = new Desk();
    const version = desk.publish(aVersion());
    desk.trouble = new Error("NATS has no bucket SCHEMAS");

    const [early] = await desk.take(version.write("a"));
    const { last } = await desk.insist(aVersion(), "b");
    expect(early!.end).toBe("retried");
    expect(last.cause).toMatch(/NATS has no bucket SCHEMAS$/);

    desk.trouble = undefined;
    const [again] = await desk.take(version.write("a", 2));
    expect(again!.end).toBe("acked");
  });
});

describe("stopping", () => {
  it("hands back what still waits for a look-up when time is nearly up, and does nothing with the answer", async () => {
    const desk = new Desk();
    const version = desk.publish(aVersion());
    desk.answersLate = true;
    const [waiting] = await desk.take(version.write("a"));

    const drained = desk.runtime.drain(8_000);
    await vi.advanceTimersByTimeAsync(5_000);
    await drained;
    expect(waiting).toMatchObject({ end: "retried", retryInMs: 0 });
    const [late] = await desk.take(aVersion().write("b"));
    expect(late).toMatchObject({ end: "retried", retryInMs: 0 });
    desk.answer();
    await turns();

    expect(waiting!.cause).toBeUndefined();
    expect(desk.completed).toEqual([]);
  });
});

/** A service that completes orders that are paid for; the bucket of schemas is in the test's hands. */
class Desk {
  readonly bucket = new Map<string, string>();
  readonly broker = new Broker();
  /** What was asked of the bucket. */
  readonly lookups: string[] = [];
  trouble: Error | undefined;
  answersLate = false;
  readonly #owed: Deferred<void>[] = [];
  readonly runtime = new Runtime(
    defineService({
      name: "desk",
      reactions: [
        when({
          on: TYPE,
          decide: (_: undefined, { key }) => [fact("order.completed", { orderId: key })],
          emits: ["order.completed"],
        }),
      ],
      tables: "",
      store: () => ({ load: () => undefined, record: () => {} }),
    }),
    {
      db: openDatabase(":memory:"),
      port: undefined,
      publish: (rows) => this.broker.publish(rows),
      log: LOG,
      unknownSchemas: new UnknownSchemas((event, print) => this.#find(`${event}.${print}`), WAIT_MS),
    },
  );

  get completed(): string[] {
    return this.broker.stored.map(({ key }) => key);
  }

  /** Puts the version into the bucket. */
  publish(version: Version): Version {
    this.bucket.set(version.key, entryText({ event: TYPE, version: 9, json: version.json }));
    return version;
  }

  give(...sent: Written[]): Written[] {
    for (const each of sent) this.runtime.consumer.take(each);
    return sent;
  }

  async take(...sent: Written[]): Promise<Written[]> {
    this.give(...sent);
    await turns();
    return sent;
  }

  /** Answers every look-up that is under way. */
  answer(): void {
    for (const owed of this.#owed.splice(0)) owed.resolve();
  }

  /** Delivers the same message, as the broker would, until it is not handed back any more. */
  async insist(version: Version, orderId: string): Promise<{ last: Written; delays: number[] }> {
    const delays: number[] = [];
    for (let attempt = 1; ; attempt++) {
      const [last] = await this.take(version.write(orderId, attempt));
      if (last!.end !== "retried") return { last: last!, delays };
      delays.push(last!.retryInMs!);
      vi.advanceTimersByTime(last!.retryInMs!);
    }
  }

  async #find(key: string): Promise<string | undefined> {
    this.lookups.push(key);
    if (this.answersLate) {
      const owed = deferred<void>();
      this.#owed.push(owed);
      await owed.promise;
    }
    if (this.trouble) throw this.trouble;
    return this.bucket.get(key);
  }
}

/** A delivery of real bytes. */
class Written extends Sent {
  readonly #bytes: Buffer;

  constructor(key: unknown, bytes: Buffer, attempt: number) {
    super(Object.assign(new Error("not read yet"), { key }), attempt);
    this.#bytes = bytes;
  }

  override read(): Event {
    const { data } = decode(TYPE, this.#bytes);
    const { orderId: key } = data as { orderId: string };
    const about = { key, source: "test", time: NOW, causationId: "test", correlationId: key };
    return { ...about, id: `${key} captured`, type: TYPE, data } as Event;
  }
}

interface Version {
  readonly json: object;
  readonly key: string;
  write(orderId: unknown, attempt?: number): Written;
}

let versions = 0;

/** A version that no build knows: each has a field of its own. Fields may be changed as well. */
function aVersion(change: (field: typeof EXTRA) => object = (field) => field): Version {
  const { fields, ...rest } = newest();
  return versionOf({ ...rest, fields: [...fields.map(change), { ...EXTRA, name: `extra${++versions}` }] });
}

function knownVersion(): Version {
  return versionOf(newest());
}

function versionOf(json: { fields: object[] }): Version {
  const print = fingerprint(parseSchema(json).schema!);
  const type = avro.Type.forSchema(json as never);
  return {
    json,
    key: `${TYPE}.${print}`,
    write: (orderId, attempt = 1) => {
      const datum = type.clone({ orderId, reference: "r", amountCents: 1, currency: "EUR" });
      const bytes = Buffer.concat([Buffer.from(`c301${print}`, "hex"), type.toBuffer(datum)]);
      return new Written(orderId, bytes, attempt);
    },
  };
}

function newest() {
  return knownVersions(TYPE).at(-1)!.schema as { fields: (typeof EXTRA)[] };
}

/** Changes a bucket's text. */
function text(change: object) {
  return (before: string) => JSON.stringify({ ...JSON.parse(before), ...change });
}
