// What may be in the versioned folder, and what is said of anything else.

import { mkdirSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { record, run, Versioned } from "./versioned.ts";

const V1 = record({ orderId: "string" });
const V2 = record({ orderId: "string", note: { type: "string", default: "" } });
const BROKEN_V2 = record({ orderId: "string", note: "string" });

describe("the versioned folder", () => {
  it("is clean when every version is in its place, and counts what was checked", () => {
    const { code, findings, events, versions, modes, unreleased } = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": V2,
      "stock.rejected/v1.avsc": record({ orderId: "string" }, "StockRejected"),
      "stock.rejected/compatibility.json": { mode: "FULL" },
      ".hidden": "anything",
      "order.created/.hidden": "anything",
    }).check();

    expect({ code, findings, events, versions }).toEqual({ code: 0, findings: [], events: 2, versions: 3 });
    expect(modes).toEqual({ "order.created": "FULL_TRANSITIVE", "stock.rejected": "FULL" });
    expect(unreleased.map(({ event, version }) => `${event} v${version}`)).toEqual([
      "order.created v1",
      "order.created v2",
      "stock.rejected v1",
    ]);
  });

  it.each([
    "order.created/v01.avsc",
    "order.created/v0.avsc",
    "order.created/V2.avsc",
    "order.created/v2.json",
    "order.created/v2.avsc.bak",
    "order.created/released.lock",
    "order.created/more/v2.avsc",
    "README.md",
    "order..created/v1.avsc",
    "order created/v1.avsc",
  ])("may not hold %s", (name) => {
    const { code, rules } = new Versioned({ "order.created/v1.avsc": V1, [name]: V2 }).check();

    expect({ code, rules }).toEqual({ code: 1, rules: ["stray-file"] });
  });

  it("holds no links: what they point to may change unseen", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1 });
    symlinkSync("v1.avsc", join(folder.root, "schemas/order.created/v2.avsc"));

    expect(folder.check().rules).toEqual(["stray-file"]);
  });

  it("has no event without a version", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1 });
    mkdirSync(join(folder.root, "schemas/order.cancelled"));

    const { findings } = folder.check();

    expect(findings).toMatchObject([
      { rule: "stray-file", event: "order.cancelled", cause: "The folder holds no version." },
    ]);
  });

  it("has no gaps: one finding for each hole", () => {
    const versions = [2, 3, 6].map((version) => [
      `order.created/v${version}.avsc`,
      record({ orderId: "string", [`note${version}`]: { type: "string", default: "" } }),
    ]);

    const { findings } = new Versioned(Object.fromEntries(versions)).check();

    expect(findings.map(({ rule, cause }) => `${rule}: ${cause}`)).toEqual([
      "version-gap: There is v2, and v1 is missing.",
      "version-gap: There is v6, and v4 to v5 are missing.",
    ]);
  });

  it("that is not there can't be checked", () => {
    const { code, out, err } = run("/", "check", "--folder", "no/such/folder");

    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toMatch(/^The folder no\/such\/folder can't be read: ENOENT/);
  });
});

