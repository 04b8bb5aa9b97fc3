// Sample data of a schema, and whether a reader can read all of it.

import avro from "avsc";
import { MAX_LONG, MIN_LONG } from "./long.ts";

/** How avsc reads what one schema wrote as another. */
export type Resolver = ReturnType<avro.Type["createResolver"]>;

/**
 * Reads samples of what `writer` may write; without a resolver they are read as they are. Throws, naming the sample and
 * the field, when that fails or gives what is no value of `reader`.
 */
export function exercise(reader: avro.Type, writer: avro.Type, resolver?: Resolver): void {
  for (const sample of samples(writer)) {
    let value: unknown;
    try {
      value = reader.fromBuffer(writer.toBuffer(sample), resolver);
    } catch (cause) {
      throw new Error(`reading ${show(sample)} fails: ${(cause as Error).message}`, { cause });
    }
    reader.isValid(value, {
      errorHook(path, part) {
        throw new Error(
          `${show(sample)} is read with ${show(part)} as its ${path.join(".")}, which does not fit`,
        );
      },
    });
  }
}

/**
 * A few values of a type, always the same, the plainest last. Together they hold every branch of its unions, every
 * symbol of its enums, empty and filled lists and maps. A record is sampled where it is first met, and short elsewhere. Empty for a type that has no finite value.
 */
export function samples(type: avro.Type): unknown[] {
  return sampled(type, { seen: new Set(), short: new Map() });
}

const { ArrayType, EnumType, FixedType, MapType, RecordType, UnwrappedUnionType, WrappedUnionType } =
  avro.types;

/** The samples of one schema, as far as they are made. */
interface Progress {
  /** The records that were sampled already. */
  readonly seen: Set<avro.Type>;
  /** A short value of each record that one was needed of. */
  readonly short: Map<avro.Type, unknown[]>;
}

function sampled(type: avro.Type, progress: Progress): unknown[] {
  const inside = (inner: avro.Type) => sampled(inner, progress);
  if (type instanceof RecordType) {
    if (progress.seen.has(type)) return short(type, new Set(), progress);
    progress.seen.add(type);
    return records(type, inside);
  }
  if (type instanceof ArrayType) {
    const items = inside(type.itemsType);
    // A few more than there are, so that even items that take no bytes make a list.
    return items.length === 0 ? [[]] : [[...items, items.at(-1), items.at(-1)], []];
  }
  if (type instanceof MapType) {
    const values = inside(type.valuesType);
    return values.length === 0
      ? [{}]
      : [Object.fromEntries(values.map((value, n) => [`key${n}`, value])), {}];
  }
  if (isUnion(type)) {
    return plainestLast(type).flatMap((branch) =>
      inside(branch).map((value) => inUnion(type, branch, value)),
    );
  }
  return leaves(type);
}

/** One short value, or none when every value holds one of the records that are `open`. */
function short(type: avro.Type, open: ReadonlySet<avro.Type>, progress: Progress): unknown[] {
  if (type instanceof RecordType) {
    const known = progress.short.get(type);
    if (known || open.has(type)) return known ?? [];
    const inner = new Set([...open, type]);
    const made = records(type, (field) => short(field, inner, progress));
    if (made.length > 0) progress.short.set(type, made);
    return made;
  }
  if (type instanceof ArrayType) return [[]];
  if (type instanceof MapType) return [{}];
  if (isUnion(type)) {
    for (const branch of plainestLast(type).reverse()) {
      const made = short(branch, open, progress);
      if (made.length > 0) return [inUnion(type, branch, made[0])];
    }
    return [];
  }
  return leaves(type).slice(-1);
}

/** As few records as hold every value of every field. */
function records(type: avro.types.RecordType, valuesOf: (field: avro.Type) => unknown[]): unknown[] {
  const fields = type.fields.map((field) => ({ name: field.name, values: valuesOf(field.type) }));
  if (fields.some(({ values }) => values.length === 0)) return [];
  const count = Math.max(1, ...fields.map(({ values }) => values.length));
  return Array.from({ length: count }, (_, n) =>
    Object.fromEntries(fields.map(({ name, values }) => [name, values[Math.min(n, values.length - 1)]])),
  );
}

function leaves(type: avro.Type): unknown[] {
  if (type instanceof EnumType) return type.symbols;
  if (type instanceof FixedType) return [Buffer.alloc(type.size, 0xff), Buffer.alloc(type.size)];
  switch (type.typeName) {
    case "null":
      return [null];
    case "boolean":
      return [true, false];
    case "int":
      return [2 ** 31 - 1, -(2 ** 31), 0];
    case "long":
      return [MAX_LONG, MIN_LONG, 0];
    case "float":
    case "double":
      return [-1.5, 0];
    case "string":
      return ["Zoë 🍵", ""];
    case "bytes":
      return [Buffer.of(0, 0xff), Buffer.alloc(0)];
    default:
      throw new Error(`there are no samples of ${type.typeName}`);
  }
}

type Union = avro.types.UnwrappedUnionType | avro.types.WrappedUnionType;

function isUnion(type: avro.Type): type is Union {
  return type instanceof UnwrappedUnionType || type instanceof WrappedUnionType;
}

/** A union's branches: first the records, which may hold much. */
function plainestLast({ types }: Union): avro.Type[] {
  return [
    ...types.filter((branch) => branch instanceof RecordType),
    ...types.filter((branch) => !(branch instanceof RecordType)),
  ];
}

/** A branch's value as avsc has it in the union. */
function inUnion(union: Union, branch: avro.Type, value: unknown): unknown {
  return union instanceof WrappedUnionType && value !== null ? { [branch.branchName!]: value } : value;
}

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length > 200 ? `${text.slice(0, 199)}…` : text;
}
