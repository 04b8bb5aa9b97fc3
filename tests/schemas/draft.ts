// A schema that can still be changed: a graph in which a named type that is used twice is one object.

import { Choices } from "./choices.ts";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

export type PrimitiveKind = "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string";

export type Draft =
  | PrimitiveDraft
  | EnumDraft
  | FixedDraft
  | ArrayDraft
  | MapDraft
  | UnionDraft
  | RecordDraft;

export interface PrimitiveDraft {
  kind: PrimitiveKind;
  /** `logicalType` and its parameters. */
  logical: { [attribute: string]: Json };
}

export interface EnumDraft extends Naming {
  kind: "enum";
  symbols: string[];
  default: string | undefined;
}

export interface FixedDraft extends Naming {
  kind: "fixed";
  size: number;
  logical: { [attribute: string]: Json };
}

export interface ArrayDraft {
  kind: "array";
  items: Draft;
}

export interface MapDraft {
  kind: "map";
  values: Draft;
}

export interface UnionDraft {
  kind: "union";
  branches: Draft[];
}

export interface RecordDraft extends Naming {
  kind: "record";
  fields: FieldDraft[];
}

export interface FieldDraft {
  name: string;
  type: Draft;
  aliases: string[];
  doc: string | undefined;
  order: string | undefined;
  /** Which of the type's values is the default, if it has one. */
  defaultSeed: number | undefined;
}

interface Naming {
  name: string;
  /** Empty for none. */
  namespace: string;
  /** With their namespaces. */
  aliases: string[];
  /** Whether it is written as `"name": "a.b.C"` rather than with a namespace beside it. */
  dotted: boolean;
}

export type NamedDraft = EnumDraft | FixedDraft | RecordDraft;

export function isNamed(draft: Draft): draft is NamedDraft {
  return draft.kind === "record" || draft.kind === "enum" || draft.kind === "fixed";
}

export function fullName({ name, namespace }: NamedDraft): string {
  return namespace ? `${namespace}.${name}` : name;
}

/** The JSON that declares it: a named type is defined where it is first met, and called by its name from then on. */
export function toJson(draft: Draft): Json {
  return declare(draft, "", new Set(), new Set());
}

/** Every type in it once, itself first. */
export function everyType(draft: Draft, seen = new Set<Draft>()): Draft[] {
  if (!seen.has(draft)) {
    seen.add(draft);
    for (const part of parts(draft)) everyType(part, seen);
  }
  return [...seen];
}

/** A default of the type in JSON, of a union's first branch; undefined if that would need a type of `open`. */
export function defaultValue(type: Draft, choices: Choices, open: ReadonlySet<Draft>): Json | undefined {
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return choices.chance(50);
    case "int":
    case "long":
      return choices.among([0, 1, -1, 1000, -(2 ** 31)]);
    case "float":
    case "double":
      return choices.among([0, 1, -2.5]);
    case "string":
      return choices.among(["", "x", "é€"]);
    case "bytes":
      return choices.among(["", "\u0000\u00ff"]);
    case "fixed":
      return "\u00ff".repeat(type.size);
    case "enum":
      return choices.among(type.symbols);
    case "array": {
      const item = choices.chance(30) ? defaultValue(type.items, choices, open) : undefined;
      return item === undefined ? [] : [item];
    }
    case "map": {
      const value = choices.chance(30) ? defaultValue(type.values, choices, open) : undefined;
      return value === undefined ? {} : { key: value };
    }
    case "union":
      return defaultValue(type.branches[0]!, choices, open);
    case "record": {
      if (open.has(type)) return undefined;
      const within = new Set(open).add(type);
      const values = type.fields.map(
        ({ name, type }) => [name, defaultValue(type, choices, within)] as const,
      );
      if (values.some(([, value]) => value === undefined)) return undefined;
      return Object.fromEntries(values) as { [key: string]: Json };
    }
  }
}

/** `open` are the records that are being declared: avsc can't make defaults of them yet. */
function declare(draft: Draft, namespace: string, defined: Set<Draft>, open: Set<Draft>): Json {
  switch (draft.kind) {
    case "array":
      return { type: "array", items: declare(draft.items, namespace, defined, open) };
    case "map":
      return { type: "map", values: declare(draft.values, namespace, defined, open) };
    case "union":
      return draft.branches.map((branch) => declare(branch, namespace, defined, open));
    case "enum":
    case "fixed":
    case "record":
      break;
    default:
      return Object.keys(draft.logical).length === 0 ? draft.kind : { type: draft.kind, ...draft.logical };
  }

  if (defined.has(draft)) return draft.namespace === namespace ? draft.name : fullName(draft);
  defined.add(draft);
  const head = {
    type: draft.kind,
    ...naming(draft, namespace),
    ...(draft.aliases.length > 0 && { aliases: draft.aliases }),
  };
  switch (draft.kind) {
    case "enum":
      return {
        ...head,
        symbols: draft.symbols,
        ...(draft.default !== undefined && { default: draft.default }),
      };
    case "fixed":
      return { ...head, size: draft.size, ...draft.logical };
    case "record": {
      open.add(draft);
      const fields = draft.fields.map((field) => declareField(field, draft.namespace, defined, open));
      open.delete(draft);
      return { ...head, fields };
    }
  }
}

function naming(draft: NamedDraft, enclosing: string): { [attribute: string]: Json } {
  if (draft.namespace === enclosing) return { name: draft.name };
  return draft.dotted && draft.namespace
    ? { name: fullName(draft) }
    : { name: draft.name, namespace: draft.namespace };
}

function declareField(field: FieldDraft, namespace: string, defined: Set<Draft>, open: Set<Draft>): Json {
  const { name, aliases, doc, order, defaultSeed } = field;
  const type = declare(field.type, namespace, defined, open);
  const value =
    defaultSeed === undefined ? undefined : defaultValue(field.type, Choices.seeded(defaultSeed), open);
  return {
    name,
    type,
    ...(aliases.length > 0 && { aliases }),
    ...(doc !== undefined && { doc }),
    ...(order !== undefined && { order }),
    ...(value !== undefined && { default: value }),
  };
}

function parts(draft: Draft): Draft[] {
  switch (draft.kind) {
    case "array":
      return [draft.items];
    case "map":
      return [draft.values];
    case "union":
      return draft.branches;
    case "record":
      return draft.fields.map(({ type }) => type);
    default:
      return [];
  }
}
