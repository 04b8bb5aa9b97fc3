// Logical types: which ones there are, and what they may stand on.
// https://avro.apache.org/docs/1.12.0/specification/#logical-types

import type { Logical } from "./schema.ts";

const UNDERLYING: Readonly<Record<string, readonly string[]>> = {
  decimal: ["bytes", "fixed"],
  "big-decimal": ["bytes"],
  uuid: ["string", "fixed"],
  date: ["int"],
  "time-millis": ["int"],
  "time-micros": ["long"],
  "timestamp-millis": ["long"],
  "timestamp-micros": ["long"],
  "timestamp-nanos": ["long"],
  "local-timestamp-millis": ["long"],
  "local-timestamp-micros": ["long"],
  "local-timestamp-nanos": ["long"],
  duration: ["fixed"],
};

/** The logical type of a schema's JSON, as one that counts or as one that Avro ignores. */
export function logicalOf(
  { logicalType: name, precision, scale = 0 }: Record<string, unknown>,
  kind: string,
  size?: number,
): { logical?: Logical; ignored?: string } {
  if (typeof name !== "string") return {};
  const known = Object.hasOwn(UNDERLYING, name) && UNDERLYING[name]!.includes(kind);
  if (!known) return { ignored: name };
  if (kind === "fixed" && name === "uuid" && size !== 16) return { ignored: name };
  if (name === "duration" && size !== 12) return { ignored: name };
  if (name !== "decimal") return { logical: { name } };

  const fits =
    isWhole(precision, 1, size === undefined ? Number.MAX_SAFE_INTEGER : digits(size)) &&
    isWhole(scale, 0, precision as number);
  return fits
    ? { logical: { name, precision: precision as number, scale: scale as number } }
    : { ignored: name };
}

/** The most decimal digits that always fit into so many bytes. */
function digits(bytes: number): number {
  return bytes === 0 ? 0 : Math.floor(Math.log10(2) * (8 * bytes - 1));
}

function isWhole(value: unknown, from: number, to: number): boolean {
  return Number.isInteger(value) && (value as number) >= from && (value as number) <= to;
}
