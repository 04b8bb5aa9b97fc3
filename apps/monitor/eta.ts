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
 * In how many seconds nothing will wait. What waits, and what will come back of what is ahead or was handled, is worked off at the
 * rate of the `track`, less what comes in from outside meanwhile and leads to as much again. Once nothing is ahead, others may be
 * slower to say what comes back: then it is on a straight line. Null when never, or when nobody knows yet.
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
  const rate = worked - outside * (1 + each);
  const byWork = rate > 0 ? (left * seconds) / rate : null;
  if (ahead > 0 || fewer <= 0) return byWork;
  const byLine = (lagOf(last) * seconds) / fewer;
  return byWork === null ? byLine : Math.min(byLine, byWork);
}

/** How many events came from outside over these looks, and how many came back. */
export function inflow(looks: readonly Look[]): { outside: number; back: number } {
  const later = looks.slice(1);
  const back = later.reduce((sum, { cameBack }) => sum + cameBack, 0);
  return { outside: later.reduce((sum, { cameIn }) => sum + cameIn, 0) - back, back };
}
