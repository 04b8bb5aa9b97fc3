// How many mails may come again. SMTP is at least once: what went out and was not noted goes out once more.

import { FEW, victimsOf } from "./faults.ts";
import type { Fault, Kind } from "./plan.ts";

/** Who sends mail, and how many at once at most. */
export interface Sender {
  readonly service: string;
  readonly atOnce: number;
}

/** While these last nothing can be noted, or what nobody else knows yet is forgotten: that is not more than `FEW`. */
const UNNOTED: readonly Kind[] = ["disk full", "orders refused", "database deleted"];

/** A sentence if more mails came again than these faults explain. */
export function tooManyAgain(
  repeats: number,
  faults: readonly Fault[],
  { service, atOnce }: Sender,
): string[] {
  const hits = faults.filter((fault) => victimsOf(fault).includes(service));
  const most = hits.reduce((sum, { kind }) => sum + (UNNOTED.includes(kind) ? FEW : atOnce), 0);
  return repeats > most
    ? [`${repeats} mails came again, and ${most} may after what has happened to ${service}`]
    : [];
}
