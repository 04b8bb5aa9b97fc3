// Bounds that avsc lacks: a message may be made to hurt, and nothing may be changed on its way without an error.

import avro from "avsc";
import { MAX_LONG, MIN_LONG } from "./long.ts";
import type { Tap } from "./tap.ts";

// What avsc's types do, as far as it is mended here; not part of its published types.

interface Reading {
  itemsType: Reading;
  valuesType: Reading;
  _read(tap: Tap): unknown;
}

interface Writing {
  _check(value: unknown, flags: unknown, hook?: (value: unknown, type: unknown) => void): boolean;
  _write(tap: unknown, value: unknown): void;
}

interface Resolving {
  _update(resolver: { _read: Reading["_read"] }, writer: avro.Type, options: unknown): void;
}

interface Resolution {
  readonly ignoreNamespaces?: boolean;
  /** Resolvers by the names of the records, reader's and writer's. */
  readonly registry?: Record<string, unknown>;
}

/** Mends avsc's types in place; called once, before the first schema is parsed. */
export function boundAvsc(): void {
  boundLists();
  boundLongs();
  forgetFailedResolvers();
}

function boundLists(): void {
  Object.assign(avro.types.ArrayType.prototype, {
    _read(this: Reading, tap: Tap) {
      let items: unknown[] | undefined;
      let index = 0;
      for (let count = blockLength(tap); count > 0; count = blockLength(tap)) {
        items ??= new Array(count);
        while (count-- > 0) items[index++] = this.itemsType._read(tap);
      }
      return items ?? [];
    },
    _skip: readAndForget,
  });

  Object.assign(avro.types.MapType.prototype, {
    _read(this: Reading, tap: Tap) {
      const map = {};
      for (let count = blockLength(tap); count > 0; count = blockLength(tap)) {
        while (count-- > 0) setOwn(map, tap.readString(), this.valuesType._read(tap));
      }
      return map;
    },
    _skip: readAndForget,
  });
}

/** The number of items in the next block of a list or map; each takes a byte at least. 0 at the end. */
function blockLength(tap: Tap): number {
  let count = tap.readLong();
  if (count < 0) {
    count = -count;
    tap.readLong(); // The block's size in bytes, of use only to who trusts it.
  }
  if (count > tap.buf.length - tap.pos) throw new RangeError("it claims a list longer than itself");
  return count;
}

function setOwn(map: Record<string, unknown>, key: string, value: unknown): void {
  if (key !== "__proto__") map[key] = value;
  else Object.defineProperty(map, key, { value, enumerable: true, configurable: true, writable: true });
}

function readAndForget(this: Reading, tap: Tap): void {
  this._read(tap);
}

/** Beyond the bounds of a long avsc writes what it then reads as another number. */
function boundLongs(): void {
  const { DoubleType, FloatType, LongType } = avro.types;
  const { _check, _write } = LongType.prototype as unknown as Writing;
  const fits = (value: unknown) => typeof value !== "number" || (value >= MIN_LONG && value <= MAX_LONG);
  Object.assign(LongType.prototype, {
    _read(tap: Tap) {
      const isNegative = sign(tap);
      const value = tap.readLong();
      if (value <= MAX_LONG && value < 0 === isNegative) return value;
      throw new RangeError("it has a number beyond what a long can carry");
    },
    _check(this: Writing, value: unknown, flags: unknown, hook?: (value: unknown, type: unknown) => void) {
      if (fits(value)) return _check.call(this, value, flags, hook);
      hook?.(value, this);
      return false;
    },
    _write(this: Writing, tap: unknown, value: unknown) {
      if (!fits(value)) throw new RangeError(`${value} is beyond what a long can carry`);
      _write.call(this, tap, value);
    },
  });

  // A long that is read as a float may be rounded, but not into its opposite.
  for (const { prototype } of [FloatType, DoubleType]) {
    const { _update } = prototype as unknown as Resolving;
    Object.assign(prototype, {
      _update(this: Resolving, resolver: { _read: Reading["_read"] }, writer: avro.Type, options: unknown) {
        if (writer.typeName === "long") resolver._read = readRounded;
        else _update.call(this, resolver, writer, options);
      },
    });
  }
}

function readRounded(tap: Tap): number {
  const isNegative = sign(tap);
  const size = Math.abs(tap.readLong());
  return isNegative ? -size : size;
}

/** Whether the long that comes next is negative: its lowest bit, which is lost where avsc has to round. */
function sign(tap: Tap): boolean {
  return (tap.buf[tap.pos]! & 1) === 1;
}

/**
 * avsc keeps a resolver between two records before it knows whether there can be one, and takes it for good when a union
 * asks again: reading then fails with `typeResolver._read is not a function`.
 */
function forgetFailedResolvers(): void {
  const { createResolver } = avro.Type.prototype;
  avro.Type.prototype.createResolver = function (writer, options: Resolution = {}) {
    const registry = options.registry ?? {};
    const before = new Set(Object.keys(registry));
    try {
      const resolution: Resolution = { ...options, registry };
      return createResolver.call(this, writer, resolution);
    } catch (error) {
      for (const pair of Object.keys(registry)) if (!before.has(pair)) delete registry[pair];
      throw error;
    }
  };
}
