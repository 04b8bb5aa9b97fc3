// What happened, line by line: counted, hashed, and kept where somebody watches.

import { createHash } from "node:crypto";

const FLUSH_AT = 1 << 16;

/** How much of what concerns everybody is kept before and after what is watched, in lines. */
const CONTEXT = 4;

/** The story of one run. Equal stories have equal hashes. */
export class Trace {
  /** How often each thing happened that is worth a count. */
  readonly counts: Record<string, number> = {};
  /** The lines about what is watched. */
  readonly watched: string[] = [];
  readonly #hash = createHash("sha256");
  readonly #watch: string | undefined;
  readonly #now: () => number;
  #text = "";
  #between: string[] = [];

  /** Keeps the lines about `watch`, if that is given; `now` is virtual time, in milliseconds. */
  constructor(now: () => number, watch?: string) {
    this.#now = now;
    this.#watch = watch;
  }

  /**
   * Takes down that something happened. `key` is what it is about; without one it concerns everybody. `detail` tells it
   * from others like it; nobody wants to read that.
   */
  tell(what: string, key?: string, detail: string | number = ""): void {
    this.#text += `${this.#now()} ${what} ${detail}\n`;
    if (this.#text.length > FLUSH_AT) this.#flush();
    if (this.#watch !== undefined && (key ?? this.#watch) === this.#watch) this.#keep(what, key);
  }

  /** What concerns everybody is kept where it stands between two lines about what is watched. */
  #keep(what: string, key?: string): void {
    this.#between.push(`${(this.#now() / 1_000).toFixed(3).padStart(10)} s  ${what}`);
    if (key === undefined) return;
    const own = this.#between.pop()!;
    if (this.watched.length > 0) this.watched.push(...shortened(this.#between));
    this.watched.push(own);
    this.#between = [];
  }

  count(what: string, by = 1): void {
    this.counts[what] = (this.counts[what] ?? 0) + by;
  }

  /** The hash of all that was told so far, in hexadecimal. */
  get hash(): string {
    this.#flush();
    return this.#hash.copy().digest("hex");
  }

  #flush(): void {
    this.#hash.update(this.#text);
    this.#text = "";
  }
}

/** The first and the last few of many lines. */
function shortened(lines: readonly string[]): readonly string[] {
  const left = lines.length - 2 * CONTEXT;
  return left <= 1
    ? lines
    : [...lines.slice(0, CONTEXT), `${"".padStart(12)} … ${left} more …`, ...lines.slice(-CONTEXT)];
}
