// Any two schemas: can one read what the other writes? By the specification alone, without the rules of this project.

import type { Finding, Place } from "./finding.ts";
import { compareSchemas } from "./resolve.ts";
import type { SchemaSource } from "./source.ts";

/** What the specification says of a reader and a writer. */
export interface Comparison {
  /** INVALID when one of them is not a valid Avro schema. */
  readonly verdict: "COMPATIBLE" | "INCOMPATIBLE" | "INVALID";
  readonly findings: readonly Finding[];
}

/** Compares two schema files. */
export function compareSources(reader: SchemaSource, writer: SchemaSource): Comparison {
  if (!reader.schema || !writer.schema) {
    const findings = [reader, writer].flatMap((source) =>
      source.findings.map((finding) => ({ ...finding, at: located(source, finding.at) })),
    );
    return { verdict: "INVALID", findings };
  }
  const findings = compareSchemas(reader.schema, writer.schema).map((mismatch): Finding => {
    const { rule, path, cause, mend, candidates } = mismatch;
    const reads = located(reader, { file: reader.file, pointer: mismatch.reader });
    const writes = located(writer, { file: writer.file, pointer: mismatch.writer });
    return {
      rule,
      path,
      cause,
      mend: mend.reader,
      at: reads,
      reader: reads,
      writer: writes,
      ...(candidates && { candidates }),
    };
  });
  return { verdict: findings.length === 0 ? "COMPATIBLE" : "INCOMPATIBLE", findings };
}

function located({ text }: SchemaSource, place: Place): Place {
  return place.line === undefined ? { ...place, ...text.position(place.pointer) } : place;
}
