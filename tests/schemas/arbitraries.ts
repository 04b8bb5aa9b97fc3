// Random Avro schemas, and random data for them.

import type fc from "fast-check";
import { type Choices, tapes } from "./choices.ts";
import {
  type Draft,
  everyType,
  type FieldDraft,
  fullName,
  isNamed,
  type Json,
  type NamedDraft,
  type PrimitiveDraft,
  type PrimitiveKind,
  type RecordDraft,
} from "./draft.ts";

const MAX_DEPTH = 3;
const MAX_FIELDS = 4;
const MAX_BRANCHES = 4;
const MAX_DATA_DEPTH = 5;

/** A record such as an event is, of every kind of types, recursive ones too. */
export const events: fc.Arbitrary<RecordDraft> = tapes(60, 240).map((tape) => new Inventor(tape).event());

/** Makes up types, each named type under a name that nothing else in `within` has. */
export class Inventor {
  readonly #choices: Choices;
  /** Complete types, to be used again. */
  readonly #known: NamedDraft[];
  /** Records whose fields are being made up. */
  readonly #open: RecordDraft[] = [];
  readonly #namespaces: readonly string[];
  readonly #names: Set<string>;

  constructor(choices: Choices, within?: RecordDraft) {
    this.#choices = choices;
    const named = within ? everyType(within).filter(isNamed) : [];
    // A type without a namespace can't be referred to from within one: all have one, or none has.
    this.#namespaces = within
      ? [within.namespace]
      : choices.among([[""], ["shop"], ["shop.orders", "shop.orders", "shop.money"]]);
    this.#known = named.filter((type) => type !== within);
    this.#names = new Set(named.flatMap(({ name, aliases }) => [name, ...aliases.map(shortName)]));
  }

  event(): RecordDraft {
    return this.#record(0, 1);
  }

  field(taken: ReadonlySet<string>, depth: number): FieldDraft {
    const choices = this.#choices;
    return {
      name: freshFieldName(taken),
      type: this.type(depth),
      aliases: [],
      doc: choices.chance(10) ? "What it is." : undefined,
      order: choices.chance(10) ? "ignore" : undefined,
      defaultSeed: choices.chance(30) ? choices.below(256) : undefined,
    };
  }

  type(depth: number, inUnion = false): Draft {
    const choices = this.#choices;
    const kinds = ["int", "primitive", "primitive", "primitive", "logical", "enum", "fixed", "again"];
    if (!inUnion) kinds.push("again", "optional");
    if (depth < MAX_DEPTH) {
      kinds.push("array", "map", "record", "record");
      if (!inUnion) kinds.push("optional", "union");
    }
    switch (choices.among(kinds)) {
      case "primitive":
        return primitive(choices.among(PRIMITIVES));
      case "logical":
        return this.logical();
      case "enum":
        return this.enum();
      case "fixed":
        return this.#fixed();
      case "array":
        return { kind: "array", items: this.type(depth + 1) };
      case "map":
        return { kind: "map", values: this.type(depth + 1) };
      case "record":
        return this.#record(depth + 1, 0);
      case "optional":
        return this.#optional(this.type(depth + 1, true));
      case "union":
        return this.#union(depth + 1);
      case "again":
        return this.#again(inUnion);
      default:
        return primitive("int");
    }
  }

  logical(): PrimitiveDraft {
    const [kind, logical] = this.#choices.among(LOGICAL);
    return { kind, logical };
  }

