// When nothing will wait for a consumer any more. What it says may come back to it as more events: that is work as well.

import { type Look, lagOf } from "./window.ts";

/** What comes back to a consumer of its work. */
export interface Course {
  /** How many events wait that nothing of its own work has led to: they were first, and are handled first. */
  readonly ahead: number;
  /** How many of those it has handled since they wait, and how many events have come back. */
  readonly handled: number;
  readonly cameBack: number;
  /** How many come back for each in the end, as other orders tell. */
  readonly share: number;
}

export const UNKNOWN: Course = { ahead: 0, handled: 0, cameBack: 0, share: 0 };

/** The course with one look more. While nobody listens there is no look `before`, and all that waits is ahead. */
export function goOn(course: Course, before: Look | undefined, now: Look): Course {
  const { share } = course;
  const lag = lagOf(now);
  if (!before || lag === 0) return { ahead: lag, handled: 0, cameBack: 0, share };
  const worked = Math.max(0, now.cameIn + lagOf(before) - lag);
  const waited = course.ahead + now.cameIn - now.cameBack;
  const handled = Math.max(0, Math.min(worked, waited));
  return {
    ahead: Math.max(0, Math.min(lag, waited - handled)),
    handled: course.handled + handled,
    cameBack: course.cameBack + now.cameBack,
    share,
  };
}

/**
 * In how many seconds nothing will wait, at the rates of the `track`; null when never, or when nobody knows yet. What comes back
 * comes as fast as others say it, so it is the earlier of two: what waits becomes fewer on a straight line until there is none;
 * or else all has come back before that, and what waits and comes back is worked off, less what comes in from outside meanwhile
 * and leads to as much again.
 */
export function etaOf(track: readonly Look[], { ahead, handled, cameBack, share }: Course): number | null {
  const [first] = track as [Look];
  const last = track.at(-1)!;
  const seconds = (last.at - first.at) / 1_000;
  const { outside, back } = inflow(track);
  const fewer = lagOf(first) - lagOf(last);
  const worked = fewer + outside + back;
  if (worked <= 0) return null;
  const each = Math.max(share, back / worked);
  const left = lagOf(last) + ahead * each + Math.max(0, handled * each - cameBack);
  const byLine = lagOf(last) / Math.max(0, fewer);
  const byWork = left / Math.max(0, worked - outside * (1 + each));
  const eta = Math.min(byLine, byWork) * seconds;
  return Number.isFinite(eta) ? eta : null;
}

/** How many events came from outside over these looks, and how many came back. */
export function inflow(looks: readonly Look[]): { outside: number; back: number } {
  const later = looks.slice(1);
  const back = later.reduce((sum, { cameBack }) => sum + cameBack, 0);
  return { outside: later.reduce((sum, { cameIn }) => sum + cameIn, 0) - back, back };
}
