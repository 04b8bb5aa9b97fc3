// Which schemas a build may start with, next to those that are in the bucket; and what is put there.

import { describe, expect, it } from "vitest";
import { type FactType, knownVersions } from "../../shared/contracts/events.ts";
import { createLog } from "../../shared/observability/log.ts";
import { entryText, readEntry, type SchemaEntry } from "../../shared/schemas/bucket-entry.ts";
import { fingerprint } from "../../shared/schemas/canonical.ts";
import { DEFAULT_SETTINGS, type Settings } from "../../shared/schemas/event.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import {
  Agreement,
  type KeptSchema,
  type SchemaBucket,
  SchemaRefusedError,
} from "../../shared/service/agreement.ts";
import { openDatabase } from "../../shared/service/database.ts";
import { refusals } from "../../shared/service/refusals.ts";

const TYPES: FactType[] = ["order.created", "order.completed"];
const LOG = createLog("orders", "silent");

describe("a service that starts", () => {
  it("puts every version of what it writes into the bucket, oldest first", async () => {
    const bucket = new Bucket();

    await new Agreement(TYPES, openDatabase(":memory:"), LOG).reach(bucket);

    const known = TYPES.flatMap((type) => knownVersions(type).map((each) => `${type}.${each.fingerprint}`));
    expect([...bucket.kept.keys()]).toEqual(known);
    const { version, schema } = knownVersions("order.created").at(-1)!;
    expect(JSON.parse(bucket.kept.get(known[1]!)!)).toEqual({ event: "order.created", version, schema });
  });

  it("adds nothing the second time, nor when another instance starts at the same moment", async () => {
    const bucket = new Bucket();
    const start = () => new Agreement(TYPES, openDatabase(":memory:"), LOG).reach(bucket);

    await Promise.all([start(), start()]);
    await start();

    expect(bucket.kept.size).toBe(TYPES.flatMap(knownVersions).length);
  });

  it("asks nobody when it says nothing", async () => {
    const agreement = new Agreement([], openDatabase(":memory:"), LOG);
    expect(agreement.isReached).toBe(true);
    await agreement.reach(new Bucket());
    expect(await agreement.holds(new Bucket())).toBe(true);
  });

  it("notices later on that the bucket was lost, and puts everything there again", async () => {
    const bucket = new Bucket();
    const agreement = new Agreement(TYPES, openDatabase(":memory:"), LOG);
    await agreement.reach(bucket);
    expect(await agreement.holds(bucket)).toBe(true);

    const before = [...bucket.kept];
    bucket.kept.clear();
    expect(await agreement.holds(bucket)).toBe(false);
    await agreement.reach(bucket);
    expect([...bucket.kept]).toEqual(before);
  });

  it("remembers that NATS agreed, for the next process, and not for a build that writes something else", async () => {
    const db = openDatabase(":memory:");
    const first = new Agreement(TYPES, db, LOG);
    expect(first.isReached).toBe(false);
    await first.reach(new Bucket());

    expect(first.isReached).toBe(true);
    expect(new Agreement(TYPES, db, LOG).isReached).toBe(true);
    expect(new Agreement([...TYPES, "order.cancelled"], db, LOG).isReached).toBe(false);
  });

  it("leaves out what is no schema at all", async () => {
    const bucket = new Bucket();
    bucket.kept.set("order.created.0123456789abcdef", "no JSON");
    bucket.kept.set(
      "order.completed.fedcba9876543210",
      '{"event":"order.completed","version":7,"schema":"int"}',
    );

    const agreement = new Agreement(TYPES, openDatabase(":memory:"), LOG);
    await agreement.reach(bucket);

    expect(agreement.isReached).toBe(true);
  });

  it("does not start when something else is under its own fingerprint: nobody could read it", async () => {
    const bucket = new Bucket();
    bucket.kept.set(`order.created.${knownVersions("order.created")[0]!.fingerprint}`, "no JSON");

    await expect(new Agreement(TYPES, openDatabase(":memory:"), LOG).reach(bucket)).rejects.toThrow(
      /order.created v1: under its fingerprint .* something that is no such schema. Delete the stream KV_SCHEMAS/,
    );
  });

  it("does not start, and puts nothing there, when the checker finds an incompatible version", async () => {
    const bucket = new Bucket();
    bucket.put("order.completed", 2, record({ name: "orderId", type: "long" }));
    const db = openDatabase(":memory:");
    const agreement = new Agreement(TYPES, db, LOG);

    const refused = agreement.reach(bucket);
    await expect(refused).rejects.toThrow(SchemaRefusedError);
    await expect(refused).rejects.toThrow(/order.completed v1: .*type-changed at .*orderId/);

    expect(bucket.kept.size).toBe(1);
    expect(agreement.isReached).toBe(false);
    expect(new Agreement(TYPES, db, LOG).isReached).toBe(false);
  });

  it("does not start when another build was quicker with another schema of the same number", async () => {
    const bucket = new Bucket();
    const other = record({ name: "orderId", type: "string" }, { name: "by", type: "string", default: "" });
    bucket.onFirstCreate = () => bucket.put("order.completed", 1, other);

    await expect(
      new Agreement(["order.completed"], openDatabase(":memory:"), LOG).reach(bucket),
    ).rejects.toThrow(/order.completed v1 in the bucket is another schema/);
  });

  it("tries again later when the bucket can't be asked: that is no refusal", async () => {
    const bucket = new Bucket();
    bucket.trouble = new Error("no answer");

    const tried = new Agreement(TYPES, openDatabase(":memory:"), LOG).reach(bucket);

    await expect(tried).rejects.toThrow("no answer");
    await expect(tried).rejects.not.toThrow(SchemaRefusedError);
  });
});

