// Numbers and times as people read them, as in the monitor's sentences.

import { money } from "../../../shared/contracts/money.ts";
import { clock, count, span } from "../words.ts";

export { clock, count, money, span };

/** A rate: `0`, `0.4`, `12`. */
export function rate(perSecond: number | null): string {
  if (perSecond === null) return "–";
  return perSecond >= 10 ? count(Math.round(perSecond)) : `${Math.round(perSecond * 10) / 10}`;
}

/** Seconds as a span; nothing for none. */
export function seconds(n: number | null): string {
  if (n === null) return "–";
  return n === 0 ? "0 s" : span(n * 1_000);
}

/** The day and the time of an ISO text. */
export function moment(iso: string): string {
  const at = Date.parse(iso);
  return Number.isNaN(at) ? iso : clock(at, Date.now());
}
