// An Avro schema, parsed. Rules and words are those of the specification:
// https://avro.apache.org/docs/1.12.0/specification/

import type { Fault } from "./finding.ts";

export type Primitive = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

export const PRIMITIVES: ReadonlySet<string> = new Set<Primitive>([
  "null",
  "boolean",
  "int",
  "long",
  "float",
  "double",
  "bytes",
  "string",
]);

/** A schema. References are resolved: a named type that is used twice is one object. */
export type Schema =
  | PrimitiveSchema
  | EnumSchema
  | FixedSchema
  | ArraySchema
  | MapSchema
  | UnionSchema
  | RecordSchema;

export interface PrimitiveSchema extends Located {
  readonly kind: Primitive;
  readonly logical?: Logical;
  /** A logical type that Avro ignores, since it is unknown or does not fit. */
  readonly ignored?: string;
}

export interface EnumSchema extends Named {
  readonly kind: "enum";
  readonly symbols: readonly string[];
  /** Stands in for symbols that a reader does not know. */
  readonly default?: string | undefined;
}

export interface FixedSchema extends Named {
  readonly kind: "fixed";
  /** In bytes. */
  readonly size: number;
  readonly logical?: Logical;
  readonly ignored?: string;
}

export interface ArraySchema extends Located {
  readonly kind: "array";
  readonly items: Schema;
}

export interface MapSchema extends Located {
  readonly kind: "map";
  readonly values: Schema;
}

export interface UnionSchema extends Located {
  readonly kind: "union";
  readonly branches: readonly Schema[];
}

export interface RecordSchema extends Named {
  readonly kind: "record";
  readonly fields: readonly Field[];
  readonly fieldsByName: ReadonlyMap<string, Field>;
}

export interface Field extends Located {
  readonly name: string;
  readonly type: Schema;
  readonly aliases: readonly string[];
  /** In a box, since null is a default too. */
  readonly default?: { readonly value: unknown } | undefined;
  readonly doc?: string | undefined;
}

/** A logical type that is known and fits the type it stands on. */
export interface Logical {
  readonly name: string;
  /** Of decimals only. */
  readonly precision?: number;
  readonly scale?: number;
}

interface Located {
  /** JSON pointer to where it is defined. */
  readonly pointer: string;
  /** All there is to say of it, if no named type occurs in it: equal texts mean equal types. */
  readonly text?: string | undefined;
}

interface Named extends Located {
  /** With its namespace. */
  readonly name: string;
  /** With their namespaces. */
  readonly aliases: readonly string[];
  readonly doc?: string | undefined;
}

export type NamedSchema = EnumSchema | FixedSchema | RecordSchema;

/** What became of a schema's JSON. */
export interface Parsed {
  /** Undefined when the JSON is not a valid Avro schema. */
  readonly schema: Schema | undefined;
  /** The schema, also if some of its defaults are wrong: enough to compare it with others. */
  readonly draft: Schema | undefined;
  /** Why it is not valid; empty when it is. */
  readonly faults: readonly Fault[];
}

/** Whether it has a name of its own. */
export function isNamed(schema: Schema): schema is NamedSchema {
  return schema.kind === "record" || schema.kind === "enum" || schema.kind === "fixed";
}

/** Whether two schemas are seen at a glance to be the same; false may mean anything. */
export function isSame({ text }: Schema, other: Schema): boolean {
  return text !== undefined && text === other.text;
}

/** A name without its namespace: what two schemas' types are matched by. */
export function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}

/** A type as a person would call it: `OrderLine`, `string`, `array of long`, `timestamp-millis (long)`. */
export function describe(schema: Schema): string {
  switch (schema.kind) {
    case "record":
    case "enum":
      return shortName(schema.name);
    case "array":
      return `array of ${describe(schema.items)}`;
    case "map":
      return `map of ${describe(schema.values)}`;
    case "union":
      return `[${schema.branches.map(describe).join(", ")}]`;
    case "fixed":
      return withLogical(shortName(schema.name), schema.logical);
    default:
      return withLogical(schema.kind, schema.logical);
  }
}

/** JSON as a person should see it: short. */
export function show(json: unknown): string {
  const text = textOf(json);
  return text.length > 60 ? `${text.slice(0, 57)}…` : text;
}

function textOf(json: unknown): string {
  try {
    return JSON.stringify(json) ?? "nothing";
  } catch {
    return "what nests too deeply to be shown"; // The stack has an end.
  }
}

function withLogical(name: string, logical: Logical | undefined): string {
  if (!logical) return name;
  const parameters = logical.name === "decimal" ? `(${logical.precision}, ${logical.scale})` : "";
  return `${logical.name}${parameters} as ${name}`;
}

/** Every schema within a schema, itself included, each once, with a readable path to where it is first met. */
export function* walk(schema: Schema): Generator<{ schema: Schema; path: string }> {
  const seen = new Set<Schema>();
  const waiting: { schema: Schema; path: string }[] = [{ schema, path: rootPath(schema) }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    if (seen.has(next.schema)) continue;
    seen.add(next.schema);
    yield next;
    waiting.push(...children(next.schema, next.path).reverse());
  }
}

/** What a readable path begins with. */
export function rootPath(schema: Schema): string {
  return isNamed(schema) ? shortName(schema.name) : schema.kind;
}

/** The part of a readable path that stands for a union's branch: none when the union only makes its one type optional. */
export function branchPath(union: UnionSchema, branch: Schema): string {
  const others = union.branches.filter(({ kind }) => kind !== "null");
  return others.length > 1 || branch.kind === "null" ? `(${rootPath(branch)})` : "";
}

function children(schema: Schema, path: string): { schema: Schema; path: string }[] {
  switch (schema.kind) {
    case "array":
      return [{ schema: schema.items, path: `${path}[]` }];
    case "map":
      return [{ schema: schema.values, path: `${path}{}` }];
    case "union":
      return schema.branches.map((branch) => ({ schema: branch, path: path + branchPath(schema, branch) }));
    case "record":
      return schema.fields.map(({ name, type }) => ({ schema: type, path: `${path}.${name}` }));
    default:
      return [];
  }
}

export { parseSchema } from "./parse.ts";
