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
  // What bytes that it wrote begin with, in pieces that are quick to compare.
  readonly #first: number;
  readonly #second: number;
  readonly #third: number;
  #type: avro.Type | undefined;
  #resolver: Resolver | undefined;

  /** Throws when `schema` is not valid Avro. */
  constructor(schema: AvroSchema) {
    const { schema: parsed, faults } = parseSchema(schema);
    if (!parsed) throw new Error(`not a valid Avro schema: ${faults[0]!.path}: ${faults[0]!.cause}`);
    this.schema = schema;
    this.parsed = parsed;
    this.fingerprint = fingerprint(parsed);
    const header = this.header();
    this.#first = int32(header, 0);
    this.#second = int32(header, 4);
    this.#third = int32(header, 6);
  }

  /** What stands before a datum of this schema. */
  header(): Buffer {
    return Buffer.from(`c301${this.fingerprint}`, "hex");
  }

  /** Whether `bytes` begin with this schema's header. */
  wrote(bytes: Uint8Array): boolean {
    return (
      int32(bytes, 0) === this.#first && int32(bytes, 4) === this.#second && int32(bytes, 6) === this.#third
    );
  }

  /** The schema as avsc has it. */
  get type(): avro.Type {
    this.#type ??= avro.Type.forSchema(this.schema as avro.Schema);
    return this.#type;
  }

  /** How `reader`, the same at every call, reads what this schema wrote. Throws when avsc finds no way. */
  resolverInto(reader: avro.Type): Resolver {
    this.#resolver ??= resolver(reader, this.type);
    return this.#resolver;
  }
}

/** The same as `readInt32LE`, but for bytes that are not there: they count as zero. */
function int32(bytes: Uint8Array, at: number): number {
  return bytes[at]! | (bytes[at + 1]! << 8) | (bytes[at + 2]! << 16) | (bytes[at + 3]! << 24);
}

/**
 * The specification matches types by their names without namespaces. Full names go first: of two branches of a union
 * that have one short name, avsc would take whichever comes first.
 */
function resolver(reader: avro.Type, writer: avro.Type): Resolver {
  try {
    return reader.createResolver(writer);
  } catch {
    return reader.createResolver(writer, { ignoreNamespaces: true });
  }
}
