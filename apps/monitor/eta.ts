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

/**
 * How many events wait that nothing of the consumer's own work has led to, after one look more: they were first, and are handled
 * first. All of them while nobody listens, which is without a look `before`.
 */
export function ahead(waited: number, before: Look | undefined, now: Look): number {
  const lag = lagOf(now);
  if (!before) return lag;
  const handled = Math.max(0, now.cameIn + lagOf(before) - lag);
  return Math.max(0, Math.min(lag, waited + now.cameIn - now.cameBack - handled));
}

/**
 * In how many seconds nothing will wait: what waits, and what will come back of those that are `ahead`, at the rate of the
 * `track`, less what comes in from outside meanwhile and leads to as much again. Null when never, or when nobody knows yet.
 */
export function etaOf(track: readonly Look[], ahead = 0): number | null {
  const [first] = track as [Look];
  const last = track.at(-1)!;
  const { outside, back } = inflow(track);
  const handled = lagOf(first) - lagOf(last) + outside + back;
  if (handled <= 0) return null;
  const share = back / handled;
  const fewer = handled - outside * (1 + share);
  const left = lagOf(last) + ahead * share;
  return fewer > 0 ? (left * (last.at - first.at)) / (fewer * 1_000) : null;
}

/** How many events came from outside over these looks, and how many came back. */
export function inflow(looks: readonly Look[]): { outside: number; back: number } {
  const later = looks.slice(1);
  const back = later.reduce((sum, { cameBack }) => sum + cameBack, 0);
  return { outside: later.reduce((sum, { cameIn }) => sum + cameIn, 0) - back, back };
}
