// Time and chance, as the parts of a service take them: a simulation may stand in for both.

/** Something that was to be called later. */
export interface Timer {
  /** Sees to it that the call is not made; harmless after it was. */
  cancel(): void;
}

/** Time and chance. */
export interface Clock {
  /** Milliseconds since 1970. */
  now(): number;
  /** Calls back after some milliseconds. */
  after(milliseconds: number, call: () => void): Timer;
  /** Calls back in the next turn of the event loop. */
  soon(call: () => void): Timer;
  /** A number from 0 up to, but not including, 1. */
  random(): number;
}

/** The machine's own. The globals are looked up at each call: tests put theirs in their place. */
export const realClock: Clock = {
  now: () => Date.now(),
  after(milliseconds, call) {
    const timer = setTimeout(call, milliseconds);
    return { cancel: () => clearTimeout(timer) };
  },
  soon(call) {
    const immediate = setImmediate(call);
    return { cancel: () => clearImmediate(immediate) };
  },
  random: () => Math.random(),
};
