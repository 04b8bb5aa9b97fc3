// A version as the bucket SCHEMAS keeps it, under its event and fingerprint; and the check that it is what its key says.

import type { AvroSchema } from "../contracts/avro.ts";
import { fingerprint } from "./canonical.ts";
import { parseSchema, type Schema } from "./schema.ts";

/** One version of an event. */
export interface SchemaEntry {
  readonly event: string;
  readonly version: number;
  /** As on the wire: 16 hexadecimal digits. */
  readonly fingerprint: string;
  /** The content of its `.avsc` file. */
  readonly json: AvroSchema;
  readonly schema: Schema;
}

/** The text that is kept. */
export function entryText({ event, version, json }: Pick<SchemaEntry, "event" | "version" | "json">): string {
  return JSON.stringify({ event, version, schema: json });
}

/** The version in a text that is kept under `event` and `print`. Throws, saying why, when it is not that version. */
export function readEntry(event: string, print: string, text: string): SchemaEntry {
  const kept = contentOf(text);
  if (kept.event !== event) throw new Error(`it is of the event ${JSON.stringify(kept.event)}`);
  const version = kept.version as number;
  if (!Number.isSafeInteger(version) || version < 1) {
    throw new Error(`its version is ${JSON.stringify(version)}`);
  }

  const { schema, faults } = parseSchema(kept.schema);
  if (!schema) throw new Error(`it is not a valid schema: ${faults[0]!.path}: ${faults[0]!.cause}`);
  const actual = fingerprint(schema);
  if (actual !== print) throw new Error(`its fingerprint is ${actual}`);
  return { event, version, fingerprint: print, json: kept.schema as AvroSchema, schema };
}

function contentOf(text: string): Record<string, unknown> {
  let content: unknown;
  try {
    content = JSON.parse(text);
  } catch (cause) {
    throw new Error("it is not JSON", { cause });
  }
  if (typeof content !== "object" || content === null) throw new Error("it is not a JSON object");
  return content as Record<string, unknown>;
}