describe("a build's versions", () => {
  const V1 = record({ name: "id", type: "string" });
  const V2 = record({ name: "id", type: "string" }, { name: "note", type: "string", default: "" });
  const REQUIRED = record({ name: "id", type: "string" }, { name: "note", type: "string" });
  const OTHER = record({ name: "id", type: "string" }, { name: "memo", type: "string", default: "" });
  const LATER = record({ name: "id", type: "string" }, { name: "at", type: "long", default: 0 });
  const NUMBERED = record({ name: "id", type: "long" });

  it.each<[string, SchemaEntry[], SchemaEntry[]]>([
    ["where there is nothing yet", [entry(1, V1), entry(2, V2)], []],
    ["where they are already", [entry(1, V1), entry(2, V2)], [entry(1, V1), entry(2, V2)]],
    ["next to an older one", [entry(1, V1), entry(2, V2)], [entry(1, V1)]],
    ["next to a newer one that goes with them", [entry(1, V1)], [entry(2, V2), entry(3, LATER)]],
    [
      "again, though a newer one came meanwhile that does not",
      [entry(1, V1)],
      [entry(1, V1), entry(2, NUMBERED)],
    ],
    [
      "again, though others broke with each other",
      [entry(1, V1)],
      [entry(1, V1), entry(2, NUMBERED), entry(2, V2)],
    ],
  ])("go %s", (_, own, kept) => {
    expect(refusals("a.event", own, kept, DEFAULT_SETTINGS, false)).toEqual([]);
  });

  it.each<[string, SchemaEntry[], SchemaEntry[], RegExp]>([
    [
      "when the newest has a required field that the others lack",
      [entry(1, V1), entry(2, REQUIRED)],
      [entry(1, V1)],
      /^a.event v2: field-without-default at .*note, when v2 reads v1: .* "default": ""/,
    ],
    [
      "when the newest breaks with one that this build does not know",
      [entry(1, V1), entry(3, V2)],
      [entry(1, V1), entry(2, NUMBERED)],
      /^a.event v3: type-changed at .*id, when v3 reads v2:/,
    ],
    [
      "when they break with each other, whatever is there",
      [entry(1, V1), entry(2, NUMBERED)],
      [],
      /^a.event v2: type-changed at .*id, when v2 reads v1:/,
    ],
    [
      "when a number stands for another schema",
      [entry(1, V1), entry(2, OTHER)],
      [entry(1, V1), entry(2, V2)],
      /^a.event v2 in the bucket is another schema \(fingerprint \w{16}\) than in this build \(\w{16}\)/,
    ],
    [
      "when a number stood for another schema before they came",
      [entry(1, OTHER)],
      [entry(1, V1), entry(1, OTHER)],
      /^a.event v1 in the bucket is another schema/,
    ],
    [
      "when a schema has another number",
      [entry(1, V2), entry(2, V1)],
      [entry(1, V1)],
      /^a.event v2 is v1 in the bucket, of the same fingerprint/,
    ],
    [
      "when a default was changed after the release",
      [entry(1, record({ name: "note", type: "string", default: "new" }))],
      [entry(1, record({ name: "note", type: "string", default: "old" }))],
      /^a.event v1 was changed after it was released, at \/fields\/0\/default: "old" in the bucket, "new" in this build/,
    ],
    [
      "when a logical type was changed after the release",
      [entry(1, record({ name: "at", type: { type: "long", logicalType: "timestamp-micros" } }))],
      [entry(1, record({ name: "at", type: { type: "long", logicalType: "timestamp-millis" } }))],
      /at \/fields\/0\/type\/logicalType: "timestamp-millis" in the bucket, "timestamp-micros" in this build/,
    ],
  ])("are refused %s", (_, own, kept, words) => {
    const found = refusals("a.event", own, kept, DEFAULT_SETTINGS, false);

    expect(found).toContainEqual(expect.stringMatching(words));
  });

  it("are judged by the event's mode, and by what it approves", () => {
    const [own, kept] = [[entry(1, V1), entry(2, REQUIRED)], [entry(1, V1)]];
    const judge = (settings: Settings) => refusals("a.event", own, kept, settings, false);
    const approved = { rule: "field-without-default", version: 2, reason: "nobody reads it" } as const;

    expect(judge({ mode: "BACKWARD", approved: [] })).toHaveLength(1);
    expect(judge({ mode: "FORWARD", approved: [] })).toEqual([]);
    expect(judge({ mode: "NONE", approved: [] })).toEqual([]);
    expect(judge({ mode: "FULL", approved: [approved] })).toEqual([]);
  });
});

