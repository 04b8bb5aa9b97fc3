// A schema that bytes may have been written with: known by the fingerprint in front of them.

import avro from "avsc";
import { fingerprint } from "../schemas/canonical.ts";
import { parseSchema, type Schema } from "../schemas/schema.ts";
import type { Resolver } from "./samples.ts";

/** An Avro schema document: the JSON of one `.avsc` file. */
export type AvroSchema = string | object;

/** The length of what stands before a datum: C3 01, and the 8 bytes of the fingerprint. */
export const HEADER_LENGTH = 10;

/** One writer's schema, and how another version of it reads what it wrote. */
export class Writer {
  readonly schema: AvroSchema;
  readonly parsed: Schema;
  /** CRC-64-AVRO: 16 hexadecimal digits, in the order of the bytes on the wire. */
  readonly fingerprint: string;
  // The halves of the fingerprint: quicker to compare than text.
  readonly #low: number;
  readonly #high: number;
  #type: avro.Type | undefined;
  #resolver: Resolver | undefined;

  /** Throws when `schema` is not valid Avro. */
  constructor(schema: AvroSchema) {
    const { schema: parsed, faults } = parseSchema(schema);
    if (!parsed) throw new Error(`not a valid Avro schema: ${faults[0]!.path}: ${faults[0]!.cause}`);
    this.schema = schema;
    this.parsed = parsed;
    this.fingerprint = fingerprint(parsed);
    const bytes = Buffer.from(this.fingerprint, "hex");
    this.#low = int32(bytes, 0);
    this.#high = int32(bytes, 4);
  }

  /** Whether the fingerprint in `header`, which must be whole, is this schema's. */
  wrote(header: Uint8Array): boolean {
    return int32(header, 2) === this.#low && int32(header, 6) === this.#high;
  }

  /** The schema as avsc has it. */
  get type(): avro.Type {
    this.#type ??= avro.Type.forSchema(this.schema as avro.Schema);
    return this.#type;
  }

  /** How `reader`, the same at every call, reads what this schema wrote. Throws when avsc finds no way. */
  resolverInto(reader: avro.Type): Resolver {
    // The specification matches types by their names without namespaces.
    this.#resolver ??= reader.createResolver(this.type, { ignoreNamespaces: true });
    return this.#resolver;
  }
}

/** The same as `readInt32LE`, without the checks that the caller has made. */
function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}
