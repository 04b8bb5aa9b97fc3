// What the broker holds when all is over: every event, what nobody can read, and what was parked.

import type { NatsConnection } from "nats";
import { type Event, type FactType, parseSubject } from "../contracts/events.ts";
import { readEvent } from "../nats/headers.ts";
import { whyParked } from "../nats/parking.ts";
import { FLOW_STREAM, PARKED_STREAM } from "../nats/topology.ts";
import { GARBAGE } from "./mischief.ts";
import { readStream } from "./stream.ts";

/** What the streams hold. */
export interface Testimony {
  /** Every event, in the order of the stream, as often as it is there. */
  readonly flow: readonly Event[];
  /** Messages that are no events. */
  readonly unreadable: readonly { readonly type: FactType; readonly key: string }[];
  readonly parked: readonly {
    readonly service: string;
    readonly key: string;
    readonly cause: string;
    /** Whether it was put there to be parked. */
    readonly isGarbage: boolean;
  }[];
}

/** Reads both streams. */
export async function testimony(connection: NatsConnection): Promise<Testimony> {
  const flow: Event[] = [];
  const unreadable: { type: FactType; key: string }[] = [];
  await readStream(connection, FLOW_STREAM, (message) => {
    const said = parseSubject(message.subject);
    if (!said) return; // An operator's word.
    const { type, key } = said;
    if (key.startsWith(GARBAGE)) unreadable.push({ type, key });
    else flow.push(readEvent(message));
  });
  const parked = await readStream(connection, PARKED_STREAM, ({ subject, headers }) => {
    const found = headers && whyParked(subject, headers);
    if (!found) return []; // A note that something has ended.
    const [, service = "", key = ""] = subject.split(".");
    return [{ service, key, cause: found.parked.cause, isGarbage: key.startsWith(GARBAGE) }];
  });
  return { flow, unreadable, parked: parked.flat() };
}

const ENDS: readonly FactType[] = ["order.completed", "order.cancelled"];
const MOST = 20;

/** How orders ended, and how many of each. */
export function endsOf(flow: readonly Event[]): Record<string, number> {
  const ends = new Map<string, string>();
  for (const { type, key, data } of flow)
    if (ENDS.includes(type)) ends.set(key, "reason" in data ? `cancelled (${data.reason})` : "completed");
  const counts: Record<string, number> = {};
  for (const end of [...ends.values()].sort()) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

/** Of orders that have not ended: all that was said of them. */
export function whereTheyStand(flow: readonly Event[]): string[] {
  const said = new Map<string, FactType[]>();
  for (const { type, key } of flow) said.set(key, [...(said.get(key) ?? []), type]);
  return [...said]
    .filter(([, types]) => types.includes("order.created") && !types.some((type) => ENDS.includes(type)))
    .slice(0, MOST)
    .map(([key, types]) => `${key} stands still after ${types.join(", ")}`);
}