/** A bucket in memory: what is there stays. */
class Bucket implements SchemaBucket {
  readonly kept = new Map<string, string>();
  trouble: Error | undefined;
  onFirstCreate: (() => void) | undefined;

  async all(event: string): Promise<KeptSchema[]> {
    if (this.trouble) throw this.trouble;
    return [...this.kept]
      .filter(([key]) => key.slice(0, key.lastIndexOf(".")) === event)
      .map(([key, text]) => ({ fingerprint: key.slice(key.lastIndexOf(".") + 1), text }));
  }

  async find(event: string, print: string): Promise<string | undefined> {
    return this.kept.get(`${event}.${print}`);
  }

  async create(event: string, { fingerprint: print, text }: KeptSchema): Promise<void> {
    this.onFirstCreate?.();
    this.onFirstCreate = undefined;
    if (!this.kept.has(`${event}.${print}`)) this.kept.set(`${event}.${print}`, text);
  }

  put(event: FactType, version: number, json: object): void {
    const print = fingerprint(parseSchema(json).schema!);
    this.kept.set(`${event}.${print}`, entryText({ event, version, json }));
  }
}

function record(...fields: object[]): object {
  return { type: "record", name: "OrderCompleted", namespace: "quadrille", fields };
}

function entry(version: number, json: object): SchemaEntry {
  const print = fingerprint(parseSchema(json).schema!);
  return readEntry("a.event", print, entryText({ event: "a.event", version, json }));
}
