// Whenever a known single edit is made, somewhere in some event, exactly its rule is named.

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { checkEvent, DEFAULT_SETTINGS, type Mode, type Settings } from "../../shared/schemas/event.ts";
import type { Finding, Place } from "../../shared/schemas/finding.ts";
import { parseSchema, shortName } from "../../shared/schemas/schema.ts";
import { events } from "./arbitraries.ts";
import { everyType, type RecordDraft, toJson } from "./draft.ts";
import { breakages, type Edit, type Expected, edits } from "./edits.ts";
import { jsonAt } from "./pointer.ts";
import { having, record } from "./verdict.ts";

const SEED = Number(process.env.SEED ?? 1963);
const RUNS = { seed: SEED, numRuns: 60 };

/** The event that is edited, and where in it: the last of `around` is next to the edit. Empty for the event itself. */
interface Site {
  readonly event: EventSchema;
  readonly around: readonly Around[];
  /** How many of the event's fields come before. */
  readonly before: number;
}

type Around = "record" | "array" | "map" | "optional" | "choice";
type EventSchema = Exclude<ReturnType<typeof record>, string> & { readonly name: string };

describe(`an edit (seed ${SEED})`, () => {
  it.each(edits)("to $name", (edit) => {
    fc.assert(
      fc.property(sites(edit), fc.boolean(), (site, alone) => {
        const versions = history(edit, site, alone);

        const found = check(versions, DEFAULT_SETTINGS);

        expect(named(found)).toEqual(expectedOf(edit, site, alone));
        for (const finding of found) expectWellPlaced(finding, versions);
      }),
      RUNS,
    );
  });

  it.each(edits)("to $name breaks no more in a mode than the mode asks for", (edit) => {
    fc.assert(
      fc.property(sites(edit), modes, (site, mode) => {
        const versions = history(edit, site, false);
        const asked = expectedOf(edit, site, false).filter((expected) => asks(mode, expected));

        const found = named(check(versions, { mode, approved: [] }));

        expect(found.map(withoutHouseDirection)).toEqual(asked.map(withoutHouseDirection));
      }),
      RUNS,
    );
  });

  it.each(edits.filter(({ silent }) => !silent))(
    "to $name can be approved, and only what there is",
    (edit) => {
      fc.assert(
        fc.property(sites(edit), (site) => {
          const versions = history(edit, site, true);
          const found = check(versions, DEFAULT_SETTINGS);
          const approved = found.map(({ rule, path, direction, at }) => {
            return { rule, path, version: direction ? EDITED : at.version!, reason: "Agreed upon." };
          });

          expect(check(versions, { ...DEFAULT_SETTINGS, approved })).toEqual([]);
          expect(
            new Set(check(versions.slice(0, -1), { ...DEFAULT_SETTINGS, approved }).map(({ rule }) => rule)),
          ).toEqual(new Set(approved.some(({ version }) => version === EDITED) ? ["unused-approval"] : []));
        }),
        RUNS,
      );
    },
  );
});

describe(`an edit that leaves no schema (seed ${SEED})`, () => {
  it.each(breakages)("by $name breaks $expected", ({ fields, expected }) => {
    fc.assert(
      fc.property(sites({ name: "", fields: [{}, {}], expected: [] }), (site) => {
        const json = placed(site, { fields });

        const { faults } = parseSchema(json);

        expect(faults.map(({ rule }) => rule)).toEqual([expected]);
        for (const { pointer, path, mend } of faults) {
          expect(jsonAt(json, pointer), pointer).toBeDefined();
          expect(path.startsWith(shortName(site.event.name)), path).toBe(true);
          expect(mend).not.toBe("");
        }
      }),
      RUNS,
    );
  });
});

