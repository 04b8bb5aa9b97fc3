// The generated types are what avsc gives and takes: the compiler is asked, with values that come from avsc.

import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import avro from "avsc";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import "../../shared/contracts/events.ts";
import { samples } from "../../shared/contracts/samples.ts";
import { generate } from "../../shared/schemas/generate.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { wild } from "./wild.ts";

const { ArrayType, MapType, RecordType, UnwrappedUnionType, WrappedUnionType } = avro.types;

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "generate-"));
});

afterEach(() => rmSync(folder, { recursive: true }));

function put(path: string, content: unknown): void {
  mkdirSync(join(folder, path, ".."), { recursive: true });
  writeFileSync(join(folder, path), typeof content === "string" ? content : JSON.stringify(content));
}

const simple = (fields: object[] = []) => ({
  type: "record",
  name: "Simple",
  fields: [{ name: "id", type: "string" }, ...fields],
});

describe("the generated types", () => {
  /** What the compiler has to say about the types of the wild events, followed by `code`. */
  function compile(code: string): string {
    for (const [type, schema] of Object.entries(wild)) put(`schemas/${type}/v1.avsc`, schema);
    const generated = generate(join(folder, "schemas"))
      .replace('"../schemas/event.ts"', JSON.stringify(join(projectRoot, "shared/schemas/event.ts")))
      .replace('"./avro.ts"', JSON.stringify(join(projectRoot, "shared/contracts/avro.ts")));
    put("events.generated.ts", generated);
    put("code.ts", `import type { Facts, NewFacts } from "./events.generated.ts";\n${code}\n`);
    const options =
      "--noEmit --strict --exactOptionalPropertyTypes --noUncheckedIndexedAccess --erasableSyntaxOnly --skipLibCheck " +
      "--target es2023 --module nodenext --allowImportingTsExtensions --ignoreConfig --types node --typeRoots";
    const { status, stdout } = spawnSync(
      join(projectRoot, "node_modules/.bin/tsc"),
      [...options.split(" "), join(projectRoot, "node_modules/@types"), join(folder, "code.ts")],
      { cwd: folder, encoding: "utf8" },
    );
    return status === 0 ? "" : `exit code ${status}: ${stdout}`;
  }

  it("are those of all that avsc reads, and of all that it writes", () => {
    const checks = Object.entries(wild).flatMap(([event, schema]) => {
      const type = avro.Type.forSchema(schema as avro.Schema);
      return samples(type).flatMap((sample) => {
        const read = type.fromBuffer(type.toBuffer(sample));
        const least = withoutDefaults(type, read);
        expect(() => type.toBuffer(least)).not.toThrow();
        return [
          `(${literal(read)}) satisfies Facts["${event}"];`,
          `(${literal(read)}) satisfies NewFacts["${event}"];`,
          `(${literal(least)}) satisfies NewFacts["${event}"];`,
        ];
      });
    });

    expect(checks.length).toBeGreaterThan(100);
    expect(compile(checks.join("\n"))).toBe("");
  });

  it("are of nothing else", () => {
    const refused = [
      '"BLUE" satisfies Facts["a.colour"];',
      '[{}] satisfies Facts["a.list"];',
      '({ lives: 1 }) satisfies Facts["all.unions"]["things"];',
      '({ "wild.animals.Cat": { lives: 1 } }) satisfies Facts["all.unions"]["oneThing"];',
      '3 satisfies Facts["all.unions"]["numbers"];',
      '({ "double": "3" }) satisfies Facts["all.unions"]["numbers"];',
      '({ "wild.animals.Dog": {} }) satisfies Facts["all.unions"]["things"];',
      '({ x: 1 }) satisfies NewFacts["all.defaults"]["inner"];',
      '({ y: 1 }) satisfies Facts["all.defaults"]["inner"];',
      '({ y: 1, z: 1 }) satisfies NewFacts["all.defaults"]["inner"];',
      'null satisfies Facts["all.kinds"]["list"][number];',
      '({ road: "" }) satisfies Facts["one.address"]["from"];',
      '"2020-01-01" satisfies Facts["all.logical"]["at"];',
      '10n satisfies Facts["all.kinds"]["long"];',
    ];

    expect(compile(refused.map((each) => `// @ts-expect-error\n${each}`).join("\n"))).toBe("");
  });
});

