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

/** The most messages that are read to count them, and at how many places one is read where there are more. */
const COUNTED = 256;
const PLACES = 64;

/** What came in after `after`, up to `upTo`. `read` gives messages of the stream from a sequence number on. */
export async function arrivals(
  after: number,
  upTo: number,
  read: (seq: number, count: number) => Promise<Stored[]>,
  random: () => number = Math.random,
): Promise<Arrivals> {
  const total = Math.max(0, upTo - after);
  if (total === 0) return NO_ARRIVALS;
  const isExact = total <= COUNTED;
  // One in each part, since what is said in one batch is of one type; somewhere in it, since batches follow each other in step.
  const place = (n: number) => after + 1 + Math.floor(((n + random()) * total) / PLACES);
  const pages = isExact
    ? [read(after + 1, total)]
    : Array.from({ length: PLACES }, (_, n) => read(place(n), 1));
  const found = (await Promise.all(pages)).flat().filter(({ seq }) => seq <= upTo);
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