describe("an edit of the event's own record", () => {
  const event = record("OrderCreated", { id: "string" }, { namespace: "shop" });
  const added = having("int", { default: 0 });
  const edited = (more: object) => [
    event,
    { ...record("OrderCreated", { id: "string", added }, { namespace: "shop" }), ...more },
  ];

  it.each<[title: string, more: object, expected: Expected[]]>([
    ["adds a field", {}, []],
    ["renames it", { name: "OrderPlaced" }, ["name-changed BACKWARD", "name-changed FORWARD"]],
    [
      "renames it with an alias",
      { name: "OrderPlaced", aliases: ["OrderCreated"] },
      ["name-changed FORWARD"],
    ],
    ["moves it to another namespace", { namespace: "stall" }, ["namespace-changed BACKWARD"]],
    ["makes an error of it", { type: "error" }, []],
  ])("%s", (_, more, expected) => {
    expect(named(check(edited(more), DEFAULT_SETTINGS))).toEqual(expected);
  });

  it("moves every type within, too, to another namespace", () => {
    const [before, after] = ["shop", "stall"].map((namespace) =>
      record(
        "OrderCreated",
        { line: record("Line", { hash: { type: "fixed", name: "Hash", size: 16 } }) },
        { namespace },
      ),
    );

    const found = check([before, after], DEFAULT_SETTINGS);

    expect(found.map(({ rule, path }) => `${rule} ${path}`)).toEqual([
      "namespace-changed OrderCreated",
      "namespace-changed OrderCreated.line",
      "namespace-changed OrderCreated.line.hash",
    ]);
  });
});

describe("the versions that are compared", () => {
  // Each version reads its neighbours. The third can't read the first, whose readers can't read the third.
  const versions = [
    record("E", { id: "string", note: having("string", { default: "" }) }),
    record("E", {
      id: "string",
      note: having("string", { default: "" }),
      added: having("int", { default: 0 }),
      gone: having("int", { default: 0 }),
    }),
    record("E", { id: "string", added: "int", gone: having("long", { default: 0 }) }),
    record("E", { id: "string", added: "int" }),
  ];

  it.each<[Mode, string[]]>([
    ["NONE", []],
    ["BACKWARD", []],
    ["BACKWARD_TRANSITIVE", ["field-without-default 3<1", "field-without-default 4<1"]],
    ["FORWARD", ["type-changed 2<3"]],
    ["FORWARD_TRANSITIVE", ["type-changed 2<3"]],
    ["FULL", ["type-changed 2<3"]],
    ["FULL_TRANSITIVE", ["field-without-default 3<1", "field-without-default 4<1", "type-changed 2<3"]],
  ])("in mode %s are as it says", (mode, expected) => {
    const found = check(versions, { mode, approved: [] });

    expect(
      found.map(({ rule, reader, writer }) => `${rule} ${reader?.version}<${writer?.version}`).sort(),
    ).toEqual(expected);
  });

  it("are compared in the order of their numbers", () => {
    const parsed = versions.map((json, index) => ({
      version: index + 1,
      file: "",
      schema: parseSchema(json).schema!,
    }));

    expect(checkEvent("e", parsed.toReversed(), DEFAULT_SETTINGS)).toEqual(
      checkEvent("e", parsed, DEFAULT_SETTINGS),
    );
  });

  it("are told apart by their fingerprints, however far apart they are", () => {
    const back = check([versions[0], versions[1], versions[0]], DEFAULT_SETTINGS);

    expect(back.map(({ rule, at }) => [rule, at.version])).toEqual([["same-fingerprint", 3]]);
  });
});

const EDITED = 3;

/** The event, the event with a field more that does no harm, and that one edited; not `alone`, with one more such field. */
function history(edit: Edit, site: Site, alone: boolean): object[] {
  const more = having("int", { default: 0 });
  const [before, after] = edit.type
    ? edit.type.map((type) => ({ type }))
    : edit.fields!.map((fields) => ({ fields }));
  return [
    placed(site, before!),
    placed(site, before!, { first: more }),
    placed(site, after!, alone ? { first: more } : { first: more, second: more }),
  ];
}

/** The event with the type, or a record of the fields, at the site. A field more at the top does no harm. */
function placed(
  { event, around, before }: Site,
  edited: { type?: unknown; fields?: object },
  more: object = {},
) {
  const own = edited.type === undefined && around.length === 0;
  const type = edited.fields ? record("Edited", { kept: "int", ...edited.fields }) : edited.type;
  const fields = record("", own ? edited.fields! : { site: around.reduceRight(wrap, type) }).fields;
  const harmless = record("", more).fields;
  return { ...event, fields: [...event.fields.toSpliced(before, 0, ...fields), ...harmless] };
}