describe("the generated module", () => {
  it("has the newest version's type, and every version's schema", () => {
    const v2 = simple([{ name: "note", type: "string", default: "" }]);
    put("a.fact/v1.avsc", simple());
    put("a.fact/v2.avsc", v2);

    const text = generate(folder);

    expect(text).toContain("export interface AFact {\n  id: string;\n  note: string;\n}");
    expect(text).toContain("export interface NewAFact {\n  id: string;\n  note?: string;\n}");
    expect(text).toContain(`[\n    ${JSON.stringify(simple())},\n    ${JSON.stringify(v2)},\n  ]`);
  });

  it("has one type for an event without defaults", () => {
    put("a.fact/v1.avsc", simple());

    expect(generate(folder)).not.toContain("NewAFact");
    expect(generate(folder).match(/"a\.fact": AFact;/g)).toHaveLength(2);
  });

  it("has version 10 after version 9", () => {
    for (let n = 1; n <= 10; n++) {
      put(`a.fact/v${n}.avsc`, simple([{ name: `field${n}`, type: "int" }]));
    }

    expect(generate(folder)).toContain("export interface AFact {\n  id: string;\n  field10: number;\n}");
  });

  it("has the settings of the events that have some of their own", () => {
    put("a.fact/v1.avsc", simple());
    put("b.fact/v1.avsc", simple());
    put("b.fact/compatibility.json", { mode: "FULL" });

    expect(generate(folder)).toContain(
      'settings: { readonly [Type in keyof Facts]?: Settings } = {\n  "b.fact": {"mode":"FULL","approved":[]},\n};',
    );
  });

  it("says clearly what becomes of a long", () => {
    put("a.fact/v1.avsc", simple());

    expect(generate(folder)).toContain("An Avro long is a number here: a whole one from -2^52 to 2^53 - 2");
  });

  it("keeps what a doc says inside its comment", () => {
    put("a.fact/v1.avsc", { ...simple(), doc: "first */\nsecond" });

    expect(generate(folder)).toContain("/**\n * first *\\/\n * second\n */\nexport interface AFact {");
  });
});

describe("the generator refuses", () => {
  it.each<[string, Record<string, unknown>, string]>([
    [
      "a missing version",
      { "a.fact/v2.avsc": simple() },
      "a.fact/v2.avsc: (folder): There is v2, and v1 is missing.",
    ],
    ["an event without versions", { "a.fact/.keep": "" }, "a.fact: (folder): The folder holds no version."],
    [
      "settings that can't be used",
      { "a.fact/v1.avsc": simple(), "a.fact/compatibility.json": { mode: "FUL" } },
      "mode",
    ],
    [
      "what Avro allows and avsc does not",
      { "a.fact/v1.avsc": simple([{ name: "x", type: ["null", "string"], default: "" }]) },
      "a.fact/v1.avsc: avsc, which services read with, refuses it: ",
    ],
    [
      "what is not valid Avro",
      { "a.fact/v1.avsc": simple([{ name: "x", type: "Unknown" }]) },
      "a.fact/v1.avsc: Simple.x: ",
    ],
    [
      "two events of one type name",
      { "a.fact/v1.avsc": simple(), "a-fact/v1.avsc": simple() },
      "a.fact would have a type called AFact, as a-fact has: rename the event",
    ],
    ["an event that takes a name that is needed", { "facts/v1.avsc": simple() }, "a type called Facts"],
    ["an event that begins with a digit", { "1st/v1.avsc": simple() }, "1st can't be an event"],
  ])("%s", (_, files, message) => {
    for (const [path, content] of Object.entries(files)) put(path, content);

    expect(() => generate(folder)).toThrow(message);
  });
});

/** The data without all that a writer may leave out. */
function withoutDefaults(type: avro.Type, data: unknown): unknown {
  if (data === null || Buffer.isBuffer(data)) return data;
  if (type instanceof RecordType) {
    const needed = type.fields.filter((field) => field.defaultValue() === undefined);
    return Object.fromEntries(
      needed.map(({ name, type }) => [name, withoutDefaults(type, (data as Record<string, unknown>)[name])]),
    );
  }
  if (type instanceof ArrayType)
    return (data as unknown[]).map((item) => withoutDefaults(type.itemsType, item));
  if (type instanceof MapType) {
    return Object.fromEntries(
      Object.entries(data as object).map(([key, value]) => [key, withoutDefaults(type.valuesType, value)]),
    );
  }
  if (type instanceof WrappedUnionType) {
    const [[name, value]] = Object.entries(data as object) as [[string, unknown]];
    return { [name]: withoutDefaults(type.types.find((branch) => branch.branchName === name)!, value) };
  }
  if (type instanceof UnwrappedUnionType) {
    return withoutDefaults(type.types.find((branch) => branch.isValid(data))!, data);
  }
  return data;
}

/** A value as TypeScript. */
function literal(value: unknown): string {
  if (Buffer.isBuffer(value)) return `Buffer.from("${value.toString("hex")}", "hex")`;
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  return `{ ${Object.entries(value)
    .map(([key, each]) => `${JSON.stringify(key)}: ${literal(each)}`)
    .join(", ")} }`;
}
