// What the broker holds when all is over: every event, what nobody can read, and what was parked.

import type { NatsConnection } from "nats";
import { ENDS } from "../contracts/ends.ts";
import { type Event, type FactType, parseSubject } from "../contracts/events.ts";
import { placeOf } from "../nats/delivery.ts";
import { readEvent } from "../nats/headers.ts";
import { whyParked } from "../nats/parking.ts";
import { FLOW_STREAM, PARKED_STREAM, wishes } from "../nats/topology.ts";
import { garbageName } from "./mischief.ts";
import { readStream } from "./stream.ts";

/** What the streams hold. */
export interface Testimony {
  /** Every event, in the order of the stream, as often as it is there. */
  readonly flow: readonly Event[];
  /** Messages that are no events, by the names that they were given. */
  readonly unreadable: readonly { readonly type: FactType; readonly name: string; readonly place: string }[];
  /** What operators have given up, and at which services: a service and a place each. */
  readonly discarded: ReadonlySet<string>;
  readonly parked: readonly {
    readonly service: string;
    readonly key: string;
    readonly place: string;
    readonly cause: string;
    /** What it is called if it was put there to be parked. */
    readonly garbage: string | undefined;
  }[];
}

/** Reads both streams. */
export async function testimony(connection: NatsConnection): Promise<Testimony> {
  const flow: Event[] = [];
  const unreadable: Testimony["unreadable"][number][] = [];
  const discarded = new Set<string>();
  await readStream(connection, FLOW_STREAM, (message) => {
    const { subject } = message;
    const said = parseSubject(subject);
    if (!said) {
      const [word, service] = subject.split(".");
      if (word && wishes[word as keyof typeof wishes] === "discard")
        discarded.add(`${service} ${message.headers?.get("Quadrille-Place")}`);
      return;
    }
    // Headers of garbage under a key of its own may be such that no client reads them.
    const name = garbageName(said.key, undefined) ?? garbageName(said.key, message.headers?.get("ce-id"));
    if (name) unreadable.push({ type: said.type, name, place: placeOf(message) });
    else flow.push(readEvent(message));
  });
  const parked = await readStream(connection, PARKED_STREAM, ({ subject, headers }) => {
    const why = headers && whyParked(subject, headers);
    if (!why) return []; // A note that it has ended.
    const { key, place } = why.origin;
    const [, service = ""] = subject.split(".");
    return [
      { service, key, place, cause: why.parked.cause, garbage: garbageName(key, headers.get("ce-id")) },
    ];
  });
  return { flow, unreadable, discarded, parked: parked.flat() };
}

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
