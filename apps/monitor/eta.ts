// When nothing will wait for a consumer any more. What it says may come back to it as more events: that is work as well.

import type { FactType } from "../../shared/contracts/events.ts";
import { type AnyService, consumes } from "../../shared/service/define.ts";
import { type Look, lagOf } from "./window.ts";

/** The facts that a service hears, and that what it hears may lead to: it says something, and others answer. */
export function returning(service: AnyService, services: readonly AnyService[]): Set<FactType> {
  const led = new Set<FactType>(service.reactions.flatMap(({ emits }) => emits));
  const reactions = services.flatMap((one) => one.reactions);
  for (let known = -1; known < led.size; ) {
    known = led.size;
    for (const { on, emits } of reactions)
      if (on.some((type) => led.has(type))) for (const type of emits) led.add(type);
  }
  return new Set(consumes(service).filter((type) => led.has(type)));
}

/** What comes back to a consumer of its work. */
export interface Course {
  /** How many events wait that nothing of its own work has led to: they were first, and are handled first. */
  readonly ahead: number;
  /** How many of those it has handled since they wait, and how many events have come back. */
  readonly handled: number;
  readonly cameBack: number;
  /** The same since it is looked at. */
  readonly total: { readonly handled: number; readonly cameBack: number };
  /** How many come back for each in the end, as was seen when nothing waited. */
  readonly share: number;
}

export const UNKNOWN: Course = {
  ahead: 0,
  handled: 0,
  cameBack: 0,
  total: { handled: 0, cameBack: 0 },
  share: 0,
};

/** The course with one look more. While nobody listens there is no look `before`, and all that waits is ahead. */
export function goOn(course: Course, before: Look | undefined, now: Look): Course {
  const lag = lagOf(now);
  const worked = before ? Math.max(0, now.cameIn + lagOf(before) - lag) : 0;
  const waited = course.ahead + now.cameIn - now.cameBack;
  const handled = Math.max(0, Math.min(worked, waited));
  const total = {
    handled: course.total.handled + handled,
    cameBack: course.total.cameBack + now.cameBack,
  };
  const share = lag === 0 && total.handled > 0 ? total.cameBack / total.handled : course.share;
  if (!before || lag === 0) return { ahead: lag, handled: 0, cameBack: 0, total, share };
  return {
    ahead: Math.max(0, Math.min(lag, waited - handled)),
    handled: course.handled + handled,
    cameBack: course.cameBack + now.cameBack,
    total,
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
