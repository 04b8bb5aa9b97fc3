// What Avro allows and this project does not: it would hurt a reader all the same, or close a door for good.

import { MAX_LONG, MIN_LONG } from "../contracts/long.ts";
import { isDefault } from "./default-value.ts";
import type { Fault } from "./finding.ts";
import { describe, isNamed, type NamedSchema, type Schema, shortName, walk } from "./schema.ts";

/** The house rules that one version breaks on its own. */
export function versionFaults(schema: Schema): Fault[] {
  const all = [...walk(schema)];
  return [
    ...all.flatMap((each) => enumWithoutDefault(each.schema, each.path)),
    ...all.flatMap((each) => javascriptNames(each.schema, each.path)),
    ...all.flatMap((each) => logicalTypeIgnored(each.schema, each.path)),
    ...all.flatMap((each) => unsupported(each.schema, each.path)),
    ...ambiguousTypeAliases(all),
  ];
}

function firstOf<Item, Found>(
  items: readonly Item[],
  find: (item: Item) => Found | undefined,
): Found | undefined {
  for (const item of items) {
    const found = find(item);
    if (found) return found;
  }
  return undefined;
}

function enumWithoutDefault(schema: Schema, path: string): Fault[] {
  if (schema.kind !== "enum" || schema.default !== undefined || schema.symbols.length === 0) return [];
  const name = shortName(schema.name);
  const cause = `The enum ${name} has no default symbol: no later version can add a symbol to it.`;
  const mend = `Give it one that readers may fall back on, such as "default": "${schema.symbols[0]}".`;
  return [{ rule: "enum-without-default", pointer: schema.pointer, path, cause, mend }];
}

function javascriptNames(schema: Schema, path: string): Fault[] {
  const fault = (name: string, pointer: string, at: string): Fault[] =>
    name in Object.prototype
      ? [
          {
            rule: "javascript-name",
            pointer,
            path: at,
            cause: `Every JavaScript object already has something called ${name}.`,
            mend: `Rename ${name}.`,
          },
        ]
      : [];
  const own = isNamed(schema) ? fault(shortName(schema.name), `${schema.pointer}/name`, path) : [];
  switch (schema.kind) {
    case "record":
      return [
        ...own,
        ...schema.fields.flatMap(({ name, pointer }) => fault(name, `${pointer}/name`, `${path}.${name}`)),
      ];
    case "enum":
      return [
        ...own,
        ...schema.symbols.flatMap((symbol, index) =>
          fault(symbol, `${schema.pointer}/symbols/${index}`, path),
        ),
      ];
    default:
      return own;
  }
}

function logicalTypeIgnored(schema: Schema, path: string): Fault[] {
  if (!("ignored" in schema) || schema.ignored === undefined) return [];
  const cause = `Avro ignores the logical type ${schema.ignored} here: it is unknown, or does not fit ${describe(schema)}.`;
  const mend = "Correct its name, the type it stands on, or its precision and scale; or remove it.";
  return [{ rule: "logical-type-ignored", pointer: schema.pointer, path, cause, mend }];
}

function unsupported(schema: Schema, path: string): Fault[] {
  const fault = (pointer: string, at: string, { cause, mend }: Refused): Fault => ({
    rule: "unsupported",
    pointer,
    path: at,
    cause: `The library that services read with refuses this: ${cause}.`,
    mend,
  });
  const alias = isNamed(schema)
    ? schema.aliases.findIndex((each) => !/^[A-Za-z_]\w*(\.[A-Za-z_]\w*)*$/.test(each))
    : -1;
  if (alias >= 0) {
    const text = { cause: "an alias that is not a name", mend: "Make it a name, or remove it." };
    return [fault(`${schema.pointer}/aliases/${alias}`, path, text)];
  }
  switch (schema.kind) {
    case "union":
      if (schema.branches.length > 0) return [];
      return [fault(schema.pointer, path, { cause: "a union of nothing", mend: "Give the union a branch." })];
    case "enum":
      if (schema.symbols.length > 0) break;
      return [fault(schema.pointer, path, { cause: "an enum without symbols", mend: "Give it a symbol." })];
    case "record":
      return schema.fields.flatMap(({ name, type, default: given, pointer }) => {
        const refused = given && isDefault(type, given.value) && refusedDefault(type, given.value, schema);
        return refused ? fault(`${pointer}/default`, `${path}.${name}`, refused) : [];
      });
  }
  return [];
}

/** Why avsc does not take something that the specification allows. */
interface Refused {
  readonly cause: string;
  readonly mend: string;
}

/** `enclosing` is the record that has the field: avsc does not know it yet when it meets the default. */
function refusedDefault(type: Schema, value: unknown, enclosing: Schema): Refused | undefined {
  const within = (inner: Schema, item: unknown) => refusedDefault(inner, item, enclosing);
  switch (type.kind) {
    case "union": {
      const first = type.branches[0]!;
      if (isDefault(first, value)) return within(first, value);
      const cause = `the default is not of the union's first branch, ${describe(first)}`;
      return { cause, mend: "Move the branch of the default to the front of the union." };
    }
    case "long":
      if ((value as number) >= MIN_LONG && (value as number) <= MAX_LONG) return undefined;
      return {
        cause: "the default is beyond what JavaScript counts exactly",
        mend: `Stay within ${MIN_LONG} and ${MAX_LONG}.`,
      };
    case "array":
      return firstOf(value as unknown[], (item) => within(type.items, item));
    case "map":
      return firstOf(Object.values(value as object), (item) => within(type.values, item));
    case "record":
      if (type === enclosing) {
        const cause = "the default holds the very record that the field is part of";
        return { cause, mend: "Use a default without it, such as null or an empty list." };
      }
      return firstOf(Object.entries(value as object), ([name, item]) => {
        const field = type.fieldsByName.get(name);
        return field && within(field.type, item);
      });
    default:
      return undefined;
  }
}

function ambiguousTypeAliases(all: readonly { schema: Schema; path: string }[]): Fault[] {
  const named = all.filter((each) => isNamed(each.schema)) as { schema: NamedSchema; path: string }[];
  return named.flatMap(({ schema, path }) =>
    schema.aliases.flatMap((alias, index) => {
      const other = named.find(
        (each) => each.schema !== schema && [each.schema.name, ...each.schema.aliases].includes(alias),
      );
      if (!other) return [];
      const cause = `${shortName(schema.name)} and ${shortName(other.schema.name)} both answer to the name ${alias}.`;
      const mend = `Remove the alias ${alias} from ${shortName(schema.name)}.`;
      return {
        rule: "ambiguous-alias" as const,
        pointer: `${schema.pointer}/aliases/${index}`,
        path,
        cause,
        mend,
      };
    }),
  );
}
