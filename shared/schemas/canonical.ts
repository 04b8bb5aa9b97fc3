// The Parsing Canonical Form of a schema, and its CRC-64-AVRO fingerprint.
// https://avro.apache.org/docs/1.12.0/specification/#parsing-canonical-form-for-schemas

import type { Schema } from "./schema.ts";

/** What of a schema matters to who reads its bytes, as text: equal for schemas that differ in nothing else. */
export function canonicalForm(schema: Schema): string {
  return write(schema, new Set());
}

/** CRC-64-AVRO of the canonical form: 16 hexadecimal digits, in the order of the bytes on the wire. */
export function fingerprint(schema: Schema): string {
  const known = fingerprints.get(schema) ?? crc64(Buffer.from(canonicalForm(schema)));
  fingerprints.set(schema, known);
  return known;
}

const fingerprints = new WeakMap<Schema, string>();

function write(schema: Schema, defined: Set<Schema>): string {
  switch (schema.kind) {
    case "array":
      return `{"type":"array","items":${write(schema.items, defined)}}`;
    case "map":
      return `{"type":"map","values":${write(schema.values, defined)}}`;
    case "union":
      return `[${schema.branches.map((branch) => write(branch, defined)).join(",")}]`;
    case "record":
    case "enum":
    case "fixed":
      break;
    default:
      return `"${schema.kind}"`;
  }
  if (defined.has(schema)) return `"${schema.name}"`;
  defined.add(schema);
  const head = `{"name":"${schema.name}","type":"${schema.kind}"`;
  switch (schema.kind) {
    case "record": {
      const fields = schema.fields.map(
        ({ name, type }) => `{"name":"${name}","type":${write(type, defined)}}`,
      );
      return `${head},"fields":[${fields.join(",")}]}`;
    }
    case "enum":
      return `${head},"symbols":[${schema.symbols.map((symbol) => `"${symbol}"`).join(",")}]}`;
    case "fixed":
      return `${head},"size":${schema.size}}`;
  }
}

// The CRC is kept in two halves of 32 bits: JavaScript's 64-bit integers are many times slower.
const EMPTY_LOW = 0xa4d7a795;
const EMPTY_HIGH = 0xc15d213a;
const TABLE_LOW = new Uint32Array(256);
const TABLE_HIGH = new Uint32Array(256);
for (let byte = 0; byte < 256; byte++) {
  let low = byte;
  let high = 0;
  for (let bit = 0; bit < 8; bit++) {
    const odd = -(low & 1);
    low = ((low >>> 1) | (high << 31)) ^ (EMPTY_LOW & odd);
    high = (high >>> 1) ^ (EMPTY_HIGH & odd);
  }
  TABLE_LOW[byte] = low;
  TABLE_HIGH[byte] = high;
}

function crc64(bytes: Uint8Array): string {
  let low = EMPTY_LOW;
  let high = EMPTY_HIGH;
  for (const byte of bytes) {
    const index = (low ^ byte) & 0xff;
    low = ((low >>> 8) | (high << 24)) ^ TABLE_LOW[index]!;
    high = (high >>> 8) ^ TABLE_HIGH[index]!;
  }
  const wire = Buffer.alloc(8);
  wire.writeUInt32LE(low >>> 0, 0);
  wire.writeUInt32LE(high >>> 0, 4);
  return wire.toString("hex");
}
