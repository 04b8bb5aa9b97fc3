// Says in rows and words which fields a schema has and what each may hold.

import type { Schema } from "./document.ts";

/** `name` is a path such as `lines[].sku`; `type` has the bounds too, such as `string, 1 to 40 characters`. */
export type Field = { name: string; type: string; required: boolean; description: string };

/** Every field in `schema`, each before the fields inside it; none when it is a bare string or number. */
export function fields(schema: Schema, prefix = ""): Field[] {
  const own = Object.entries(schema.properties ?? {}).flatMap(([key, value]) => [
    field(prefix + key, value, schema.required?.includes(key)),
    ...fields(value, `${prefix}${key}.`),
  ]);
  const parts = [schema.allOf, schema.anyOf, schema.oneOf].flatMap((list) => list ?? []);
  const all = [
    ...own,
    ...(schema.items ? fields(schema.items, `${prefix.replace(/\.$/, "")}[].`) : []),
    ...parts.flatMap((part) => fields(part, prefix)),
  ];
  return [...new Map(all.map((row) => [row.name, row])).values()];
}

/** The row of one value. */
export function field(name: string, schema: Schema, required = false): Field {
  const type = [typeName(schema), ...bounds(schema)].join(", ");
  return { name, type, required, description: schema.description ?? "" };
}

function typeName(schema: Schema): string {
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" | ");
  const choices = schema.anyOf ?? schema.oneOf;
  if (choices) return [...new Set(choices.map(typeName))].join(" | ");
  if (schema.items) return `array of ${typeName(schema.items)}`;

  const types = [schema.type ?? (schema.allOf ? "object" : "any")].flat();
  return types.map((type) => (type === "string" && schema.format) || type).join(" | ");
}

function bounds(schema: Schema): string[] {
  return [
    range(schema.minimum, schema.maximum),
    range(schema.minLength, schema.maxLength, "characters"),
    range(schema.minItems, schema.maxItems, "items"),
    schema.exclusiveMinimum !== undefined && `more than ${schema.exclusiveMinimum}`,
    schema.exclusiveMaximum !== undefined && `less than ${schema.exclusiveMaximum}`,
    schema.pattern && !schema.format && `matches ${schema.pattern}`,
    schema.default !== undefined && `default ${JSON.stringify(schema.default)}`,
  ].filter((said) => typeof said === "string");
}

// zod bounds every integer by what a double can hold, which tells the reader nothing.
function range(low = -Infinity, high = Infinity, unit = ""): string | false {
  const isLow = low > Number.MIN_SAFE_INTEGER;
  const isHigh = high < Number.MAX_SAFE_INTEGER;
  if (!isLow && !isHigh) return false;
  const numbers =
    low === high
      ? low
      : isLow && isHigh
        ? `${low} to ${high}`
        : isLow
          ? `at least ${low}`
          : `at most ${high}`;
  return `${numbers} ${unit}`.trim();
}