  enum(): Draft {
    const symbols = ["A", "B", "C", "D"].slice(0, 1 + this.#choices.below(4));
    return this.#named({
      kind: "enum",
      ...this.#naming("E"),
      symbols,
      default: this.#choices.chance(40) ? symbols[0] : undefined,
    });
  }

  #fixed(): Draft {
    const size = this.#choices.among([4, 1, 16]);
    const decimal = size === 16 && this.#choices.chance(50);
    const logical: { [attribute: string]: Json } = decimal
      ? { logicalType: "decimal", precision: 20, scale: 2 }
      : {};
    return this.#named({ kind: "fixed", ...this.#naming("F"), size, logical });
  }

  #record(depth: number, leastFields: number): RecordDraft {
    const record: RecordDraft = { kind: "record", ...this.#naming("R"), fields: [] };
    this.#open.push(record);
    for (let left = leastFields + this.#choices.below(MAX_FIELDS); left > 0; left--) {
      record.fields.push(this.field(new Set(record.fields.map(({ name }) => name)), depth));
    }
    this.#open.pop();
    return this.#named(record);
  }

  #union(depth: number): Draft {
    const branches = Array.from({ length: 1 + this.#choices.below(MAX_BRANCHES) }, () =>
      this.type(depth, true),
    );
    return { kind: "union", branches: distinct(branches) };
  }

  #optional(type: Draft): Draft {
    if (type.kind === "null") return type;
    return { kind: "union", branches: [primitive("null"), type] };
  }

  /** A type that is there already. One that encloses this place must leave a way out, or no data could ever end. */
  #again(inUnion: boolean): Draft {
    const [known, open] = [this.#known, this.#open];
    if (open.length > 0 && (known.length === 0 || this.#choices.chance(40))) {
      const record = this.#choices.among(open);
      if (inUnion) return { kind: "array", items: record };
      return this.#choices.chance(30) ? { kind: "map", values: record } : this.#optional(record);
    }
    return known.length === 0 ? primitive("long") : this.#choices.among(known);
  }

  #naming(prefix: string) {
    let number = 1;
    while (this.#names.has(`${prefix}${number}`)) number++;
    this.#names.add(`${prefix}${number}`);
    const namespace = this.#choices.among(this.#namespaces);
    return { name: `${prefix}${number}`, namespace, aliases: [], dotted: this.#choices.chance(20) };
  }

  #named<Named extends NamedDraft>(type: Named): Named {
    this.#known.push(type);
    return type;
  }
}

const PRIMITIVES = ["string", "int", "long", "float", "double", "boolean", "bytes", "null"] as const;

const LOGICAL: readonly (readonly [PrimitiveKind, { [attribute: string]: Json }])[] = [
  ["long", { logicalType: "timestamp-millis" }],
  ["bytes", { logicalType: "decimal", precision: 9, scale: 2 }],
  ["string", { logicalType: "uuid" }],
  ["int", { logicalType: "date" }],
  ["long", { logicalType: "time-micros" }],
  ["int", { logicalType: "time-millis" }],
];

export function primitive(kind: PrimitiveKind): PrimitiveDraft {
  return { kind, logical: {} };
}

/** Without branches of a kind or name that is there already, and without unions. */
export function distinct(branches: readonly Draft[]): Draft[] {
  const byName = new Map<string, Draft>();
  for (const branch of branches) {
    const is = isNamed(branch) ? fullName(branch) : branch.kind;
    if (branch.kind !== "union" && !byName.has(is)) byName.set(is, branch);
  }
  return [...byName.values()];
}

export function freshFieldName(taken: ReadonlySet<string>): string {
  let number = 1;
  while (taken.has(`f${number}`)) number++;
  return `f${number}`;
}

/** A datum of the type as avsc takes it when it wraps every union's value. Bounded: recursive types end after a few turns. */
export function datum(type: Draft, choices: Choices, depth = 0): unknown {
  const few = depth > MAX_DATA_DEPTH ? 0 : choices.below(3);
  switch (type.kind) {
    case "null":
      return null;
    case "boolean":
      return choices.chance(50);
    case "int":
      return choices.among([0, 1, -1, 2 ** 31 - 1, -(2 ** 31)]);
    case "long":
      return choices.among([0, 1, -1, 2 ** 40, -(2 ** 40)]);
    case "float":
    case "double":
      return choices.among([0, 1.5, -2.25, 1e10]);
    case "string":
      return choices.among(["", "x", "é€😀"]);
    case "bytes":
      return Buffer.from(choices.among(["", "\u0000\u00ff"]), "latin1");
    case "fixed":
      return Buffer.alloc(type.size, choices.below(256));
    case "enum":
      return choices.among(type.symbols);
    case "array":
      return Array.from({ length: few }, () => datum(type.items, choices, depth + 1));
    case "map":
      return Object.fromEntries(
        Array.from({ length: few }, (_, index) => [`key${index}`, datum(type.values, choices, depth + 1)]),
      );
    case "union": {
      const plain = depth > MAX_DATA_DEPTH ? type.branches.filter(({ kind }) => kind === "null") : [];
      const branch = choices.among(plain.length > 0 ? plain : type.branches);
      if (branch.kind === "null") return null;
      return { [isNamed(branch) ? fullName(branch) : branch.kind]: datum(branch, choices, depth + 1) };
    }
    case "record":
      return Object.fromEntries(
        type.fields.map((field) => [field.name, datum(field.type, choices, depth + 1)]),
      );
  }
}

function shortName(name: string): string {
  return name.slice(name.lastIndexOf(".") + 1);
}
