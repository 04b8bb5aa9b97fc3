// What two versions break together that Avro lets pass: a reader would go wrong without an error.

import type { Mismatch } from "./finding.ts";
import { decimalChanged } from "./mismatch.ts";
import { isOtherDecimal, matches, writersField } from "./resolve.ts";
import {
  branchPath,
  isNamed,
  isSame,
  type NamedSchema,
  type RecordSchema,
  rootPath,
  type Schema,
  shortName,
  type UnionSchema,
} from "./schema.ts";

/** The house rules that two versions break together, seen from the one that reads. */
export function evolutionMismatches(reader: Schema, writer: Schema): Mismatch[] {
  const encounters = new Encounters();
  encounters.meet(reader, writer, rootPath(reader));
  return encounters.found;
}

/** Goes to every two schemas of one kind and name that meet when one reads the other. */
class Encounters {
  readonly found: Mismatch[] = [];
  readonly #seen = new Map<Schema, Set<Schema>>();

  meet(reader: Schema, writer: Schema, path: string): void {
    if (writer.kind === "union") {
      for (const branch of writer.branches) this.meet(reader, branch, path);
    } else if (reader.kind === "union") {
      const taker = takerOf(reader, writer);
      if (taker) this.meet(taker, writer, path + branchPath(reader, taker));
    } else if (matches(reader, writer)) {
      this.#compare(reader, writer, path);
    }
  }

  #compare(reader: Schema, writer: Schema, path: string): void {
    if (isNamed(reader)) {
      const met = this.#seen.get(reader) ?? new Set();
      if (met.has(writer)) return;
      this.#seen.set(reader, met.add(writer));
      if (movedNamespace(reader, writer as NamedSchema)) {
        this.found.push(namespaceChanged(reader, writer as NamedSchema, path));
      }
    }
    if (logicalName(reader) !== logicalName(writer)) {
      this.found.push(logicalTypeChanged(reader, writer, path));
    } else if (isOtherDecimal(reader, writer)) {
      // In a union another branch may take it, by promotion, and readers go wrong all the same.
      this.found.push({ ...decimalChanged(reader, writer), path });
    }

    if (reader.kind === "array") this.meet(reader.items, (writer as typeof reader).items, `${path}[]`);
    else if (reader.kind === "map") this.meet(reader.values, (writer as typeof reader).values, `${path}{}`);
    else if (reader.kind === "record") {
      for (const field of reader.fields) {
        const sent = writersField(field, writer as RecordSchema);
        if (sent && !isSame(field.type, sent.type)) this.meet(field.type, sent.type, `${path}.${field.name}`);
      }
    }
  }
}

/** The branch that a value is meant for: of the same full name, or else of the same kind, or else by promotion. */
function takerOf({ branches }: UnionSchema, writer: Schema): Schema | undefined {
  const takers = branches.filter((branch) => matches(branch, writer));
  const name = isNamed(writer) ? writer.name : undefined;
  return (
    takers.find(
      (branch) => branch.kind === writer.kind && (isNamed(branch) ? branch.name : undefined) === name,
    ) ??
    takers.find(({ kind }) => kind === writer.kind) ??
    takers[0]
  );
}

function logicalName(schema: Schema): string | undefined {
  return "logical" in schema || "ignored" in schema ? (schema.logical?.name ?? schema.ignored) : undefined;
}

function logicalTypeChanged(reader: Schema, writer: Schema, path: string): Mismatch {
  const [read, written] = [logicalName(reader), logicalName(writer)];
  const mend = (to: string | undefined) =>
    `${to ? `Make it ${to} again` : "Remove the logical type"}, and add a field of another name, with a default.`;
  return {
    rule: "logical-type-changed",
    path,
    reader: reader.pointer,
    writer: writer.pointer,
    cause: `It is written as ${written ?? `a bare ${writer.kind}`} and read as ${read ?? `a bare ${reader.kind}`}, which Avro does not notice.`,
    mend: { reader: mend(written), writer: mend(read) },
  };
}

function movedNamespace(reader: NamedSchema, writer: NamedSchema): boolean {
  return reader.name !== writer.name && shortName(reader.name) === shortName(writer.name);
}

function namespaceChanged(reader: NamedSchema, writer: NamedSchema, path: string): Mismatch {
  return {
    rule: "namespace-changed",
    path,
    reader: reader.pointer,
    writer: writer.pointer,
    cause: `It is written as ${writer.name} and read as ${reader.name}: many readers go by the full name.`,
    mend: { reader: `Make it ${writer.name} again.`, writer: `Make it ${reader.name} again.` },
  };
}
