// Bounds that avsc lacks: a message may be made to hurt, and no few bytes may keep a reader busy or be misread.

import avro from "avsc";
import { MAX_LONG, MIN_LONG } from "./long.ts";

/** avsc's cursor over the bytes. */
interface Tap {
  pos: number;
  readonly buf: Buffer;
  readLong(): number;
  readString(): string;
}

/** What avsc's types do with a cursor; not part of its published types. */
interface Reading {
  itemsType: Reading;
  valuesType: Reading;
  _read(tap: Tap): unknown;
  _skip(tap: Tap): void;
}

interface Writing {
  _check(value: unknown, flags: unknown, hook?: (value: unknown, type: unknown) => void): boolean;
  _write(tap: unknown, value: unknown): void;
}

/** Mends avsc's types in place; called once, before the first schema is parsed. */
export function boundAvsc(): void {
  const { ArrayType, BytesType, LongType, MapType, StringType } = avro.types;

  // A length may be negative, and lead the cursor back to where it was, for ever.
  for (const type of [StringType, BytesType]) {
    const { _read, _skip } = type.prototype as unknown as Reading;
    Object.assign(type.prototype, { _read: goingForward(_read), _skip: goingForward(_skip) });
  }

  Object.assign(ArrayType.prototype, {
    _read(this: Reading, tap: Tap) {
      const items: unknown[] = [];
      for (let count = blockLength(tap); count > 0; count = blockLength(tap)) {
        while (count-- > 0) items.push(this.itemsType._read(tap));
      }
      return items;
    },
    _skip: readAndForget,
  });

  Object.assign(MapType.prototype, {
    _read(this: Reading, tap: Tap) {
      const entries: [string, unknown][] = [];
      for (let count = blockLength(tap); count > 0; count = blockLength(tap)) {
        while (count-- > 0)
          entries.push([goingForward(tap.readString).call(tap, tap), this.valuesType._read(tap)]);
      }
      return Object.fromEntries(entries);
    },
    _skip: readAndForget,
  });

  // Beyond these avsc writes what it then reads as another number.
  const { _check, _write } = LongType.prototype as unknown as Writing;
  const fits = (value: unknown) => typeof value !== "number" || (value >= MIN_LONG && value <= MAX_LONG);
  Object.assign(LongType.prototype, {
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

function goingForward<This, Result>(read: (this: This, tap: Tap) => Result) {
  return function (this: This, tap: Tap): Result {
    const from = tap.pos;
    const result = read.call(this, tap);
    if (tap.pos <= from) throw new RangeError("it claims a text shorter than nothing");
    return result;
  };
}

function readAndForget(this: Reading, tap: Tap): void {
  this._read(tap);
}
