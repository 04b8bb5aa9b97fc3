// Numbers and times as people read them. Times are those of UTC.

import { count } from "../../shared/layout.ts";

export { count };

/** So many of something: `1 event`, `4,000 events`. */
export function counted(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? "" : "s"}`;
}

const DAY_MS = 86_400_000;

/** A time of today as `10:31:05 UTC`, of another day with its date. */
export function clock(at: number, now: number): string {
  const [day, time] = new Date(at).toISOString().split("T") as [string, string];
  const isToday = Math.floor(at / DAY_MS) === Math.floor(now / DAY_MS);
  return `${isToday ? "" : `${day} `}${time.slice(0, 8)} UTC`;
}

/** A span of time in its two largest units: `1 h 20 min`, `12 s`, `350 ms`. */
export function span(ms: number): string {
  if (ms < 1_000) return `${Math.max(0, Math.round(ms))} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return parts([minutes, "min"], [seconds % 60, "s"]);
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return parts([hours, "h"], [minutes % 60, "min"]);
  return parts([Math.floor(hours / 24), "d"], [hours % 24, "h"]);
}

function parts(...units: [number, string][]): string {
  return units
    .filter(([n]) => n > 0)
    .map(([n, unit]) => `${n} ${unit}`)
    .join(" ");
}
