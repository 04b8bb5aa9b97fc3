// compatibility.json: the mode of one event, and the breaks that its owners want.

import { z } from "zod";
import { DEFAULT_SETTINGS, modes, type Settings } from "./event.ts";
import type { Finding } from "./finding.ts";
import { readJson } from "./json.ts";
import { pointerOf } from "./pointer.ts";
import type { JsonText } from "./position.ts";
import { type RuleName, rules } from "./rules.ts";

/** An event approves no more breaks than this. */
const MAX_APPROVALS = 100;

/** A file that is no schema, or a released one that changed, is nothing to approve. */
const approvable = (Object.keys(rules) as RuleName[]).filter((name) =>
  ["compatibility", "house"].includes(rules[name].kind),
);

const approval = z.strictObject({
  rule: z.enum(approvable, `must be one of ${approvable.join(", ")}`),
  version: z.int("must be the number of a version").positive("must be the number of a version"),
  path: z.string("must be a path as findings have it").min(1, "must not be empty").optional(),
  reason: z.string("must be a text that says why").trim().min(1, "must say why"),
});

const file = z.strictObject(
  {
    mode: z.enum(modes, `must be one of ${modes.join(", ")}`).default(DEFAULT_SETTINGS.mode),
    approved: z
      .array(approval, "must be a list of approvals")
      .max(MAX_APPROVALS, `must have no more than ${MAX_APPROVALS} entries`)
      .default([]),
  },
  { error: ({ code }) => (code === "unrecognized_keys" ? undefined : "must be an object") },
);

/** What a compatibility.json asks for; the defaults, and findings, when it can't be used. */
export function readSettings(
  path: string,
  shown: string,
  event: string,
): { settings: Settings; text: JsonText; findings: Finding[] } {
  const { text, value, fault } = readJson(path, shown);
  const settings = { ...DEFAULT_SETTINGS, file: shown };
  const finding = (cause: string, mend: string, at: Omit<Finding["at"], "file">): Finding => {
    return { rule: "invalid-settings", event, path: "(file)", cause, mend, at: { file: shown, ...at } };
  };
  if (fault) {
    const { cause, mend, line, column } = fault;
    return { settings, text, findings: [finding(cause, mend, { pointer: "", line, column })] };
  }
  const parsed = file.safeParse(value);
  if (parsed.success) return { settings: { ...parsed.data, file: shown }, text, findings: [] };
  const findings = parsed.error.issues.flatMap((issue) =>
    complaints(issue).map(({ path, cause }) =>
      finding(cause, "Correct it; `approved` and `mode` may both be left out.", { pointer: pointerOf(path) }),
    ),
  );
  return { settings, text, findings };
}

/** One for each bad place. */
function complaints(issue: z.core.$ZodIssue): { path: PropertyKey[]; cause: string }[] {
  if (issue.code !== "unrecognized_keys") {
    return [{ path: issue.path, cause: `${called(issue.path)} ${issue.message}.` }];
  }
  return issue.keys.map((key) => {
    const path = [...issue.path, key];
    const known = issue.path.length === 0 ? ["mode", "approved"] : Object.keys(approval.shape);
    return { path, cause: `${called(path)} is not known here; known are ${known.join(", ")}.` };
  });
}

/** `approved[0].rule`. */
function called(path: readonly PropertyKey[]): string {
  if (path.length === 0) return "The file";
  return path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .slice(1);
}