function wrap(inner: unknown, around: Around, index: number): unknown {
  switch (around) {
    case "record":
      return record(`Around${index}`, { kept: "string", inner });
    case "array":
      return { type: "array", items: inner };
    case "map":
      return { type: "map", values: inner };
    case "optional":
      return ["null", inner];
    case "choice":
      return [inner, record(`Other${index}`, { kept: "int" })];
  }
}

function sites({ union }: Edit): fc.Arbitrary<Site> {
  const isUnion = (around: Around | undefined) => around === "optional" || around === "choice";
  const around = fc
    .array(fc.constantFrom<Around>("record", "array", "map", "optional", "choice"), { maxLength: 3 })
    .filter((all) => all.every((each, index) => !(isUnion(each) && isUnion(all[index + 1]))))
    .filter((all) => !(union && isUnion(all.at(-1))));
  return fc.record({ event: events.map(clean), around, before: fc.nat(1) });
}

/** An event with which no rule finds fault. */
function clean(draft: RecordDraft): EventSchema {
  for (const type of everyType(draft)) if (type.kind === "enum") type.default = type.symbols[0];
  return toJson(draft) as unknown as EventSchema;
}

function check(versions: readonly unknown[], settings: Settings): Finding[] {
  const parsed = versions.map((json, index) => {
    const { schema, faults } = parseSchema(json);
    expect(faults).toEqual([]);
    return { version: index + 1, file: `v${index + 1}.avsc`, schema: schema! };
  });
  return checkEvent("order.created", parsed, settings);
}

/** Each rule once for each direction, in the order of the alphabet. */
function named(found: readonly Finding[]): string[] {
  return [...new Set(found.map(({ rule, direction }) => `${rule} ${direction ?? "ONE"}`))].sort();
}

function expectedOf(edit: Edit, { around }: Site, alone: boolean): string[] {
  const inUnion = around.at(-1) === "optional" || around.at(-1) === "choice";
  const expected = (inUnion && edit.expectedInUnion) || edit.expected;
  return [
    ...expected,
    ...(edit.silent && alone && expected.length === 0 ? ["same-fingerprint ONE"] : []),
  ].sort();
}

const modes = fc.constantFrom<Mode>(
  ...(["NONE", "BACKWARD", "FORWARD", "FULL"] as const),
  ...(["BACKWARD_TRANSITIVE", "FORWARD_TRANSITIVE", "FULL_TRANSITIVE"] as const),
);

function asks(mode: Mode, expected: string): boolean {
  if (expected.endsWith("ONE")) return true;
  if (mode === "NONE") return false;
  return isHouseRule(expected) || mode.startsWith("FULL") || mode.startsWith(expected.split(" ")[1]!);
}

/** House rules hold for both directions alike, and are said of one. */
function withoutHouseDirection(expected: string): string {
  return isHouseRule(expected) ? expected.split(" ")[0]! : expected;
}

function isHouseRule(expected: string): boolean {
  return /^(namespace|logical-type)-changed /.test(expected);
}

function expectWellPlaced(
  { rule, path, cause, mend, event, ...places }: Finding,
  versions: readonly object[],
): void {
  const { direction, at, reader, writer } = places;
  const expectThere = ({ version, file, pointer }: Place) => {
    expect(file).toBe(`v${version}.avsc`);
    expect(jsonAt(versions[version! - 1], pointer), `${rule} at ${pointer} of v${version}`).toBeDefined();
  };
  expect(event).toBe("order.created");
  expect(path.startsWith(shortName((versions[0] as EventSchema).name)), path).toBe(true);
  expect(cause).toMatch(/\.$/);
  expect(mend).toMatch(/\.$/);
  expectThere(at);
  if (!direction) return;

  const [newer, older] = direction === "BACKWARD" ? [reader!, writer!] : [writer!, reader!];
  expect(newer.version).toBe(EDITED);
  expect(older.version).toBeLessThan(EDITED);
  expect(at).toEqual(newer);
  expectThere(newer);
  expectThere(older);
}
