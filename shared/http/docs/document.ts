// The part of an OpenAPI 3.1 document the reference page reads, and its references made plain.

export type Schema = {
  description?: string;
  type?: string | string[];
  format?: string;
  pattern?: string;
  enum?: unknown[];
  const?: unknown;
  default?: unknown;
  example?: unknown;
  examples?: unknown[];
  minimum?: number;
  maximum?: number;
  exclusiveMinimum?: number;
  exclusiveMaximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
  items?: Schema;
  properties?: Record<string, Schema>;
  required?: string[];
  additionalProperties?: Schema | boolean;
  allOf?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
};

export type Media = { schema?: Schema; example?: unknown };
export type Body = { description?: string; content?: Record<string, Media> };
export type Parameter = {
  name: string;
  in: string;
  required?: boolean;
  description?: string;
  schema?: Schema;
};
export type Operation = {
  operationId?: string;
  summary?: string;
  description?: string;
  deprecated?: boolean;
  parameters?: Parameter[];
  requestBody?: Body;
  responses?: Record<string, Body>;
};
export type Document = {
  info: { title: string; version: string };
  paths?: Record<string, Record<string, Operation>>;
  components?: { schemas?: Record<string, Schema> };
};

/**
 * A copy of `document` in which what a `$ref` names stands in its place. A schema inside itself ends there
 * as an object without fields.
 */
export function withoutRefs(document: object): Document {
  return inline(document, document, []) as Document;
}

function inline(node: unknown, root: unknown, open: string[]): unknown {
  if (Array.isArray(node)) return node.map((item) => inline(item, root, open));
  if (typeof node !== "object" || node === null) return node;

  const { $ref, ...rest } = node as Record<string, unknown>;
  const own = Object.fromEntries(
    Object.entries(rest).map(([key, value]) => [key, inline(value, root, open)]),
  );
  if (typeof $ref !== "string") return own;
  if (open.includes($ref)) return { type: "object", ...own };
  return { ...(inline(find($ref, root), root, [...open, $ref]) as object), ...own };
}

// `#/components/schemas/Order` read as a path from the root.
function find(ref: string, root: unknown): unknown {
  const keys = ref.split("/").slice(1);
  return keys.reduce((at, key) => (at as Record<string, unknown> | undefined)?.[key], root) ?? {};
}
