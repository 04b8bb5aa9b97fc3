// Numbers for things, so that a state of everything is a short row of numbers that is found again quickly.

/** Numbers for things that are the same when their texts are: 0, 1, 2 and so on. */
export class Numbers<T> {
  readonly values: T[] = [];
  readonly #known = new Map<string, number>();

  /** The number of the thing with this text; `value` makes the thing, if it was never seen. */
  of(text: string, value: () => T): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.values.length);
    return this.values.push(value()) - 1;
  }
}

const FIRST_SIZE = 1 << 12;

/** Numbers for rows of 32-bit numbers, all of one width: a hash table with open addressing, and the rows one after another. */
export class Rows {
  readonly width: number;
  size = 0;
  #rows: Int32Array;
  /** The number of a row plus one at the place of its hash, or the next free one; 0 where nothing is. */
  #slots = new Int32Array(2 * FIRST_SIZE);

  constructor(width: number) {
    this.width = width;
    this.#rows = new Int32Array(FIRST_SIZE * width);
  }

  /** The number of the row. A new one has the number that `size` was before. */
  add(row: ArrayLike<number>): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash(row) & mask; ; slot = (slot + 1) & mask) {
      const number = this.#slots[slot]! - 1;
      if (number < 0) {
        this.#slots[slot] = this.size + 1;
        return this.#append(row);
      }
      if (this.#equals(number, row)) return number;
    }
  }

  /** The row of a number; a view that is good until the next `add`. */
  at(number: number): Int32Array {
    return this.#rows.subarray(number * this.width, (number + 1) * this.width);
  }

  #equals(number: number, row: ArrayLike<number>): boolean {
    const at = number * this.width;
    for (let index = 0; index < this.width; index++) if (this.#rows[at + index] !== row[index]) return false;
    return true;
  }

  #append(row: ArrayLike<number>): number {
    this.#rows.set(row, this.size * this.width);
    this.size++;
    if (2 * this.size === this.#slots.length) this.#grow();
    return this.size - 1;
  }

  #grow(): void {
    const rows = new Int32Array(2 * this.#rows.length);
    rows.set(this.#rows);
    this.#rows = rows;
    this.#slots = new Int32Array(2 * this.#slots.length);
    const mask = this.#slots.length - 1;
    for (let number = 0; number < this.size; number++) {
      let slot = hash(this.at(number)) & mask;
      while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
      this.#slots[slot] = number + 1;
    }
  }
}

/** FNV-1a over whole numbers, with the final mix of MurmurHash3. */
function hash(row: ArrayLike<number>): number {
  let h = 0x811c9dc5;
  for (let index = 0; index < row.length; index++) h = Math.imul(h ^ row[index]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
