// What `check` found, in the form that is asked for.

import type { Report } from "./check.ts";
import { github } from "./report/github.ts";
import { json } from "./report/json.ts";
import { junit } from "./report/junit.ts";
import { text } from "./report/text.ts";

/** How a report may be written: for people, for programs, and for what CI shows. */
export const formats = { text, json, junit, github } as const satisfies Record<
  string,
  (report: Report) => string
>;

export type Format = keyof typeof formats;
