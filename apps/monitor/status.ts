// How a consumer stands, by rules on a window of looks as LinkedIn's Burrow has them: there are no thresholds to set.

import { type Course, etaOf, inflow, UNKNOWN } from "./eta.ts";
import {
  type Look,
  lagOf,
  nobodyListens,
  progressed,
  type Rates,
  ratesOf,
  sinceListening,
  WINDOW,
} from "./window.ts";
import { clock, count, counted, span } from "./words.ts";

export const STATUSES = ["OK", "CATCHING UP", "SLOW", "STALLED", "NOBODY LISTENING"] as const;

/** From well to ill. */
export type Status = (typeof STATUSES)[number];

/** How a consumer stands, and the sentence that explains it. */
export interface Judgement {
  readonly status: Status;
  readonly why: string;
  /** How many events wait, those under way included. */
  readonly lag: number;
  /** Events a second; null as long as there are too few looks. */
  readonly perSecondIn: number | null;
  readonly perSecondOut: number | null;
  /** When nothing will wait any more at this rate, in seconds; null when never, or when nobody knows yet. */
  readonly etaSeconds: number | null;
}

/**
 * Judges a consumer by its window, oldest look first; there is one at least. The ETA goes by the `track`, see {@link follow}, and
 * by the `course`, see {@link etaOf}.
 */
export function judge(window: readonly Look[], track?: readonly Look[], course = UNKNOWN): Judgement {
  const looks = sinceListening(window);
  const lag = lagOf(window.at(-1)!);
  const rates = ratesOf(nobodyListens(window) ? window : looks);
  const exact = etaOf(track ?? looks, course);
  const eta = exact === null ? null : round(exact);
  const { status, why } = ruled(window, looks, eta, course);
  return {
    status,
    why,
    lag,
    perSecondIn: rates ? round(rates.in) : null,
    perSecondOut: rates ? round(rates.out) : null,
    etaSeconds: lag === 0 ? 0 : status === "NOBODY LISTENING" || status === "STALLED" ? null : eta,
  };
}

function ruled(
  window: readonly Look[],
  looks: readonly Look[],
  eta: number | null,
  { ahead }: Course,
): Pick<Judgement, "status" | "why"> {
  const now = window.at(-1)!;
  const lag = lagOf(now);
  if (nobodyListens(window)) {
    const waits = lag === 0 ? "nothing waits for it yet" : `${events(lag)} for it`;
    return { status: "NOBODY LISTENING", why: `nobody asks NATS for its events; ${waits}${pause(now)}` };
  }
  if (lag === 0) return { status: "OK", why: `nothing waits${pause(now)}` };
  if (now.pausedUntil !== undefined) return { status: "STALLED", why: `${events(lag)}${pause(now)}` };
  const [first] = looks as [Look];
  if (keepsUp(looks)) {
    const why = `${events(lag)}, no more than come in between two looks${heldUp(looks)}`;
    return { status: "OK", why };
  }
  const rates = ratesOf(looks);
  const before = window.at(-2);
  if (!rates && before && lag < lagOf(before)) {
    const why = `${events(lag)} and the number is falling; how fast is not known yet`;
    return { status: "CATCHING UP", why };
  }
  if (rates && lag < lagOf(first)) return { status: "CATCHING UP", why: catchingUp(lag, rates, eta) };
  const { outside, back } = inflow(looks);
  if (rates && eta !== null && back > 0 && (ahead > 0 || outside === 0))
    return { status: "CATCHING UP", why: comingBack(lag, rates, eta) };
  if (!rates || looks.length < WINDOW) return { status: "OK", why: `${events(lag)}; ${soFar(looks)}` };
  const lasted = `at least ${span(now.at - first.at)}`;
  if (!looks.some((look, index) => index > 0 && progressed(looks[index - 1]!, look))) {
    const isTrying = now.deliveries > first.deliveries;
    const what = isTrying ? "only the same has been tried again, in vain" : "nothing has been handled";
    return { status: "STALLED", why: `${events(lag)}, and for ${lasted} ${what}` };
  }
  const rate = `${speed(rates.in)} come in and ${speed(rates.out)} are handled per second`;
  return { status: "SLOW", why: `${events(lag)} and the number has not fallen for ${lasted}: ${rate}` };
}

/** That NATS gives it nothing, if somebody wants that. */
function pause({ at, pausedUntil }: Look): string {
  if (pausedUntil === undefined) return "";
  return `, and somebody has paused its consumer in NATS until ${clock(pausedUntil, at)}`;
}

/** At some look no more waited than had come in since the look before: whatever waits, waits briefly. */
function keepsUp(looks: readonly Look[]): boolean {
  return looks.some((look) => lagOf(look) <= look.cameIn || lagOf(look) === 0);
}

/** That the first event was not handled all the while, if it was not: others pass it by. */
function heldUp(looks: readonly Look[]): string {
  const [first] = looks as [Look];
  const now = looks.at(-1)!;
  const isHeldUp = looks.every((look) => lagOf(look) > 0 && look.floorSeq === first.floorSeq);
  if (looks.length < WINDOW || !isHeldUp) return "";
  return `; the first of them has not been handled for at least ${span(now.at - first.at)}, and others pass it by`;
}

function catchingUp(lag: number, { out }: Rates, eta: number | null): string {
  const when = eta === null ? "" : `; none will be left in about ${span(eta * 1_000)}`;
  return `${events(lag)} and the number is falling: ${speed(out)} are handled per second${when}`;
}

function comingBack(lag: number, { out }: Rates, eta: number): string {
  const rate = `${speed(out)} are handled per second, and lead to more`;
  return `${events(lag)}; ${rate}; none will be left in about ${span(eta * 1_000)}`;
}

/** What a few looks can tell. */
function soFar(looks: readonly Look[]): string {
  const [first] = looks as [Look];
  const now = looks.at(-1)!;
  if (looks.length === 1) return "there were too few looks to say more";
  const rates = ratesOf(looks);
  const what =
    rates && progressed(first, now) ? `${speed(rates.out)} are handled per second` : "none was handled";
  return `${what} in the ${span(now.at - first.at)} that it has been watched, too short to say more`;
}

function events(lag: number): string {
  return `${counted(lag, "event")} ${lag === 1 ? "waits" : "wait"}`;
}

function speed(perSecond: number): string {
  return count(round(perSecond));
}

function round(number: number): number {
  return number < 10 ? Math.round(number * 10) / 10 : Math.round(number);
}