describe("a version", () => {
  it.each<[string, string | Buffer, { line: number; column: number; cause: string }]>([
    ["is empty", " \n", { line: 1, column: 1, cause: "The file is empty." }],
    ["ends too early", '{\n  "type": "record"\n', { line: 2, column: 19, cause: "The JSON ends too early." }],
    ["has a comma too many", '{\n  "a": 1,\n}', { line: 3, column: 1, cause: 'with "}" here' }],
    ["has a comment", '{ // "a"\n}', { line: 1, column: 3, cause: 'with "/" here' }],
    ["has a line break in a text", '"a\nb"', { line: 1, column: 3, cause: 'with "\\n" here' }],
    ["begins with a byte order mark", "\ufeff{}", { line: 1, column: 1, cause: "byte order mark" }],
    ["is not UTF-8", Buffer.from([0x22, 0xff, 0x22]), { line: 1, column: 1, cause: "not UTF-8" }],
    ["is larger than 1 MiB", " ".repeat(1024 * 1024 + 1), { line: 1, column: 1, cause: "larger than 1 MiB" }],
  ])("that %s is no JSON, and the place is named", (_, text, { line, column, cause }) => {
    const { code, findings } = new Versioned({ "order.created/v1.avsc": text }).check();

    expect(code).toBe(2);
    expect(findings).toMatchObject([
      { rule: "not-json", cause: expect.stringContaining(cause), at: { version: 1, line, column } },
    ]);
  });

  it("that is no valid schema keeps nobody from checking the others", () => {
    const { code, rules } = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": record({ orderId: "Text" }),
      "order.created/v3.avsc": BROKEN_V2,
      "stock.rejected/v1.avsc": "{",
    }).check();

    expect(code).toBe(2);
    expect(rules).toEqual(["unknown-type", "field-without-default", "not-json"]);
  });

  it("whose only fault is a default is compared with the others all the same", () => {
    const { rules } = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": record({
        orderId: "string",
        note: "string",
        count: { type: "int", default: "?" },
      }),
    }).check();

    expect(rules).toEqual(["field-without-default", "invalid-default"]);
  });

  it("may not change a decimal, though in a union a text would take it", () => {
    const amount = (scale: number) => ({
      type: ["null", "string", { type: "bytes", logicalType: "decimal", precision: 10, scale }],
    });
    const version = (scale: number, more: object) =>
      record({ amount: { ...amount(scale), default: null }, ...more });

    const { rules } = new Versioned({
      "a.b/v1.avsc": version(2, {}),
      "a.b/v2.avsc": version(4, { note: { type: "string", default: "" } }),
    }).check();

    expect(rules).toEqual(["decimal-changed"]);
  });

  it("may not change a time unit, though only the older one's alias brings the two fields together", () => {
    const time = (unit: string, more: object) => ({
      type: { type: "long", logicalType: unit },
      default: 0,
      ...more,
    });

    const { findings } = new Versioned({
      "a.b/v1.avsc": record({ at: time("timestamp-millis", { aliases: ["when"] }) }),
      "a.b/v2.avsc": record({ when: time("timestamp-micros", {}) }),
    }).check();

    expect(findings).toMatchObject([{ rule: "logical-type-changed", direction: "FORWARD" }]);
  });

  it("is one of an event's folder, also if it was released as another event's", () => {
    const folder = new Versioned({ "order.created/v1.avsc": V1 });
    folder.run("release");
    folder.rename("order.created", "order.made");

    expect(folder.check("order.made").rules).toEqual(["released-renamed"]);
  });

  it("has its findings where they are in the file", () => {
    const { findings } = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": BROKEN_V2,
    }).check();

    expect(findings).toMatchObject([
      {
        rule: "field-without-default",
        event: "order.created",
        path: "OrderCreated.note",
        direction: "BACKWARD",
        at: { file: "schemas/order.created/v2.avsc", version: 2, pointer: "/fields/1", line: 9, column: 5 },
        writer: { file: "schemas/order.created/v1.avsc", version: 1, pointer: "", line: 1, column: 1 },
      },
    ]);
  });

  it("may have a default that only its text shows to be too large", () => {
    const schema = (literal: string) =>
      JSON.stringify(record({ count: { type: "long", default: "?" } })).replace('"?"', literal);
    const rules = (literal: string) => new Versioned({ "a.b/v1.avsc": schema(literal) }).check().rules;

    expect(rules("9223372036854775808")).toEqual(["invalid-default"]);
    expect(rules("9223372036854775807")).not.toContain("invalid-default");
  });

  it("may nest as deeply as it likes: it is refused, not crashed on", () => {
    const deep = `${'{"type":"array","items":'.repeat(10_000)}"int"${"}".repeat(10_000)}`;

    const { code, rules } = new Versioned({ "order.created/v1.avsc": deep }).check();

    expect({ code, rules }).toEqual({ code: 2, rules: ["not-a-schema"] });
  });
});

describe("compatibility.json", () => {
  const settings = (content: unknown) =>
    new Versioned({ "order.created/v1.avsc": V1, "order.created/compatibility.json": content }).check();

  it("sets the mode", () => {
    const folder = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": BROKEN_V2,
      "order.created/compatibility.json": { mode: "FORWARD" },
    });

    expect(folder.check().findings).toEqual([]);
  });

  it("approves a break, for a reason", () => {
    const approval = { rule: "field-without-default", version: 2, reason: "Nobody reads v1 any more." };
    const folder = new Versioned({
      "order.created/v1.avsc": V1,
      "order.created/v2.avsc": BROKEN_V2,
      "order.created/compatibility.json": { approved: [approval] },
    });

    expect(folder.check().findings).toEqual([]);
  });

  it("is refused with the seven modes when it names another", () => {
    const { code, findings } = settings('{\n  "mode": "FULLY"\n}');

    expect(code).toBe(1);
    expect(findings).toMatchObject([
      {
        rule: "invalid-settings",
        cause:
          "mode must be one of BACKWARD, BACKWARD_TRANSITIVE, FORWARD, FORWARD_TRANSITIVE, FULL, FULL_TRANSITIVE, NONE.",
        at: { file: "schemas/order.created/compatibility.json", pointer: "/mode", line: 2, column: 11 },
      },
    ]);
  });

  it.each<[unknown, string]>([
    ["{,", 'The JSON can\'t go on with "," here.'],
    [[], "The file must be an object."],
    [{ compatibility: "FULL" }, "compatibility is not known here; known are mode, approved."],
    [{ approved: {} }, "approved must be a list of approvals."],
    [
      { approved: [{ rule: "field-without-default", version: 2 }] },
      "approved[0].reason must be a text that says why.",
    ],
    [
      { approved: [{ rule: "field-without-default", version: 2, reason: " " }] },
      "approved[0].reason must say why.",
    ],
    [
      { approved: [{ rule: "field-without-default", version: "v2", reason: "Because." }] },
      "approved[0].version must be the number of a version.",
    ],
    [
      { approved: [{ rule: "released-edited", version: 1, reason: "Because." }] },
      "approved[0].rule must be one of type-changed, ",
    ],
  ])("is refused when it is %j", (content, cause) => {
    expect(settings(content).findings).toMatchObject([
      { rule: "invalid-settings", event: "order.created", cause: expect.stringContaining(cause) },
    ]);
  });

  it("has no approval without a break", () => {
    const approval = { rule: "type-changed", version: 1, reason: "Just in case." };

    expect(settings({ approved: [approval] }).findings).toMatchObject([
      { rule: "unused-approval", at: { pointer: "/approved/0", line: 3, column: 5 } },
    ]);
  });
});
