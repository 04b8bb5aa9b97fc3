// Invents a value that a schema would accept, for the eye of a reader.

import type { Media, Schema } from "./document.ts";

/** The example somebody wrote, or one made from the schema. */
export function sample({ example, schema = {} }: Media): unknown {
  return example ?? fromSchema(schema);
}

function fromSchema(schema: Schema): unknown {
  const given = [schema.example, schema.examples?.[0], schema.const, schema.default, schema.enum?.[0]];
  const written = given.find((value) => value !== undefined);
  if (written !== undefined) return written;

  const choice = schema.anyOf?.[0] ?? schema.oneOf?.[0];
  if (choice) return fromSchema(choice);

  switch ([schema.type ?? "object"].flat()[0]) {
    case "object":
      return fromObject(schema);
    case "array":
      return schema.items ? [fromSchema(schema.items)] : [];
    case "string":
      return strings[schema.format ?? ""] ?? "string";
    case "integer":
    case "number":
      return fromBounds(schema);
    case "boolean":
      return true;
    default:
      return null;
  }
}

function fromObject({ properties = {}, additionalProperties, allOf = [] }: Schema): object {
  const own = Object.entries(properties).map(([key, value]) => [key, fromSchema(value)]);
  const extra = typeof additionalProperties === "object" ? { key: fromSchema(additionalProperties) } : {};
  return Object.assign({}, ...allOf.map(fromSchema), extra, Object.fromEntries(own));
}

function fromBounds({ minimum = 1, exclusiveMinimum, maximum = Infinity }: Schema): number {
  const low = exclusiveMinimum === undefined ? minimum : exclusiveMinimum + 1;
  return Math.min(low < -1_000_000 ? 1 : low, maximum);
}

const strings: Record<string, string> = {
  uuid: "0190f4b2-6c1e-7a3d-9b58-2f4d1c0a7e91",
  "date-time": "2025-01-31T12:00:00Z",
  date: "2025-01-31",
  email: "ada@example.com",
  uri: "https://example.com/",
};
