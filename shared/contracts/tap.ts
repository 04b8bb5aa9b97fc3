// avsc's cursor over bytes, which it keeps to itself.

import { createRequire } from "node:module";

/** A place in a datum. Reading beyond the end fails silently: whoever is done must look at `pos`. */
export interface Tap {
  pos: number;
  buf: Buffer;
  readLong(): number;
  readString(): string;
}

export const Tap: new (buf: Buffer, pos: number) => Tap = createRequire(import.meta.url)(
  "avsc/lib/utils",
).Tap;

/** What reads a value at a cursor: a type, or a resolver of what another type wrote. */
export interface Reading {
  _read(tap: Tap, lazy?: boolean): unknown;
}
