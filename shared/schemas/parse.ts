// From a schema's JSON to the model. Goes on after a fault, so that all of them are found at once.

import { defaultFault } from "./default-value.ts";
import { logicalOf } from "./logical.ts";
import { Context, inside, isObject, type Json, MAX_DEPTH, type Position } from "./parse-context.ts";
import { parseEnum, parseFixed, parseRecord } from "./parse-named.ts";
import { type Parsed, PRIMITIVES, type Primitive, type Schema, show } from "./schema.ts";

/**
 * Parses the JSON of one self-contained schema, and names all that is wrong with it. `literal` gives the text of a
 * number at a JSON pointer, for defaults beyond what JavaScript counts exactly; without it, the nearest value counts.
 */
export function parseSchema(
  json: unknown,
  literal: (pointer: string) => string | undefined = () => undefined,
): Parsed {
  const context = new Context();
  const schema = parse(context, json, { pointer: "", path: "", namespace: "" });
  checkDefaults(context, literal);
  const { faults } = context;
  const isComplete = faults.every(({ rule }) => rule === "invalid-default");
  return { schema: faults.length === 0 ? schema : undefined, draft: isComplete ? schema : undefined, faults };
}

/** The schema at a position; undefined when it can't be told what it is. */
export function parse(context: Context, json: unknown, at: Position): Schema | undefined {
  if (typeof json === "string") return reference(context, json, at);
  if (context.depth >= MAX_DEPTH) {
    return context.fault("not-a-schema", at, `It nests deeper than ${MAX_DEPTH} types.`, "Make it flatter.");
  }
  context.depth++;
  try {
    if (Array.isArray(json)) return union(context, json, at);
    if (isObject(json)) return object(context, json, at);
  } finally {
    context.depth--;
  }
  const mend = 'Write the name of a type, a list of types, or an object with a "type".';
  return context.fault("not-a-schema", at, `${show(json)} is not a schema.`, mend);
}

/** Defaults are checked last: a record's own fields may have it as their type. */
function checkDefaults(
  { defaults, faults }: Context,
  literal: (pointer: string) => string | undefined,
): void {
  for (const { field, path } of defaults) {
    const fault = defaultFault(field.type, field.default!.value, `${field.pointer}/default`, literal);
    if (fault) faults.push({ rule: "invalid-default", pointer: fault.pointer, path, ...fault.text });
  }
}

function reference(context: Context, name: string, at: Position): Schema | undefined {
  if (PRIMITIVES.has(name)) return { kind: name as Primitive, pointer: at.pointer, text: name };
  const found = context.find(name, at);
  if (found) return found;
  const known = context.similar(name);
  const mend = `Define ${name} where it is first used, or correct its name${known ? `; there is ${known}, in another namespace` : ""}.`;
  return context.fault("unknown-type", at, `No type ${show(name)} is defined before it is used here.`, mend);
}

function union(context: Context, json: readonly unknown[], at: Position): Schema {
  const branches = json.flatMap((item, index) => parse(context, item, inside(at, `/${index}`)) ?? []);
  const seen = new Set<string>();
  for (const branch of branches) {
    const is = "name" in branch ? branch.name : branch.kind;
    const mend = "Leave one of them, or flatten the inner union into the outer one.";
    if (branch.kind === "union") context.fault("invalid-union", at, "A union holds a union.", mend);
    else if (seen.has(is)) context.fault("invalid-union", at, `The union holds ${is} twice.`, mend);
    seen.add(is);
  }
  const texts = branches.map(({ text }) => text);
  const text = texts.every((each) => each !== undefined) ? `[${texts.join()}]` : undefined;
  return { kind: "union", pointer: at.pointer, text, branches };
}

function object(context: Context, json: Json, at: Position): Schema | undefined {
  switch (json.type) {
    case "record":
    case "error":
      return parseRecord(context, json, at);
    case "enum":
      return parseEnum(context, json, at);
    case "fixed":
      return parseFixed(context, json, at);
    case "array": {
      const items = required(context, json, "items", at);
      return items && { kind: "array", pointer: at.pointer, text: items.text && `${items.text}[]`, items };
    }
    case "map": {
      const values = required(context, json, "values", at);
      return values && { kind: "map", pointer: at.pointer, text: values.text && `${values.text}{}`, values };
    }
  }
  if (typeof json.type !== "string") {
    const mend = 'Give it a "type": the name of a type.';
    return context.fault("not-a-schema", at, `${show(json.type)} is not the name of a type.`, mend);
  }
  if (!PRIMITIVES.has(json.type)) return reference(context, json.type, inside(at, "/type"));
  const kind = json.type as Primitive;
  const logical = logicalOf(json, kind);
  // Nothing is added where there is nothing to say: `{}` would make it a map.
  const text = Object.keys(logical).length === 0 ? kind : kind + JSON.stringify(logical);
  return { kind, pointer: at.pointer, text, ...logical };
}

function required(
  context: Context,
  json: Json,
  attribute: "items" | "values",
  at: Position,
): Schema | undefined {
  if (attribute in json) {
    return parse(context, json[attribute], inside(at, `/${attribute}`, attribute === "items" ? "[]" : "{}"));
  }
  const mend = `Add "${attribute}": the type of what is in it.`;
  return context.fault("not-a-schema", at, `This ${json.type} does not say what it holds.`, mend);
}
