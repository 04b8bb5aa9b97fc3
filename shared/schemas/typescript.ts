// The TypeScript of an event's data: as it is read, and as it is written where defaults make that another type.

import { hasDefaults } from "./has-defaults.ts";
import { isNamed, type RecordSchema, type Schema, shortName, walk } from "./schema.ts";

/** The types of one event: their declarations, and what its data is called. */
export interface EventTypes {
  readonly declarations: string;
  /** All fields are there. */
  readonly reading: string;
  /** Fields with a default may be left out; the same as `reading` when there are none. */
  readonly writing: string;
}

type Form = "reading" | "writing";

/**
 * The types of an event that is called `name`. Values are those of avsc: bytes and fixed are `Buffer`s, logical types
 * are what they stand on, and a union's value is wrapped, `{"branch": value}`, if avsc can't tell its branches apart.
 */
export function typesOf(name: string, schema: Schema): EventTypes {
  const records = [...walk(schema)].map((each) => each.schema).filter((each) => each.kind === "record");
  const names = new Map<Schema, string>([[schema, name]]);
  const taken = new Set([name]);
  for (const record of records) {
    if (names.has(record)) continue;
    const short = `${name}_${shortName(record.name)}`;
    const unique = taken.has(short) ? `${name}_${record.name.replaceAll(".", "_")}` : short;
    names.set(record, unique);
    taken.add(unique);
  }

  const nameOf = (of: Schema, form: Form) =>
    form === "writing" && hasDefaults(of) ? `New${names.get(of)}` : names.get(of)!;
  const text = (of: Schema, form: Form) => typeText(of, (record) => nameOf(record, form));
  const declare = (of: Schema, form: Form) =>
    of.kind === "record"
      ? `${comment(of.doc, "")}export interface ${nameOf(of, form)} {\n${fields(of, form)}}\n`
      : `export type ${nameOf(of, form)} = ${text(of, form)};\n`;
  const fields = (record: RecordSchema, form: Form) =>
    record.fields
      .map((field) => {
        const optional = form === "writing" && field.default ? "?" : "";
        return `${comment(field.doc, "  ")}  ${field.name}${optional}: ${text(field.type, form)};\n`;
      })
      .join("");

  const declared = [...new Set([schema, ...records])];
  const written = declared.filter(hasDefaults);
  return {
    declarations: [
      ...declared.map((each) => declare(each, "reading")),
      ...written.map((each) => declare(each, "writing")),
    ].join("\n"),
    reading: nameOf(schema, "reading"),
    writing: nameOf(schema, "writing"),
  };
}

function typeText(schema: Schema, nameOf: (record: RecordSchema) => string): string {
  const inner = (of: Schema) => typeText(of, nameOf);
  switch (schema.kind) {
    case "record":
      return nameOf(schema);
    case "enum":
      return schema.symbols.map((symbol) => JSON.stringify(symbol)).join(" | ");
    case "array":
      return inner(schema.items).includes(" | ") ? `(${inner(schema.items)})[]` : `${inner(schema.items)}[]`;
    case "map":
      return `{ [key: string]: ${inner(schema.values)} }`;
    case "union": {
      const wrapped = isAmbiguous(schema.branches);
      return schema.branches
        .map((branch) => {
          if (!wrapped || branch.kind === "null") return inner(branch);
          return `{ ${JSON.stringify(isNamed(branch) ? branch.name : branch.kind)}: ${inner(branch)} }`;
        })
        .join(" | ");
    }
    default:
      return PRIMITIVES[schema.kind];
  }
}

const PRIMITIVES = {
  null: "null",
  boolean: "boolean",
  int: "number",
  long: "number",
  float: "number",
  double: "number",
  string: "string",
  bytes: "Buffer",
  fixed: "Buffer",
} as const;

/** Whether two of a union's branches have values of one JavaScript kind: avsc then wraps all but null. */
function isAmbiguous(branches: readonly Schema[]): boolean {
  return new Set(branches.map(kindOfValue)).size < branches.length;
}

function kindOfValue({ kind }: Schema): string {
  switch (kind) {
    case "enum":
      return "string";
    case "record":
    case "map":
      return "object";
    case "null":
    case "array":
    case "union":
      return kind;
    default:
      return PRIMITIVES[kind];
  }
}

function comment(doc: string | undefined, indent: string): string {
  if (!doc) return "";
  const lines = doc.replaceAll("*/", "*\\/").split(/\r\n|[\r\n\u2028\u2029]/);
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join("\n")}\n${indent} */\n`;
}
