// `npm run generate`: writes the TypeScript types of every event, and the schemas themselves, from schemas/.

import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { projectRoot } from "../stack/project.ts";

/** Where the generated module lives, from the project's root. */
export const GENERATED = "shared/contracts/events.generated.ts";

type Named = { type: "record"; name: string; doc?: string; fields: Field[] };
type Schema =
  | string
  | Schema[]
  | Named
  | { type: "array"; items: Schema }
  | { type: "enum"; symbols: string[] }
  | Logical;
type Logical = { type: "int" | "long"; logicalType: string };
type Field = { name: string; type: Schema; doc?: string; default?: unknown };

/** The text of the generated module for the schemas in `folder`. */
export function generate(folder: string): string {
  const events = readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => ({ type: entry.name, versions: readVersions(join(folder, entry.name)) }))
    .sort((a, b) => (a.type < b.type ? -1 : 1));

  const newest = (versions: Named[]) => versions.at(-1)!;
  return [
    "// Generated from schemas/ by `npm run generate`. Do not edit.",
    "",
    ...events.map(({ versions }) => declaration(newest(versions))),
    "/** The data of each event type, newest version. */",
    "export interface Facts {",
    ...events.map(({ type, versions }) => `  "${type}": ${newest(versions).name};`),
    "}",
    "",
    "/** Every released schema version of each event type, oldest first. */",
    "export const schemas = {",
    ...events.map(
      ({ type, versions }) =>
        `  "${type}": [\n${versions.map((version) => `    ${JSON.stringify(version)},`).join("\n")}\n  ],`,
    ),
    "} as const;",
    "",
  ].join("\n");
}

function readVersions(folder: string): Named[] {
  return readdirSync(folder)
    .filter((file) => /^v\d+\.avsc$/.test(file))
    .sort((a, b) => Number.parseInt(a.slice(1), 10) - Number.parseInt(b.slice(1), 10))
    .map((file) => JSON.parse(readFileSync(join(folder, file), "utf8")));
}

function declaration({ name, doc, fields }: Named): string {
  const comment = doc ? `/** ${doc} */\n` : "";
  return `${comment}export interface ${name} ${body(fields, "")}\n`;
}

function body(fields: Field[], indent: string): string {
  const inner = `${indent}  `;
  const lines = fields.flatMap(({ name, doc, type }) => [
    ...(doc ? [`${inner}/** ${doc} */`] : []),
    `${inner}${name}: ${typescript(type, inner)};`,
  ]);
  return `{\n${lines.join("\n")}\n${indent}}`;
}

const PRIMITIVES: Record<string, string> = {
  null: "null",
  boolean: "boolean",
  int: "number",
  long: "number",
  float: "number",
  double: "number",
  string: "string",
  bytes: "Buffer",
};

function typescript(schema: Schema, indent: string): string {
  if (typeof schema === "string") {
    const primitive = PRIMITIVES[schema];
    if (!primitive) throw new Error(`no TypeScript type for Avro ${schema}`);
    return primitive;
  }
  if (Array.isArray(schema)) return schema.map((branch) => typescript(branch, indent)).join(" | ");
  switch (schema.type) {
    case "record":
      return body(schema.fields, indent);
    case "enum":
      return schema.symbols.map((symbol) => `"${symbol}"`).join(" | ");
    case "array":
      return `Array<${typescript(schema.items, indent)}>`;
    default:
      return typescript(schema.type, indent);
  }
}

if (process.argv[1] && fileURLToPath(import.meta.url) === process.argv[1]) {
  writeFileSync(join(projectRoot, GENERATED), generate(join(projectRoot, "schemas")));
}
