// What the broker holds when all is over: every event, what nobody can read, and what was parked.

import { jetstream } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { ENDS } from "../contracts/ends.ts";
import { type Event, type FactType, parseSubject } from "../contracts/events.ts";
import { placeOf } from "../nats/delivery.ts";
import { readEvent } from "../nats/headers.ts";
import { whyParked } from "../nats/parking.ts";
import { stored } from "../nats/stored.ts";
import { FLOW_STREAM, PARKED_STREAM, wishes } from "../nats/topology.ts";
import { garbageName } from "./mischief.ts";

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
  const js = jetstream(connection);
  const flow: Event[] = [];
  const unreadable: Testimony["unreadable"][number][] = [];
  const discarded = new Set<string>();
  for await (const message of stored(js, FLOW_STREAM)) {
    const { subject } = message;
    const said = parseSubject(subject);
    if (!said) {
      const [word, service] = subject.split(".");
      if (word && wishes[word as keyof typeof wishes] === "discard")
        discarded.add(`${service} ${message.headers?.get("Quadrille-Place")}`);
      continue;
    }
    // Headers of garbage under a key of its own may be such that no client reads them.
    const name = garbageName(said.key, undefined) ?? garbageName(said.key, message.headers?.get("ce-id"));
    if (name) unreadable.push({ type: said.type, name, place: placeOf(message) });
    else flow.push(readEvent(message));
  }
  const parked: Testimony["parked"][number][] = [];
  for await (const { subject, headers } of stored(js, PARKED_STREAM)) {
    const why = headers && whyParked(subject, headers);
    if (!why) continue; // A note that it has ended.
    const { key, place } = why.origin;
    const [, service = ""] = subject.split(".");
    const garbage = garbageName(key, headers.get("ce-id"));
    parked.push({ service, key, place, cause: why.parked.cause, garbage });
  }
  return { flow, unreadable, discarded, parked };
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
