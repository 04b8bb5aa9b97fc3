// What the parser keeps while it goes through a schema: the faults, the types defined so far, and where it is.

import type { Fault } from "./finding.ts";
import type { RuleName } from "./rules.ts";
import { type Field, type NamedSchema, shortName } from "./schema.ts";

/** Where the parser is. */
export interface Position {
  readonly pointer: string;
  /** Readable; empty above the first named type. */
  readonly path: string;
  /** Of the enclosing definition; empty for none. */
  readonly namespace: string;
}

export type Json = Readonly<Record<string, unknown>>;

/** Types nest no deeper than this; it keeps hostile schemas from exhausting the stack. */
export const MAX_DEPTH = 500;

/** The state of one run of the parser. */
export class Context {
  readonly faults: Fault[] = [];
  /** Fields with a default, to be checked when all types are known. */
  readonly defaults: { readonly field: Field; readonly path: string }[] = [];
  depth = 0;
  readonly #named = new Map<string, NamedSchema>();

  /** Notes a fault; returns undefined, which is what becomes of the part of the schema that has it. */
  fault(rule: RuleName, { pointer, path }: Position, cause: string, mend: string): undefined {
    this.faults.push({ rule, pointer, path: path || "(schema)", cause, mend });
  }

  /** The type that a name means here, if it is defined. */
  find(name: string, { namespace }: Position): NamedSchema | undefined {
    return this.#named.get(qualify(name, namespace));
  }

  /** The full name of a type of the same short name, in whatever namespace. */
  similar(name: string): string | undefined {
    return [...this.#named.keys()].find((known) => shortName(known) === shortName(name));
  }

  define<Type extends NamedSchema>(type: Type, at: Position): Type {
    if (this.#named.has(type.name)) {
      const mend = "Define it once, and use its name the second time.";
      this.fault("duplicate-name", inside(at, "/name"), `The type ${type.name} is defined twice.`, mend);
    }
    this.#named.set(type.name, type);
    return type;
  }
}

/** A place within another one. */
export function inside({ pointer, path, namespace }: Position, below: string, further = ""): Position {
  return { pointer: pointer + below, path: path + further, namespace };
}

/** A name with its namespace: one with dots has it already. */
export function qualify(name: string, namespace: string): string {
  return name.includes(".") || namespace === "" ? name : `${namespace}.${name}`;
}

export function isObject(json: unknown): json is Json {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
