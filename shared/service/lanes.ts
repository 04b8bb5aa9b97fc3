// Lanes: calls to the outside world, one at a time for each key, side by side for different keys, up to a limit.

/** A call was not made, since the service is stopping. */
export class AbandonedError extends Error {
  override name = "AbandonedError";
}

type Turn = { resolve(): void; reject(error: Error): void };

/** Keeps what waits behind a call that is under way. `Waiting` is what waits. */
export class Lanes<Waiting> {
  readonly #limit: number;
  readonly #lanes = new Map<string, Waiting[]>();
  readonly #turns: Turn[] = [];
  #calls = 0;

  /** `limit` is the most calls under way at once. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** How many keys have a call under way, or waiting for its turn. */
  get size(): number {
    return this.#lanes.size;
  }

  isBusy(key: string): boolean {
    return this.#lanes.has(key);
  }

  /** Takes the key's lane: until it is left, whatever has the same key has to wait. */
  enter(key: string): void {
    this.#lanes.set(key, []);
  }

  /** Waits for the key's lane to be left. */
  wait(key: string, waiting: Waiting): void {
    this.#lanes.get(key)!.push(waiting);
  }

  /** Frees the key's lane and returns what waited for it, in order. */
  leave(key: string): Waiting[] {
    const waiting = this.#lanes.get(key) ?? [];
    this.#lanes.delete(key);
    return waiting;
  }

  /** Empties every lane's queue and returns it all; calls that wait for their turn reject. */
  abandonWaiting(): Waiting[] {
    for (const turn of this.#turns.splice(0)) turn.reject(new AbandonedError("the service is stopping"));
    return [...this.#lanes.values()].flatMap((waiting) => waiting.splice(0));
  }

  /** Makes the call when there is a free place for it. */
  async call<Outcome>(call: () => Promise<Outcome>): Promise<Outcome> {
    if (this.#calls < this.#limit) this.#calls++;
    else await new Promise<void>((resolve, reject) => this.#turns.push({ resolve, reject }));
    try {
      return await call();
    } finally {
      const next = this.#turns.shift();
      if (next)
        next.resolve(); // The place changes hands without ever being free.
      else this.#calls--;
    }
  }
}
