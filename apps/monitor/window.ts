// What the monitor has seen of one consumer lately: a window of looks, and the rates that follow from it.

/** One look at a consumer. Times are milliseconds since 1970. */
export interface Look {
  readonly at: number;
  /** Not delivered yet; and delivered, and not acknowledged. */
  readonly pending: number;
  readonly ackPending: number;
  /** How many of the latter were delivered more than once. */
  readonly redelivered: number;
  /** The open requests for events: with none, nobody listens. */
  readonly waiting: number;
  /** How many deliveries were made, and up to where in the stream. */
  readonly deliveries: number;
  readonly deliveredSeq: number;
  /** Up to here in the stream all is acknowledged. */
  readonly floorSeq: number;
  /** How many events came in for the consumer since the look before. */
  readonly cameIn: number;
  /** How many of those its own work has led to. */
  readonly cameBack: number;
  /** Until when somebody has paused the consumer in NATS, which gives it nothing new meanwhile. */
  readonly pausedUntil?: number | undefined;
}

/** How many looks are kept. */
export const WINDOW = 10;

/** What waits for a service: not delivered, or not acknowledged yet. */
export function lagOf({ pending, ackPending }: Look): number {
  return pending + ackPending;
}

/** The window with one look more; it begins anew where the consumer was made anew. */
export function extend(window: readonly Look[], look: Look): Look[] {
  const last = window.at(-1);
  return last && look.deliveries < last.deliveries ? [look] : [...window, look].slice(-WINDOW);
}

/** Whether something was handled, or begun, between two looks; to try the same again is neither. */
export function progressed(before: Look, after: Look): boolean {
  return (
    after.deliveredSeq !== before.deliveredSeq ||
    after.floorSeq !== before.floorSeq ||
    lagOf(after) < lagOf(before)
  );
}

/** Whether nobody asked for events at both looks, and nothing happened in between. */
export function nobodyListens(window: readonly Look[]): boolean {
  const [before, after] = window.slice(-2);
  return before !== undefined && after !== undefined && isSilent(before, after);
}

function isSilent(before: Look, after: Look): boolean {
  const isIdle = after.deliveries === before.deliveries && !progressed(before, after);
  return before.waiting === 0 && after.waiting === 0 && isIdle;
}

/** The looks since somebody listens: what was before tells nothing of how fast they are. */
export function sinceListening(window: readonly Look[]): readonly Look[] {
  for (let index = window.length - 1; index > 0; index--) {
    if (isSilent(window[index - 1]!, window[index]!))
      return window.slice(Math.min(index + 1, window.length - 1));
  }
  return window;
}

/** How long a track is, in milliseconds, and how many looks it has at least. */
const TRACK_MS = 8_000;
const TRACK = 4;

/**
 * The track with one look more: the looks of the last seconds since somebody listens. What is handled comes in bursts, which
 * would mislead where looks are close together; and what was slow long ago tells nothing of now.
 */
export function follow(track: readonly Look[], window: readonly Look[]): Look[] {
  const look = window.at(-1)!;
  // Whoever starts needs a moment until the first event is handled, which would make it slow for long.
  const isStarting = track.length === 1 && !progressed(track[0]!, look);
  const goesOn = track.length > 0 && !isStarting && sinceListening(window).length > 1;
  const known = track.length === 2 && beganIdle(track[0]!, window) ? track.slice(1) : track;
  const looks = goesOn ? [...known, look] : [look];
  const begin = looks.findIndex(({ at }) => at >= look.at - TRACK_MS);
  return looks.slice(Math.max(0, Math.min(begin, looks.length - TRACK)));
}

/** Whether nothing was handled before this look: the first events came at some time after it. */
function beganIdle(look: Look, window: readonly Look[]): boolean {
  const before = window[window.indexOf(look) - 1];
  return before !== undefined && !progressed(before, look);
}

/** Rates in events a second. */
export interface Rates {
  readonly in: number;
  readonly out: number;
}

/** How fast events came in and were handled over these looks; undefined where there is only one. */
export function ratesOf(looks: readonly Look[]): Rates | undefined {
  const [first] = looks;
  const last = looks.at(-1);
  if (!first || !last || last.at <= first.at) return undefined;
  const seconds = (last.at - first.at) / 1_000;
  const cameIn = looks.slice(1).reduce((sum, look) => sum + look.cameIn, 0);
  const handled = Math.max(0, cameIn + lagOf(first) - lagOf(last));
  return { in: cameIn / seconds, out: handled / seconds };
}
