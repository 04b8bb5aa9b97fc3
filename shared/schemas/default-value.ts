// Whether a JSON value is a default for a type: https://avro.apache.org/docs/1.12.0/specification/#schema-record

import { pointerOf } from "./pointer.ts";
import { describe, type Schema, show, type UnionSchema } from "./schema.ts";

/** What is wrong with a default, and where in it. */
export interface DefaultFault {
  readonly pointer: string;
  readonly text: { readonly cause: string; readonly mend: string };
}

/** The text of the number at a JSON pointer, if it is known. */
type Literal = (pointer: string) => string | undefined;

const MAX_INT = 2 ** 31 - 1;
const MAX_LONG = 2n ** 63n - 1n;

/** Why `value`, which is at `pointer`, can't be a default of type `type`; undefined when it can. */
export function defaultFault(
  type: Schema,
  value: unknown,
  pointer: string,
  literal: Literal,
): DefaultFault | undefined {
  return new Check(literal).fault(type, value, pointer);
}

/** Whether a value can be a default of type `type`, its numbers taken as JavaScript has them. */
export function isDefault(type: Schema, value: unknown): boolean {
  return defaultFault(type, value, "", () => undefined) === undefined;
}

class Check {
  readonly #literal: Literal;
  /** Unions try a value with several types: what was found of a list or object is kept, or recursive types would take for ever. */
  readonly #known = new Map<object, Map<Schema, DefaultFault | undefined>>();

  constructor(literal: Literal) {
    this.#literal = literal;
  }

  fault(type: Schema, value: unknown, pointer: string): DefaultFault | undefined {
    if (typeof value !== "object" || value === null) return this.#simple(type, value, pointer);
    const known = this.#known.get(value) ?? new Map<Schema, DefaultFault | undefined>();
    if (known.has(type)) return known.get(type);
    const fault = this.#compound(type, value, pointer);
    this.#known.set(value, known.set(type, fault));
    return fault;
  }

  #simple(type: Schema, value: unknown, pointer: string): DefaultFault | undefined {
    const unless = (fits: boolean, mend: string) => (fits ? undefined : wrong(type, value, pointer, mend));
    switch (type.kind) {
      case "null":
        return unless(value === null, "Use null.");
      case "boolean":
        return unless(typeof value === "boolean", "Use true or false.");
      case "int":
        return unless(isInt(value), "Use a whole number of 32 bits.");
      case "long":
        return unless(isLong(value, this.#literal(pointer)), "Use a whole number of 64 bits.");
      case "float":
      case "double":
        return unless(Number.isFinite(value), "Use a number.");
      case "string":
        return unless(typeof value === "string", "Use a text.");
      case "bytes":
        return unless(isBytes(value), "Use a text whose characters, U+0000 to U+00FF, are the bytes.");
      case "fixed":
        return unless(
          isBytes(value) && value.length === type.size,
          `Use a text of ${type.size} characters, U+0000 to U+00FF: the bytes.`,
        );
      case "enum":
        return unless(type.symbols.includes(value as string), `Use one of ${type.symbols.join(", ")}.`);
      case "union":
        return this.#union(type, value, pointer);
      case "array":
        return wrong(type, value, pointer, "Use a list, such as [].");
      case "map":
        return wrong(type, value, pointer, "Use an object, such as {}.");
      case "record":
        return wrong(type, value, pointer, "Use an object with the record's fields.");
    }
  }

  #compound(type: Schema, value: object, pointer: string): DefaultFault | undefined {
    if (type.kind === "union") return this.#union(type, value, pointer);
    if (type.kind === "array" && Array.isArray(value)) {
      return first(value.entries(), (index, item) => this.fault(type.items, item, `${pointer}/${index}`));
    }
    if (Array.isArray(value)) return this.#simple(type, value, pointer);
    if (type.kind === "map") {
      return first(Object.entries(value), (key, item) =>
        this.fault(type.values, item, pointer + pointerOf([key])),
      );
    }
    if (type.kind !== "record") return this.#simple(type, value, pointer);
    return first(type.fieldsByName, (name, field) => {
      if (Object.hasOwn(value, name)) {
        return this.fault(field.type, (value as Record<string, unknown>)[name], `${pointer}/${name}`);
      }
      return field.default
        ? undefined
        : wrong(type, value, pointer, `Add ${name}, which has no default of its own.`);
    });
  }

  #union(type: UnionSchema, value: unknown, pointer: string): DefaultFault | undefined {
    return type.branches.some((branch) => !this.fault(branch, value, pointer))
      ? undefined
      : wrong(
          type,
          value,
          pointer,
          `Use a value of one of the branches: ${type.branches.map(describe).join(", ")}.`,
        );
  }
}

function wrong(type: Schema, value: unknown, pointer: string, mend: string): DefaultFault {
  return {
    pointer,
    text: { cause: `The default ${show(value)} is not a value of type ${describe(type)}.`, mend },
  };
}

function first<Key, Value>(
  entries: Iterable<readonly [Key, Value]>,
  check: (key: Key, value: Value) => DefaultFault | undefined,
): DefaultFault | undefined {
  for (const [key, value] of entries) {
    const fault = check(key, value);
    if (fault) return fault;
  }
  return undefined;
}

function isInt(value: unknown): boolean {
  return Number.isInteger(value) && (value as number) >= -MAX_INT - 1 && (value as number) <= MAX_INT;
}

/** JavaScript rounds numbers this large; the text of the number, if there is one, has the last word. */
function isLong(value: unknown, literal: string | undefined): boolean {
  if (!Number.isInteger(value)) return false;
  const exact = literal && /^-?\d+$/.test(literal) ? BigInt(literal) : BigInt(value as number);
  const rounded = !literal && exact === MAX_LONG + 1n;
  return rounded || (exact >= -MAX_LONG - 1n && exact <= MAX_LONG);
}

function isBytes(value: unknown): value is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: each character stands for a byte.
  return typeof value === "string" && /^[\u0000-\u00ff]*$/.test(value);
}
