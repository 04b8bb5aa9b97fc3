// Avro single-object encoding: C3 01, the writer schema's CRC-64-AVRO fingerprint, then the datum.
// https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding

import type avro from "avsc";
import { hasDefaults } from "../schemas/has-defaults.ts";
import { compareSchemas } from "../schemas/resolve.ts";
import type { Schema } from "../schemas/schema.ts";
import { boundAvsc } from "./bounds.ts";
import type { Facts } from "./events.generated.ts";
import { exercise, type Resolver } from "./samples.ts";
import { type Reading, Tap } from "./tap.ts";
import { type AvroSchema, HEADER_LENGTH, Writer } from "./writer.ts";

export type { AvroSchema } from "./writer.ts";

boundAvsc();

/** A version of an event's schema that this build was made with. */
export interface KnownVersion {
  /** From 1 on. */
  readonly version: number;
  /** CRC-64-AVRO: 16 hexadecimal digits, in the order of the bytes on the wire. */
  readonly fingerprint: string;
  readonly schema: AvroSchema;
  readonly parsed: Schema;
}

/** The bytes are not a whole single-object datum of a schema that we know. */
export class UndecodableError extends Error {
  override name = "UndecodableError";
}

/** The bytes were written with a schema that we don't know. */
export class UnknownSchemaError extends UndecodableError {
  override name = "UnknownSchemaError";
  readonly type: keyof Facts;
  /** 16 hexadecimal digits, in the order of the bytes on the wire. */
  readonly fingerprint: string;

  constructor(message: string, of: { type: keyof Facts; fingerprint: string }) {
    super(message);
    this.type = of.type;
    this.fingerprint = of.fingerprint;
  }
}

/** The most schemas that the codec of one event knows. */
const MAX_WRITERS = 1_000;

/** Turns the data of one event type into bytes and back, whatever version wrote them. */
export class Codec<Data, NewData = Data> {
  /** What it was built from, oldest first. */
  readonly versions: readonly KnownVersion[];
  readonly #type: keyof Facts;
  readonly #newest: Writer;
  readonly #reader: avro.Type;
  readonly #name: string;
  readonly #header: Buffer;
  readonly #mayBeIncomplete: boolean;
  readonly #others: Writer[];

  /** Builds the codec of one event from its schema versions, oldest first. */
  constructor(type: keyof Facts, schemas: readonly AvroSchema[]) {
    const writers = schemas.map((schema) => new Writer(schema));
    const newest = writers.at(-1);
    if (!newest) throw new Error("a codec needs at least one schema version");
    if (new Set(writers.map(({ fingerprint }) => fingerprint)).size < writers.length) {
      throw new Error(`two versions of ${type} have one fingerprint: a reader could not tell them apart`);
    }
    this.versions = writers.map(({ fingerprint, schema, parsed }, index) => {
      return { version: index + 1, fingerprint, schema, parsed };
    });
    this.#type = type;
    this.#newest = newest;
    this.#reader = newest.type;
    this.#name = newest.type.name ?? type;
    this.#header = newest.header();
    this.#mayBeIncomplete = hasDefaults(newest.parsed);
    this.#others = writers.slice(0, -1).reverse();
  }

