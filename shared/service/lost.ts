// Finds out how much of an outbox the stream still has: a broker whose store was put back to an older copy, or made anew,
// has lost the end of what it had acknowledged.

import type { OutboxRow } from "./engine.ts";

/** The rows of an outbox, by number and by event. */
export interface OutboxRows {
  /** The row of this number, or the newest one before it. */
  outboxUpTo(row: number): OutboxRow | undefined;
  /** The number of an event's row; 0 when it has none. */
  rowOf(eventId: string): number;
}

/** How a service looks into the stream. */
export interface Lookout {
  /** The id of the newest event under the subject of a row, if there is one. */
  newestLike(row: OutboxRow): Promise<string | undefined>;
  /** Told how many rows, at most, are lost and will be said again. */
  onLost(rows: number): void;
  /** How old a fact may be, in milliseconds, that is said again. */
  readonly saysAgainMs: number;
}

/** The most rows that are on their way at once, other than as a batch: of these any may be stored, and others refused. */
export const SENT_TOGETHER = 8;

/** The share of the stream's time in which a fact is said again: what is missing later has had its time, or nearly so. */
const MISSED_FOR = 0.9;

/**
 * How old a fact may be that is said again, in milliseconds: the stream keeps it for `streamMs` once more, and all that time inboxes,
 * which forget after `inboxMs`, have to know it.
 */
export function saysAgainFor(streamMs: number, inboxMs: number): number {
  return Math.min(MISSED_FOR * streamMs, inboxMs - streamMs);
}

/**
 * The row, of those up to `through`, up to which the stream has all; but for what is too old to be missed. What is lost is the
 * end of what was stored, so a row that is there vouches for all that were sent before it; for those sent together with it
 * the stream is asked. Asks {@link SENT_TOGETHER} times, and some 2 log2(n) times more when n rows are lost. Rejects when
 * the broker does not answer.
 */
export async function storedThrough(
  rows: OutboxRows,
  through: number,
  { newestLike, saysAgainMs }: Lookout,
  now: number,
): Promise<number> {
  const isThere = async (number: number): Promise<boolean> => {
    const row = rows.outboxUpTo(number);
    if (!row || row.time < now - saysAgainMs) return true;
    const newest = await newestLike(row);
    // Another event under the same subject vouches for the row as well, unless it is older, or somebody else's.
    return newest !== undefined && rows.rowOf(newest) >= row.id;
  };

  let there = through;
  let missing = through + 1;
  for (let step = 1; !(await isThere(there)); step *= 2) {
    missing = there;
    there = Math.max(0, there - step);
  }
  while (missing - there > 1) {
    const middle = Math.floor((there + missing) / 2);
    if (await isThere(middle)) there = middle;
    else missing = middle;
  }
  for (let row = there - SENT_TOGETHER + 1; row < there; row++) if (!(await isThere(row))) return row - 1;
  return there;
}
