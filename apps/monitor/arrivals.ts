// Which facts came into the stream since the last look, by type: counted where they are few, else estimated from samples.

import type { Stored } from "../../shared/nats/observer.ts";

/** How many facts of each type came in; keys are the first two tokens of subjects, such as `order.created`. */
export interface Arrivals {
  readonly total: number;
  readonly byType: ReadonlyMap<string, number>;
  /** Whether every one was looked at. */
  readonly isExact: boolean;
}

export const NO_ARRIVALS: Arrivals = { total: 0, byType: new Map(), isExact: true };

/** The most messages that are read for it, in one request or in many. */
const READ = 256;
const SAMPLES = 32;

/** What came in after `after`, up to `upTo`. `read` gives messages of the stream from a sequence number on. */
export async function arrivals(
  after: number,
  upTo: number,
  read: (seq: number, count: number) => Promise<Stored[]>,
): Promise<Arrivals> {
  const total = Math.max(0, upTo - after);
  if (total === 0) return NO_ARRIVALS;
  const isExact = total <= READ;
  const count = isExact ? total : READ / SAMPLES;
  // Evenly over all that came in: what is said in one batch is of one type.
  const step = (total - count) / (SAMPLES - 1);
  const starts = isExact
    ? [after + 1]
    : Array.from({ length: SAMPLES }, (_, n) => after + 1 + Math.round(n * step));
  const found = (await Promise.all(starts.map((seq) => read(seq, count))))
    .flat()
    .filter(({ seq }) => seq <= upTo);
  const seen = new Map<string, number>();
  for (const { subject } of found) {
    const type = typeOf(subject);
    seen.set(type, (seen.get(type) ?? 0) + 1);
  }
  const scale = isExact || found.length === 0 ? 1 : total / found.length;
  return { total, byType: new Map([...seen].map(([type, n]) => [type, n * scale])), isExact };
}

/** What a subject of the flow is about, without its key. */
export function typeOf(subject: string): string {
  return subject.slice(0, subject.lastIndexOf("."));
}
