// Counts by words: plain numbers, so that counting costs next to nothing.

/** How often something happened, by the words that say what; of each kind of word there must be few. */
export class Tally<Words extends readonly string[]> {
  readonly #counts = new Map<string, number>();

  add(...words: Words): void {
    const key = words.join("\n");
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
  }

  /** All words that were counted, with how often. */
  *[Symbol.iterator](): IterableIterator<[string[], number]> {
    for (const [key, count] of this.#counts) yield [key.split("\n"), count];
  }
}
