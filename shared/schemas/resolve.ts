// Whether a reader can read what a writer wrote, by the specification's schema resolution, and if not, every reason.
// https://avro.apache.org/docs/1.12.0/specification/#schema-resolution

import type { Mismatch } from "./finding.ts";
import * as mismatch from "./mismatch.ts";
import {
  branchPath,
  describe,
  type EnumSchema,
  type Field,
  type FixedSchema,
  isNamed,
  isSame,
  type RecordSchema,
  rootPath,
  type Schema,
  shortName,
  type UnionSchema,
} from "./schema.ts";

/**
 * All that keeps `reader` from reading some datum of `writer`; empty when nothing does. Paths and places name each
 * fault once. A union's value is taken if any branch of the reader's union takes it.
 */
export function compareSchemas(reader: Schema, writer: Schema): Mismatch[] {
  const found = new Resolution().resolve(reader, writer);
  return unique(found).map((each) => ({ ...each, path: rootPath(reader) + each.path }));
}

const PROMOTIONS: Readonly<Record<string, readonly string[]>> = {
  int: ["long", "float", "double"],
  long: ["float", "double"],
  float: ["double"],
  string: ["bytes"],
  bytes: ["string"],
};

/** Whether the two are of one kind and name, or promoted: their parts may still differ. */
export function matches(reader: Schema, writer: Schema): boolean {
  if (isNamed(reader) && isNamed(writer)) return reader.kind === writer.kind && sameName(reader, writer);
  return reader.kind === writer.kind || PROMOTIONS[writer.kind]?.includes(reader.kind) === true;
}

/** The writer's field that answers to the reader's field's name, or else to one of its aliases. */
export function writersField({ name, aliases }: Field, { fieldsByName }: RecordSchema): Field | undefined {
  const same = fieldsByName.get(name);
  if (same || aliases.length === 0) return same;
  const alias = aliases.find((each) => fieldsByName.has(each));
  return alias === undefined ? undefined : fieldsByName.get(alias);
}

const NONE: readonly Mismatch[] = [];

/** One comparison. Paths in it are relative to the two schemas at hand. */
class Resolution {
  /**
   * What is known of pairs of records: faults, or none. A pair that is being compared counts as one without faults,
   * which is what recursive types need; if it turns out to have some, all that was held good meanwhile is forgotten.
   */
  readonly #known = new Map<RecordSchema, Map<RecordSchema, readonly Mismatch[]>>();
  readonly #heldGood: [reader: RecordSchema, writer: RecordSchema][] = [];

  resolve(reader: Schema, writer: Schema): readonly Mismatch[] {
    if (writer.kind === "union") return this.#fromUnion(reader, writer);
    if (reader.kind === "union") return this.#intoUnion(reader, writer);
    if (!matches(reader, writer)) {
      const renamed = isNamed(reader) && reader.kind === writer.kind;
      return [renamed ? mismatch.nameChanged(reader, writer) : mismatch.typeChanged(reader, writer)];
    }
    switch (reader.kind) {
      case "record":
        return this.#records(reader, writer as RecordSchema);
      case "array":
        return under("[]", this.resolve(reader.items, (writer as typeof reader).items));
      case "map":
        return under("{}", this.resolve(reader.values, (writer as typeof reader).values));
      case "enum":
        return enums(reader, writer as EnumSchema);
      case "fixed":
        return fixed(reader, writer as FixedSchema);
      default:
        return decimals(reader, writer);
    }
  }

  #records(reader: RecordSchema, writer: RecordSchema): readonly Mismatch[] {
    const known = this.#known.get(reader) ?? new Map<RecordSchema, readonly Mismatch[]>();
    const earlier = known.get(writer);
    if (earlier) return earlier;

