// Turns what Zod says about a request into what its sender should fix.

import type { z } from "@hono/zod-openapi";
import { pointerOf } from "../schemas/pointer.ts";
import { type FieldError, Problem } from "./problem.ts";

type Issue = z.core.$ZodIssue;

/** A body can be wrong in as many places as it has bytes; nobody reads past this many. */
export const MAX_ERRORS = 100;

/** The 422 for a bad body, or the 400 for a bad path, query, header or cookie parameter. */
export function invalid(target: string, issues: readonly Issue[]): Problem {
  return target === "json" || target === "form"
    ? new Problem({
        status: 422,
        type: "body-invalid",
        title: "The body is invalid",
        detail: "The request body does not have the expected shape. See errors.",
        errors: fromZod(issues),
      })
    : new Problem({
        status: 400,
        type: "parameters-invalid",
        title: "A parameter is invalid",
        detail: `The request has an invalid ${places[target] ?? target} parameter. See errors.`,
        errors: fromZod(issues, "parameter"),
      });
}

const places: Record<string, string> = { param: "path" };

/**
 * One entry per bad field, at most {@link MAX_ERRORS}; of several complaints about a field, the first.
 * `member` picks how a place is named: a JSON pointer fragment (`#/lines/0/sku`) or a parameter's name.
 */
export function fromZod(issues: readonly Issue[], member: "pointer" | "parameter" = "pointer"): FieldError[] {
  const details = new Map<string, string>();
  for (const issue of issues) {
    for (const path of badPaths(issue)) {
      const place = member === "pointer" ? pointer(path) : path.map(String).join(".");
      if (!details.has(place)) details.set(place, sentence(issue));
    }
  }
  return [...details]
    .slice(0, MAX_ERRORS)
    .map(([place, detail]) =>
      member === "pointer" ? { pointer: place, detail } : { parameter: place, detail },
    );
}

function badPaths(issue: Issue): PropertyKey[][] {
  return issue.code === "unrecognized_keys" ? issue.keys.map((key) => [...issue.path, key]) : [issue.path];
}

// As a URI fragment. Buffer replaces lone surrogates, which JSON allows in a key and encodeURIComponent refuses.
function pointer(path: PropertyKey[]): string {
  const tokens = pointerOf(path).split("/");
  return `#${tokens.map((token) => encodeURIComponent(Buffer.from(token).toString())).join("/")}`;
}

function sentence(issue: Issue): string {
  if (issue.code === "unrecognized_keys") return "Is not a known field.";
  const text = phrases.reduce((text, [zod, ours]) => text.replace(zod, ours), issue.message);
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.!?]$/.test(text) ? "" : "."}`;
}

// Rewrites Zod's stock English; a message written in a schema fits none of these and keeps its words.
const phrases: [RegExp, string][] = [
  [/^Invalid input: expected .+, received undefined$/, "Is required"],
  [/, received (?:NaN|Infinity)$/, ""],
  [/^Invalid input: expected (.+), received (\w+)$/, "Must be of type $1, not $2"],
  [/^Invalid input: expected number$/, "Must be a number"],
  [/^Invalid (?:input|option): expected /, "Must be "],
  [/^Invalid (?:string|number): must /, "Must "],
  [/^Invalid input$/, "Does not match any accepted form"],
  [/^Too (?:small|big): expected \w+ to (have|be) >=/, "Must $1 at least "],
  [/^Too (?:small|big): expected \w+ to (have|be) <=/, "Must $1 at most "],
  [/^Too (?:small|big): expected \w+ to (have|be) >/, "Must $1 more than "],
  [/^Too (?:small|big): expected \w+ to (have|be) </, "Must $1 less than "],
  [/^(Must have .+ 1 (?:character|item))s$/, "$1"],
];
