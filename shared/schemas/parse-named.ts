// Records, enums and fixed types: what has a name of its own.

import { logicalOf } from "./logical.ts";
import { parse } from "./parse.ts";
import { type Context, inside, isObject, type Json, type Position, qualify } from "./parse-context.ts";
import { type Field, PRIMITIVES, type RecordSchema, type Schema, shortName, show } from "./schema.ts";

const NAME = /^[A-Za-z_]\w*$/;
const NAME_MEND =
  "Use letters, digits and underscores, not beginning with a digit, and no primitive type's name.";
/** In bytes: as far as other implementations go. */
const MAX_SIZE = 2 ** 31 - 1;
const ORDERS: readonly unknown[] = ["ascending", "descending", "ignore", undefined];

export function parseRecord(context: Context, json: Json, at: Position): Schema | undefined {
  const named = nameOf(context, json, at);
  if (!named) return undefined;
  const fields: Field[] = [];
  const fieldsByName = new Map<string, Field>();
  const record: RecordSchema = { kind: "record", ...named.names, fields, fieldsByName };
  context.define(record, named.at);

  if (!Array.isArray(json.fields)) {
    return context.fault("not-a-schema", named.at, "A record needs its fields.", 'Add "fields": a list.');
  }
  json.fields.forEach((item: unknown, index) => {
    const field = parseField(context, item, inside(named.at, `/fields/${index}`));
    if (!field) return;
    fields.push(field);
    fieldsByName.set(field.name, field);
  });
  const names = fields.flatMap(({ name, aliases }) => [...new Set([name, ...aliases])]);
  expectUnique(context, names, "field or alias", inside(named.at, "/fields"));
  return record;
}

function parseField(context: Context, json: unknown, at: Position): Field | undefined {
  if (!isObject(json)) {
    return context.fault(
      "not-a-schema",
      at,
      `${show(json)} is not a field.`,
      "Write an object with a name and a type.",
    );
  }
  const { name, doc, order } = json;
  if (name === undefined) {
    return context.fault("not-a-schema", at, "This field has no name.", 'Add its "name".');
  }
  if (!isName(context, name, inside(at, "/name"))) return undefined;
  const here = inside(at, "", `.${name}`);
  if (!("type" in json))
    return context.fault("not-a-schema", here, `The field ${name} has no type.`, 'Add its "type".');
  if (!ORDERS.includes(order)) {
    const mend = 'Use "ascending", "descending" or "ignore".';
    context.fault("not-a-schema", inside(here, "/order"), `${show(order)} is not an order.`, mend);
  }
  const aliases = aliasesOf(context, json, here);
  const type = parse(context, json.type, inside(here, "/type"));
  if (!type) return undefined;
  const field: Field = {
    name,
    type,
    aliases,
    pointer: here.pointer,
    ...("default" in json && { default: { value: json.default } }),
    ...(typeof doc === "string" && { doc }),
  };
  if (field.default) context.defaults.push({ field, path: here.path });
  return field;
}

export function parseEnum(context: Context, json: Json, at: Position): Schema | undefined {
  const named = nameOf(context, json, at);
  if (!named) return undefined;
  const listed = Array.isArray(json.symbols);
  const symbols: string[] = listed ? (json.symbols as string[]) : [];
  const fallback = json.default as string | undefined;
  const schema = context.define({ kind: "enum", ...named.names, symbols, default: fallback }, named.at);
  if (!listed) {
    return context.fault("not-a-schema", named.at, "An enum needs its symbols.", 'Add "symbols": a list.');
  }
  for (const [index, symbol] of symbols.entries()) {
    isName(context, symbol, inside(named.at, `/symbols/${index}`));
  }
  expectUnique(context, symbols, "symbol", inside(named.at, "/symbols"));
  if (fallback !== undefined && !symbols.includes(fallback)) {
    const cause = `The default ${show(fallback)} is not one of the symbols.`;
    const mend = `Use one of ${symbols.join(", ")}.`;
    context.fault("invalid-default", inside(named.at, "/default"), cause, mend);
  }
  return schema;
}

export function parseFixed(context: Context, json: Json, at: Position): Schema | undefined {
  const named = nameOf(context, json, at);
  if (!named) return undefined;
  const size = json.size as number;
  const schema = context.define(
    { kind: "fixed", ...named.names, size, ...logicalOf(json, "fixed", size) },
    named.at,
  );
  if (Number.isInteger(size) && size >= 0 && size <= MAX_SIZE) return schema;
  const cause = `${show(json.size)} is not a number of bytes.`;
  return context.fault("not-a-schema", named.at, cause, 'Give it a "size": a whole number of bytes.');
}

/** What every named type has, and where its parts are. */
function nameOf(context: Context, json: Json, at: Position) {
  const { name, namespace, doc } = json;
  if (typeof name !== "string") {
    const mend = 'Add its "name".';
    return context.fault("not-a-schema", at, `This ${json.type} has no name.`, mend);
  }
  if (namespace !== undefined && typeof namespace !== "string") {
    const cause = `${show(namespace)} is not a namespace.`;
    return context.fault("not-a-schema", inside(at, "/namespace"), cause, "Write a text, or leave it out.");
  }
  const full = qualify(name, namespace ?? at.namespace);
  const here = {
    ...inside(at, "", at.path ? "" : shortName(full)),
    namespace: full.slice(0, -shortName(full).length - 1),
  };
  const valid = full.split(".").every((part) => NAME.test(part));
  if (!valid || PRIMITIVES.has(shortName(full))) {
    const cause = `${show(full)} is not a name${valid ? ": it is a primitive type's" : ""}.`;
    context.fault("invalid-name", inside(here, "/name"), cause, NAME_MEND);
  }
  const aliases = aliasesOf(context, json, here);
  const names = {
    name: full,
    aliases: aliases.map((alias) => qualify(alias, here.namespace)),
    pointer: at.pointer,
    ...(typeof doc === "string" && { doc }),
  };
  return { names, at: here };
}

function aliasesOf(context: Context, json: Json, at: Position): string[] {
  const { aliases = [] } = json;
  if (Array.isArray(aliases) && aliases.every((alias) => typeof alias === "string")) return aliases;
  context.fault("not-a-schema", inside(at, "/aliases"), "Aliases are not a list of names.", "Make them one.");
  return [];
}

function isName(context: Context, name: unknown, at: Position): name is string {
  if (typeof name === "string" && NAME.test(name)) return true;
  context.fault("invalid-name", at, `${show(name)} is not a name.`, NAME_MEND);
  return false;
}

function expectUnique(context: Context, names: readonly string[], what: string, at: Position): void {
  const seen = new Set<string>();
  const twice = new Set(names.filter((name) => seen.size === seen.add(name).size));
  for (const name of twice) {
    context.fault(
      "duplicate-name",
      at,
      `The ${what} ${name} is there twice.`,
      "Rename or remove one of them.",
    );
  }
}
