// The parts of a route's description that every service words the same way.

import { z } from "@hono/zod-openapi";

/** What {@link Problem} looks like on the wire. */
export const problemSchema = z
  .object({
    type: z.string().openapi({ example: "about:blank" }),
    title: z.string(),
    status: z.int().min(400).max(599),
    detail: z.string(),
    errors: z
      .array(
        z.object({ pointer: z.string().optional(), parameter: z.string().optional(), detail: z.string() }),
      )
      .optional()
      .openapi({ example: [{ pointer: "#/lines/0/sku", detail: "Is required." }] }),
  })
  .openapi("Problem");

/** What the flow speaks of, as a path or a query names it: an order by its id, or goods by their SKU. */
export const keySchema = z.string().regex(/^[\w-]{1,64}$/, "must be an order id, or a SKU");

/**
 * A JSON body the route cannot do without. Without `required`, zod-openapi hands the handler an
 * unchecked `{}` when the caller sends nothing.
 */
export function jsonBody<S extends z.ZodType>(schema: S) {
  return { required: true, content: { "application/json": { schema } } } as const;
}

/** A JSON response. */
export function json<S extends z.ZodType>(schema: S, description: string) {
  return { description, content: { "application/json": { schema } } } as const;
}

/** What may be read as a `T`, though nobody may change it. */
type Frozen<T> = T extends readonly (infer One)[]
  ? readonly Frozen<One>[]
  : T extends object
    ? { readonly [K in keyof T]: Frozen<T[K]> }
    : T;

/** `value` as a schema's type, which knows nothing of what is read-only; the compiler compares all else. */
export function plain<Schema extends z.ZodType>(value: Frozen<z.infer<Schema>>): z.infer<Schema> {
  return value as z.infer<Schema>;
}

/** A refusal the route may throw as a {@link Problem}; `description` says when. */
export function refusal(description: string) {
  return { description, content: { "application/problem+json": { schema: problemSchema } } } as const;
}
