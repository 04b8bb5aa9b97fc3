// What is said of each way in which a reader can't read a writer: the cause, and the edit that mends it on either side.

import type { Candidate, Mismatch } from "./finding.ts";
import {
  describe,
  type EnumSchema,
  type Field,
  type FixedSchema,
  type Logical,
  type NamedSchema,
  type RecordSchema,
  type Schema,
  shortName,
} from "./schema.ts";

export function typeChanged(reader: Schema, writer: Schema): Mismatch {
  return at("type-changed", reader, writer, {
    cause: `The writer sends ${describe(writer)}, the reader takes ${describe(reader)}.`,
    mend: {
      reader: `Make it ${describe(writer)} again, and add a field of another name, with a default, for ${describe(reader)}.`,
      writer: `Make it ${describe(reader)} again, and add a field of another name, with a default, for ${describe(writer)}.`,
    },
  });
}

export function nameChanged(reader: NamedSchema, writer: Schema): Mismatch {
  const { name } = writer as NamedSchema;
  // An alias without a namespace gets the reader's.
  const canAlias = name.includes(".") || !reader.name.includes(".");
  return at("name-changed", reader, writer, {
    cause: `The writer's ${reader.kind} is called ${name}, the reader's ${reader.name}, and it has no such alias.`,
    mend: {
      reader: canAlias
        ? `Call it ${shortName(name)} again, or give it the alias: "aliases": ["${name}"].`
        : `Call it ${shortName(name)} again.`,
      writer: `Call it ${shortName(reader.name)} again: a version that is released can't be given an alias.`,
    },
  });
}

export function fieldWithoutDefault(field: Field, writer: RecordSchema): Mismatch {
  const fallback = JSON.stringify(suggestedDefault(field.type, new Set()));
  const type = shortName(writer.name);
  return at("field-without-default", field, writer, {
    cause: `The reader needs ${field.name}, which the writer's ${type} does not have, and there is no default for it.`,
    mend: {
      reader: fallback
        ? `Give the field ${field.name} a default, such as "default": ${fallback}.`
        : `Make ${field.name} a union with null first, and give it "default": null.`,
      writer: `Keep the field ${field.name} in ${type}: readers of the other version can't do without it.`,
    },
  });
}

export function ambiguousAlias(field: Field, sent: Field, rivals: readonly string[]): Mismatch {
  const names = list([sent.name, ...rivals]);
  return at("ambiguous-alias", field, sent, {
    cause: `The writer has ${names}, which all answer to the reader's ${field.name} by its name and aliases.`,
    mend: {
      reader: `Remove from ${field.name} the aliases that are other fields of the other version: ${list(rivals)}.`,
      writer: `Send only one of ${names}.`,
    },
  });
}

export function symbolUnknown(reader: EnumSchema, writer: EnumSchema, symbols: readonly string[]): Mismatch {
  const name = shortName(reader.name);
  return at("enum-symbol-unknown", reader, writer, {
    cause: `The writer may send ${list(symbols)}, which the reader's ${name} lacks, and it has no default symbol.`,
    mend: {
      reader: `Keep ${list(symbols)} in ${name}, or give it a default symbol, such as "default": "${reader.symbols[0] ?? "UNKNOWN"}".`,
      writer: `Leave ${list(symbols)} out of ${name}: readers without a default symbol can't learn new ones. Add a field with an enum that has one.`,
    },
  });
}

export function fixedSizeChanged(reader: FixedSchema, writer: FixedSchema): Mismatch {
  const name = shortName(reader.name);
  const mend = (size: number) =>
    `Give ${name} its ${size} bytes back, and add a field with a type of another name, with a default.`;
  return at("fixed-size-changed", reader, writer, {
    cause: `The writer's ${name} has ${writer.size} bytes, the reader's ${reader.size}.`,
    mend: { reader: mend(writer.size), writer: mend(reader.size) },
  });
}

export function decimalChanged(reader: Schema, writer: Schema): Mismatch {
  const parameters = (schema: Schema) => {
    const { precision, scale } = (schema as { logical: Logical }).logical;
    return `precision ${precision} and scale ${scale}`;
  };
  const mend = (to: Schema) =>
    `Give it back ${parameters(to)}, and add a field of another name, with a default.`;
  return at("decimal-changed", reader, writer, {
    cause: `It is written with ${parameters(writer)} and read with ${parameters(reader)}.`,
    mend: { reader: mend(writer), writer: mend(reader) },
  });
}

export function branchUnknown(reader: Schema, branch: Schema, candidates: readonly Candidate[]): Mismatch {
  const sent = describe(branch);
  const takes =
    reader.kind === "union"
      ? `no branch of the reader's union ${describe(reader)} takes it`
      : `the reader takes ${describe(reader)} only`;
  return at("union-branch-unknown", reader, branch, {
    cause: `The writer may send ${sent}, and ${takes}.`,
    mend: {
      reader: `Make the reader's type [${sent}, ${(reader.kind === "union" ? reader.branches : [reader]).map(describe).join(", ")}].`,
      writer: `Leave ${sent} out: readers of the other version have no branch for it. Add a field of another name, with a default.`,
    },
    candidates,
  });
}

function at(
  rule: Mismatch["rule"],
  reader: { pointer: string },
  writer: { pointer: string },
  text: Pick<Mismatch, "cause" | "mend" | "candidates">,
): Mismatch {
  return { rule, path: "", reader: reader.pointer, writer: writer.pointer, ...text };
}

function list(names: readonly string[]): string {
  return names.length < 2 ? names.join() : `${names.slice(0, -1).join(", ")} and ${names.at(-1)}`;
}

/** A default of more records within records would be no suggestion, and might not end. */
const MAX_SUGGESTED_DEPTH = 3;

/** The plainest default that a type can have; undefined for one that only its author can know. */
function suggestedDefault(type: Schema, within: Set<Schema>): unknown {
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return false;
    case "string":
    case "bytes":
      return "";
    case "array":
      return [];
    case "map":
      return {};
    case "enum":
      return type.default ?? type.symbols[0];
    case "fixed":
      return undefined;
    case "union":
      return type.branches[0] && suggestedDefault(type.branches[0], within);
    case "record": {
      if (within.has(type) || within.size === MAX_SUGGESTED_DEPTH) return undefined;
      const inner = new Set(within).add(type);
      const needed = type.fields.filter((field) => !field.default);
      const values = needed.map(({ name, type }) => [name, suggestedDefault(type, inner)]);
      return values.some(([, value]) => value === undefined) ? undefined : Object.fromEntries(values);
    }
    default:
      return 0;
  }
}