    this.#known.set(reader, known.set(writer, NONE));
    const mark = this.#heldGood.push([reader, writer]);
    const found = unique(collect(reader.fields, (field) => this.#field(field, writer)));
    if (found.length > 0) {
      for (const [r, w] of this.#heldGood.splice(mark - 1)) {
        if (this.#known.get(r)!.get(w) === NONE) this.#known.get(r)!.delete(w);
      }
      known.set(writer, found);
    }
    return found;
  }

  #field(field: Field, writer: RecordSchema): readonly Mismatch[] {
    const sent = writersField(field, writer);
    const path = `.${field.name}`;
    if (!sent) return field.default ? NONE : under(path, [mismatch.fieldWithoutDefault(field, writer)]);

    if (field.aliases.length === 0 && isSame(field.type, sent.type)) return NONE;

    const rivals = field.aliases.filter((alias) => alias !== sent.name && writer.fieldsByName.has(alias));
    return rivals.length > 0
      ? under(path, [mismatch.ambiguousAlias(field, sent, rivals)])
      : under(path, this.resolve(field.type, sent.type));
  }

  /** Each branch may be sent, so each must be read. */
  #fromUnion(reader: Schema, writer: UnionSchema): readonly Mismatch[] {
    return collect(writer.branches, (branch) => {
      if (reader.kind === "union" || matches(reader, branch)) return this.resolve(reader, branch);
      const candidates = [{ branch: describe(reader), causes: [this.resolve(reader, branch)[0]!.cause] }];
      return [mismatch.branchUnknown(reader, branch, candidates)];
    });
  }

  /** Some branch must take it. If only one is of its kind and name, what is wrong with that one is what is wrong. */
  #intoUnion(reader: UnionSchema, writer: Schema): readonly Mismatch[] {
    const results = new Map<Schema, readonly Mismatch[]>();
    for (const branch of reader.branches) {
      if (!matches(branch, writer)) continue;
      const found = this.resolve(branch, writer);
      if (found.length === 0) return NONE;
      results.set(branch, under(branchPath(reader, branch), found));
    }
    const kin = [...results.values()];
    const tried = reader.branches.map((branch) => ({
      branch,
      found: results.get(branch) ?? under(branchPath(reader, branch), this.resolve(branch, writer)),
    }));
    const candidates = tried.map(({ branch, found }) => ({
      branch: describe(branch),
      causes: found.map(({ path, cause }) => `${path} ${cause}`.trim()),
    }));
    return kin.length === 1
      ? kin[0]!.map((each) => ({ candidates, ...each }))
      : [mismatch.branchUnknown(reader, writer, candidates)];
  }
}

function sameName(reader: { name: string; aliases: readonly string[] }, writer: { name: string }): boolean {
  const { name } = writer;
  if (reader.name === name || shortName(reader.name) === shortName(name)) return true;
  return reader.aliases.includes(name);
}

function enums(reader: EnumSchema, writer: EnumSchema): readonly Mismatch[] {
  if (reader.default !== undefined) return NONE;
  const known = new Set(reader.symbols);
  const unknown = writer.symbols.filter((symbol) => !known.has(symbol));
  return unknown.length === 0 ? NONE : [mismatch.symbolUnknown(reader, writer, unknown)];
}

function fixed(reader: FixedSchema, writer: FixedSchema): readonly Mismatch[] {
  return reader.size === writer.size ? decimals(reader, writer) : [mismatch.fixedSizeChanged(reader, writer)];
}

function decimals(reader: Schema, writer: Schema): readonly Mismatch[] {
  return isOtherDecimal(reader, writer) ? [mismatch.decimalChanged(reader, writer)] : NONE;
}

/** Whether both are decimals, and don't match: their precisions or scales differ. */
export function isOtherDecimal(reader: Schema, writer: Schema): boolean {
  if (!("logical" in reader) || !("logical" in writer)) return false;
  const [read, written] = [reader.logical, writer.logical];
  if (read?.name !== "decimal" || written?.name !== "decimal") return false;
  return read.precision !== written.precision || read.scale !== written.scale;
}

/** As flatMap, for faults that are rarely there. */
function collect<Item>(
  items: readonly Item[],
  find: (item: Item) => readonly Mismatch[],
): readonly Mismatch[] {
  let all = NONE;
  for (const item of items) {
    const found = find(item);
    if (found.length > 0) all = [...all, ...found];
  }
  return all;
}

/** Each fault once, by the path on which it was met first. */
function unique(found: readonly Mismatch[]): readonly Mismatch[] {
  if (found.length < 2) return found;
  const seen = new Set<string>();
  return found.filter(({ rule, reader, writer }) => {
    const place = `${rule} ${reader} ${writer}`;
    return !seen.has(place) && seen.add(place);
  });
}

function under(path: string, found: readonly Mismatch[]): readonly Mismatch[] {
  return found.length === 0 ? found : found.map((each) => ({ ...each, path: path + each.path }));
}
