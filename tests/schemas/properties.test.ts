// The checker against random schemas, with avsc as the second opinion.

import avro from "avsc";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalForm } from "../../shared/schemas/canonical.ts";
import type { Fault } from "../../shared/schemas/finding.ts";
import { versionFaults } from "../../shared/schemas/house.ts";
import { compareSchemas } from "../../shared/schemas/resolve.ts";
import { parseSchema, type Schema } from "../../shared/schemas/schema.ts";
import { datum, events } from "./arbitraries.ts";
import { avscCanonicalForm, avscReads, avscType, mendedAvscReads } from "./avsc.ts";
import { histories, withDefaultedField } from "./changes.ts";
import { Choices, tapes } from "./choices.ts";
import { corrupted } from "./corruptions.ts";
import { everyType, isNamed, type Json, type RecordDraft, toJson } from "./draft.ts";
import { jsonAt } from "./pointer.ts";

/** Another one looks elsewhere: SEED=7 npx vitest run tests/schemas/properties.test.ts */
const SEED = Number(process.env.SEED ?? 1963);
const HISTORIES = 2000;
const VERSIONS = 3;
const DATA = 3;

describe(`random schemas (seed ${SEED})`, () => {
  it("are read by avsc if the checker says so, and only then", () => {
    const count = { pairs: 0, compatible: 0, unseenByAvsc: 0, faultOfAvsc: 0 };
    const compare = (reader: Version, writer: Version) => {
      const compatible = compareSchemas(reader.schema, writer.schema).length === 0;
      const visible = compatible || compareSchemas(whatAvscSees(reader), whatAvscSees(writer)).length === 0;
      const pair = [reader.type, writer.type, writer.data] as const;
      let read = avscReads(...pair);
      if (read === "breaks" || (read === "reads") !== visible) {
        count.faultOfAvsc++;
        read = mendedAvscReads(...pair);
      }
      if (read !== (visible ? "reads" : "refuses")) {
        const [reads, wrote] = [reader, writer].map(({ draft }) => JSON.stringify(toJson(draft)));
        expect.fail(`avsc ${read}, the checker differs: ${reads} reading ${wrote}`);
      }
      count.pairs++;
      if (compatible) count.compatible++;
      else if (visible) count.unseenByAvsc++;
    };

    fc.assert(
      fc.property(histories(VERSIONS), fc.nat(), (history, seed) => {
        const versions = history.map((draft) => version(draft, Choices.seeded(seed)));
        for (const reader of versions) {
          for (const writer of versions) if (reader !== writer) compare(reader, writer);
        }
      }),
      { seed: SEED, numRuns: HISTORIES },
    );

    const share = count.compatible / count.pairs;
    console.log(`${JSON.stringify(count)}: ${Math.round(share * 100)} % of the pairs are compatible`);
    expect(count.pairs).toBeGreaterThanOrEqual(10_000);
    expect(share).toBeGreaterThan(0.4);
    expect(share).toBeLessThan(0.6);
    expect(count.unseenByAvsc).toBeGreaterThan(0);
    expect(count.unseenByAvsc + count.faultOfAvsc).toBeLessThan(count.pairs / 50);
  });

  it("read themselves", () => {
    fc.assert(
      fc.property(events, (event) => {
        const json = toJson(event);

        expect(compareSchemas(parsed(json), parsed(json))).toEqual([]);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("read each other when all that came between is a field with a default, wherever it is", () => {
    fc.assert(
      fc.property(events, tapes(3, 3), (event, choices) => {
        const [older, newer] = [event, withDefaultedField(event, choices)].map((draft) =>
          parsed(toJson(draft)),
        );

        expect(compareSchemas(newer!, older!)).toEqual([]);
        expect(compareSchemas(older!, newer!)).toEqual([]);
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });

  it("have the canonical form that avsc gives them", () => {
    fc.assert(
      fc.property(events, (event) => {
        const json = toJson(event);

        expect(canonicalForm(parsed(json))).toBe(avscCanonicalForm(json));
      }),
      { seed: SEED, numRuns: 2000 },
    );
  });
});

describe(`what may not be a schema (seed ${SEED})`, () => {
  it("is parsed or has faults, and never throws", () => {
    fc.assert(
      fc.property(fc.jsonValue(), (json) => {
        const { schema, faults } = parseSchema(json);

        expect(schema === undefined).toBe(faults.length > 0);
      }),
      { seed: SEED, numRuns: 3000 },
    );
  });

  it("is refused if avsc refuses it, but for what is known", () => {
    fc.assert(
      fc.property(corruptions, (json) => {
        const { schema, faults } = parseSchema(json);
        const refusal = avscRefusal(json);

        expect(schema === undefined).toBe(faults.length > 0);
        for (const fault of faults) expect(jsonAt(json, fault.pointer), fault.pointer).toBeDefined();
        if (schema && refusal)
          expect(knownRefusal(refusal, schema), `${refusal}: ${JSON.stringify(json)}`).toBe(true);
        // The first, as others may come of it.
        if (!schema && !refusal) expect(passesAvsc(faults[0]!, json), JSON.stringify(json)).toBe(true);
      }),
      { seed: SEED, numRuns: 6000 },
    );
  });
});

const corruptions = fc
  .tuple(events, tapes(4, 4))
  .map(([event, choices]) => corrupted(toJson(event), choices));

/** What the specification allows and avsc does not. */
function knownRefusal(refusal: string, schema: Schema): boolean {
  if (/^unknown type: "/.test(refusal)) return true; // A type by its name, in an object.
  if (/cannot coerce to buffer: \{"type":"Buffer"/.test(refusal)) return true; // Bytes that a record's default leaves out.
  return versionFaults(schema).some(({ rule }) => rule === "unsupported");
}

/** What the specification forbids and avsc lets pass. */
function passesAvsc({ rule, pointer }: Fault, json: Json): boolean {
  const value = jsonAt(json, pointer) as { name?: unknown; type?: unknown };
  switch (rule) {
    case "not-a-schema": {
      const nameless = typeof value?.name !== "string" && /^(record|enum|fixed)$/.test(`${value?.type}`);
      const coerced = value?.type === null || Array.isArray(value?.type);
      return nameless || coerced || /\/(namespace|aliases)$/.test(pointer);
    }
    case "invalid-name":
      return `${value}`.startsWith(".") || /\/aliases\/\d+$/.test(pointer) || /\/symbols\/\d+$/.test(pointer);
    case "duplicate-name":
      return pointer.endsWith("/fields"); // By an alias.
    case "unknown-type":
      return `${value}`.endsWith(".int");
    case "invalid-default":
      return true; // Anything for a record whose fields have defaults, and characters beyond a byte.
    default:
      return false;
  }
}

/** As services use it. */
function avscRefusal(json: Json): string | undefined {
  try {
    avro.Type.forSchema(json as avro.Schema);
    return undefined;
  } catch (error) {
    return (error as Error).message;
  }
}

/** A version, as the checker and as avsc know it, and some data written with it. */
interface Version {
  readonly draft: RecordDraft;
  readonly schema: Schema;
  readonly type: ReturnType<typeof avscType>;
  readonly data: readonly Buffer[];
}

function version(draft: RecordDraft, choices: Choices): Version {
  const json = toJson(draft);
  const type = avscType(json);
  const data = Array.from({ length: DATA }, () => type.toBuffer(datum(draft, choices)));
  return { draft, schema: parsed(json), type, data };
}

function parsed(json: Json): Schema {
  const { schema, faults } = parseSchema(json);
  expect(faults).toEqual([]);
  return schema!;
}

/** The version without what avsc is blind to: decimals, and the namespaces of aliases when it ignores namespaces. */
function whatAvscSees({ draft }: Version): Schema {
  const copy = structuredClone(draft);
  for (const type of everyType(copy)) {
    if ("logical" in type) type.logical = {};
    if (!isNamed(type)) continue;
    type.namespace = "";
    type.aliases = type.aliases.map((alias) => alias.slice(alias.lastIndexOf(".") + 1));
  }
  return parsed(toJson(copy));
}