  /** The data with its defaults, as readers will get it. Throws, naming the field, when it does not fit its schema. */
  complete(data: NewData): Data {
    if (!this.#mayBeIncomplete) return data as unknown as Data;
    return this.#orNameField(data, () => this.#reader.clone(data));
  }

  /** Encodes with the newest version. Throws, naming the field, when `data` does not fit the schema. */
  encode(data: NewData): Buffer {
    return this.#orNameField(data, () => Buffer.concat([this.#header, this.#reader.toBuffer(data)]));
  }

  /** Decodes bytes written with any known version into the newest. Throws {@link UndecodableError}. */
  decode(bytes: Uint8Array): Data {
    const buffer = asBuffer(bytes);
    const source = this.#newest.wrote(buffer) ? this.#reader : this.#resolverFor(buffer);
    tap.buf = buffer;
    tap.pos = HEADER_LENGTH;
    try {
      const value = (source as unknown as Reading)._read(tap, false);
      if (tap.pos === buffer.length) return value as Data;
    } catch (cause) {
      throw new UndecodableError(`not a datum of ${this.#name}: ${(cause as Error).message}`, { cause });
    }
    throw new UndecodableError(`not a datum of ${this.#name}: its length is wrong`);
  }

  /**
   * Adds a schema that others write with, unless it is known. Throws, and learns nothing, when the newest version can't
   * read all of its data, or 1,000 schemas are known.
   */
  learn(schema: AvroSchema): void {
    const writer = new Writer(schema);
    const known = [this.#newest, ...this.#others];
    if (known.some(({ fingerprint }) => fingerprint === writer.fingerprint)) return;
    if (known.length >= MAX_WRITERS) {
      throw new Error(`${MAX_WRITERS} schemas of ${this.#type} are known, and no more are kept`);
    }
    const mismatches = compareSchemas(this.#newest.parsed, writer.parsed);
    if (mismatches.length > 0) {
      const causes = mismatches.map(({ rule, path, cause }) => `${rule} at ${path}: ${cause}`);
      throw new Error(`${this.#self} can't read it: ${causes.join(" ")}`);
    }
    this.#exercise(writer);
    this.#others.push(writer);
  }

  /**
   * Reads samples of every known schema that the newest version should be able to read: a break may be approved. Throws
   * when it can't all the same.
   */
  exercise(): void {
    for (const writer of [this.#newest, ...this.#others]) {
      if (compareSchemas(this.#newest.parsed, writer.parsed).length === 0) this.#exercise(writer);
    }
  }

  #exercise(writer: Writer): void {
    try {
      const resolver = writer === this.#newest ? undefined : writer.resolverInto(this.#reader);
      exercise(this.#reader, writer.type, resolver);
    } catch (cause) {
      throw new Error(this.#cannotRead(writer, cause), { cause });
    }
  }

  #resolverFor(buffer: Buffer): Resolver {
    if (buffer.length < HEADER_LENGTH || buffer[0] !== 0xc3 || buffer[1] !== 0x01) {
      throw new UndecodableError("not Avro single-object encoding: it does not begin with C3 01");
    }
    for (const writer of this.#others) if (writer.wrote(buffer)) return this.#resolver(writer);
    const fingerprint = buffer.toString("hex", 2, HEADER_LENGTH);
    throw new UnknownSchemaError(
      `unknown schema: no version of ${this.#name} has fingerprint ${fingerprint}`,
      { type: this.#type, fingerprint },
    );
  }

  #resolver(writer: Writer): Resolver {
    try {
      return writer.resolverInto(this.#reader);
    } catch (cause) {
      throw new UndecodableError(this.#cannotRead(writer, cause), { cause });
    }
  }

  /** The version that data is read into. */
  get #self(): string {
    return `v${this.versions.length} of ${this.#type}`;
  }

  #cannotRead({ fingerprint }: Writer, cause: unknown): string {
    const known = this.versions.find((each) => each.fingerprint === fingerprint);
    const other = known ? `v${known.version}` : `the schema ${fingerprint}`;
    return `${this.#self} can't read ${other}: ${(cause as Error).message}`;
  }

  #orNameField<Result>(data: NewData, work: () => Result): Result {
    try {
      return work();
    } catch (cause) {
      const field = `${this.#name}.${invalidPath(this.#reader, data)}`;
      throw new TypeError(`${field} does not fit its schema`, { cause });
    }
  }
}

/** avsc's cursor over bytes: one for all, which spares each message one. Decoding is never begun before it has ended. */
const tap = new Tap(Buffer.alloc(0), 0);

/** What avsc reads from. Looking for a method is quicker than `in` and `instanceof`. */
function asBuffer(bytes: Uint8Array | Buffer): Buffer {
  if ((bytes as Partial<Buffer>).readInt32LE !== undefined) return bytes as Buffer;
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function invalidPath(type: avro.Type, data: unknown): string | undefined {
  let path: string | undefined;
  type.isValid(data, {
    errorHook: (at) => {
      path ??= at.join(".");
    },
  });
  return path;
}
