// What every HTTP command shares: the Idempotency-Key header, and what a command's end means to the caller.

import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { isTraceparent } from "../observability/traceparent.ts";
import type { CommandResult } from "../service/runtime.ts";
import { Problem } from "./problem.ts";

/** The words of a SKU: letters, digits and dashes, so that it can be the last token of a subject. */
export const skuSchema = z
  .string()
  .regex(/^[A-Z0-9][A-Z0-9-]{0,31}$/, "must be 1 to 32 capital letters, digits and dashes")
  .openapi({ example: "TEA-001" });

/** Free text: neither empty nor longer than `max`, and well-formed Unicode, so that it can be told as it was said. */
export function freeText(max: number) {
  return z
    .string()
    .trim()
    .min(1, "must not be empty")
    .max(max)
    .refine((text) => !/\p{Surrogate}/u.test(text), "must be well-formed Unicode");
}

/** What an order is searched by: its id, or a part of it. */
export const partOfId = z.string().regex(/^[\da-f-]{1,36}$/i, "must be an order id, or a part of one");

/** https://datatracker.ietf.org/doc/draft-ietf-httpapi-idempotency-key-header/ */
export const idempotencyHeaders = z.object({
  "idempotency-key": z
    .string()
    .regex(/^[\x21-\x7e]{1,255}$/, "must be 1 to 255 printable ASCII characters without spaces")
    .optional()
    .openapi({
      description: "A repeat with the same key and body gets the same answer and has no second effect.",
    }),
});

/** The idempotency of a call, if its caller asked for it. Requests are the same when path and JSON are. */
export async function idempotency(c: Context) {
  const key = c.req.header("idempotency-key");
  return key === undefined ? undefined : { key, request: `${c.req.path} ${sameText(await c.req.text())}` };
}

/** The same text for the same JSON; an empty body is that of a route that can do without. */
function sameText(body: string): string {
  try {
    return body === "" ? "" : JSON.stringify(JSON.parse(body));
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new Problem({ status: 422, detail: "The request body is nested too deeply." });
  }
}

/** The W3C trace context of a request: its own where requests are traced, or the caller's if it sent a well-formed one. */
export function traceparent(c: Context): string | undefined {
  const own = c.get("traceparent") as string | undefined;
  const sent = c.req.header("traceparent");
  return own ?? (isTraceparent(sent) ? sent : undefined);
}

/** The answer of a command that was carried out; throws a `Problem` when it was not. */
export function answered<Answer>(result: CommandResult<Answer>): Answer {
  switch (result.outcome) {
    case "done":
      return result.answer;
    case "refused":
      throw new Problem({ status: 409, type: "refused", detail: `${result.refused}.` });
    case "mismatch":
      throw new Problem({
        status: 422,
        type: "idempotency-key-reused",
        detail: "This Idempotency-Key was used for another request: take a new one.",
      });
  }
}
