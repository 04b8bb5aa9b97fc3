// Word of changes, by key: who watches an order hears when something about it was committed.

/** Keeps who listens to which key. */
export class Changes {
  readonly #listeners = new Map<string, Set<() => void>>();

  /** Calls `listener` at each change of the key, until the returned function is called. It must not throw. */
  listen(key: string, listener: () => void): () => void {
    const listeners = this.#listeners.get(key) ?? new Set();
    this.#listeners.set(key, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(key);
    };
  }

  /** Says that something about the key was committed. */
  tell(key: string): void {
    for (const listener of this.#listeners.get(key) ?? []) listener();
  }
}
