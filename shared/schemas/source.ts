// One schema file: its bytes, and the schema that is in it or all that keeps it from being one.

import type { Finding } from "./finding.ts";
import { readJson } from "./json.ts";
import type { JsonText } from "./position.ts";
import { parseSchema, type Schema } from "./schema.ts";

/** A schema file, read. */
export interface SchemaSource {
  /** As findings call it. */
  readonly file: string;
  readonly bytes: Buffer;
  readonly text: JsonText;
  /** Undefined when it is not JSON. */
  readonly json: unknown;
  /** Undefined when it is not a valid Avro schema. */
  readonly schema: Schema | undefined;
  /** The schema, also if some of its defaults are wrong. */
  readonly draft: Schema | undefined;
  /** Why it is not. */
  readonly findings: readonly Finding[];
}

/** Reads the schema at `path`, which findings call `file`. Throws `CannotRun` when there is nothing to read. */
export function readSchema(
  path: string,
  file: string,
  of?: { event: string; version: number },
): SchemaSource {
  const { bytes, text, value, fault } = readJson(path, file);
  const event = of && { event: of.event };
  const version = of && { version: of.version };

  if (fault) {
    const { cause, mend, line, column } = fault;
    const at = { file, ...version, pointer: "", line, column };
    const finding: Finding = { rule: "not-json", ...event, path: "(file)", cause, mend, at };
    return { file, bytes, text, json: undefined, schema: undefined, draft: undefined, findings: [finding] };
  }
  const { schema, draft, faults } = parseSchema(value, (pointer) => text.literal(pointer));
  const findings = faults.map(({ rule, path, cause, mend, pointer }): Finding => {
    return { rule, ...event, path, cause, mend, at: { file, ...version, pointer } };
  });
  return { file, bytes, text, json: value, schema, draft, findings };
}
