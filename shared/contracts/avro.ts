// Avro single-object encoding: C3 01, the writer schema's CRC-64-AVRO fingerprint, then the datum.
// https://avro.apache.org/docs/1.12.0/specification/#single-object-encoding

import avro from "avsc";
import { boundAvsc } from "./bounds.ts";

boundAvsc();

/** A parsed Avro schema document (the content of one `.avsc` file). */
export type AvroSchema = avro.Schema;

/** Turns the data of one event type into bytes and back, whatever released version wrote them. */
export interface Codec<T> {
  /** Encodes with the newest version. Throws, naming the field, when `data` does not fit the schema. */
  encode(data: T): Buffer;
  /** Decodes bytes written with any released version into the newest. Throws {@link UndecodableError}. */
  decode(bytes: Uint8Array): T;
}

/** The bytes are not a whole single-object datum of a schema that we know. */
export class UndecodableError extends Error {
  override name = "UndecodableError";
}

const HEADER_LENGTH = 10;

/** Builds the codec of one event from its schema versions, oldest first. */
export function codec<T>(versions: readonly AvroSchema[]): Codec<T> {
  const writers = versions.map((schema) => avro.Type.forSchema(schema));
  const newest = writers.at(-1);
  if (!newest) throw new Error("a codec needs at least one schema version");

  const header = Buffer.concat([Buffer.of(0xc3, 0x01), fingerprint(newest)]);
  const readers = new Map(
    writers.map((writer) => [
      fingerprint(writer).readBigUInt64LE(),
      writer === newest ? undefined : newest.createResolver(writer),
    ]),
  );

  if (readers.size < versions.length) {
    throw new Error(
      `two versions of ${newest.name} have one fingerprint: a reader could not tell them apart`,
    );
  }

  return {
    encode(data) {
      try {
        return Buffer.concat([header, newest.toBuffer(data)]);
      } catch (cause) {
        throw new TypeError(`${newest.name}.${invalidPath(newest, data)} does not fit its schema`, { cause });
      }
    },

    decode(bytes) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      if (buffer.length < HEADER_LENGTH || buffer[0] !== 0xc3 || buffer[1] !== 0x01) {
        throw new UndecodableError("not Avro single-object encoding: it does not begin with C3 01");
      }
      const writer = buffer.readBigUInt64LE(2);
      if (!readers.has(writer)) {
        const hex = buffer.toString("hex", 2, HEADER_LENGTH);
        throw new UndecodableError(`unknown schema: no version of ${newest.name} has fingerprint ${hex}`);
      }
      try {
        const { value, offset } = newest.decode(buffer, HEADER_LENGTH, readers.get(writer));
        if (offset === buffer.length) return value;
      } catch (cause) {
        throw new UndecodableError(`not a datum of ${newest.name}: ${(cause as Error).message}`, { cause });
      }
      throw new UndecodableError(`not a datum of ${newest.name}: its length is wrong`);
    },
  };
}

/** CRC-64-AVRO of the schema's Parsing Canonical Form, as the 8 little-endian bytes used on the wire. */
export function fingerprint(type: avro.Type): Buffer {
  let crc = EMPTY;
  for (const byte of Buffer.from(JSON.stringify(type.schema()))) {
    crc = (crc >> 8n) ^ CRC_TABLE[Number((crc ^ BigInt(byte)) & 0xffn)]!;
  }
  const bytes = Buffer.alloc(8);
  bytes.writeBigUInt64LE(crc);
  return bytes;
}

const EMPTY = 0xc15d213aa4d7a795n;
const CRC_TABLE = Array.from({ length: 256 }, (_, byte) => {
  let crc = BigInt(byte);
  for (let bit = 0; bit < 8; bit++) crc = (crc >> 1n) ^ (EMPTY & -(crc & 1n));
  return crc;
});

function invalidPath(type: avro.Type, data: unknown): string | undefined {
  let path: string | undefined;
  type.isValid(data, {
    errorHook: (at) => {
      path ??= at.join(".");
    },
  });
  return path;
}
