// What is parked, as operators see it: entries, their lanes, and what may be redriven in which order.

import type { StoredMsg } from "@nats-io/jetstream";
import { parseSubject, UnknownSchemaError } from "../contracts/events.ts";
import { gathered } from "../gathered.ts";
import { type Message, readEvent } from "../nats/headers.ts";
import { parkedMessage, whyParked } from "../nats/parking.ts";

/** A message that a service has put aside. Times are ISO 8601. */
export interface Entry {
  /** Its number in PARKED: another one each time it fails. */
  readonly id: number;
  readonly service: string;
  readonly key: string;
  /** What was said, or the whole subject where no fact has such a one. */
  readonly what: string;
  /** Its place in the stream of the flow, and since when. */
  readonly place: string;
  readonly sequence: number;
  /** The id of the event in it, if its headers have one. */
  readonly eventId: string | undefined;
  readonly state: "failed" | "waiting";
  readonly cause: string;
  readonly stack: string;
  readonly fingerprint: string;
  readonly attempts: number;
  /** How often it was redriven in vain. */
  readonly redrives: number;
  readonly firstAttempt: string;
  readonly lastAttempt: string;
  readonly message: Message;
}

/** The entry in a message of PARKED; undefined when it says that there is none any more. */
export function entryOf({ seq, subject, header, data }: StoredMsg): Entry | undefined {
  const why = whyParked(subject, header);
  const message = parkedMessage({ header, data });
  if (!why || !message) return undefined;
  const { cause, stack, fingerprint, attempts, redrives, isWaiting } = why.parked;
  const [, service = ""] = subject.split(".");
  return {
    id: seq,
    service,
    ...why.origin,
    what: parseSubject(message.subject)?.type ?? message.subject,
    eventId: header.get("ce-id") || undefined,
    state: isWaiting ? "waiting" : "failed",
    cause,
    stack,
    fingerprint,
    attempts,
    redrives,
    firstAttempt: header.get("Quadrille-First-Attempt"),
    lastAttempt: header.get("Quadrille-Last-Attempt"),
    message,
  };
}

/** The event in an entry, as JSON is made of it; undefined when it can't be read. */
export function eventIn({ message }: Entry) {
  try {
    return readEvent(message);
  } catch {
    return undefined;
  }
}

/** Whether an entry has the event in it that its headers name, be it of a schema that this build does not know. */
export function carriesEvent({ eventId, message }: Entry): boolean {
  try {
    return readEvent(message).id === eventId;
  } catch (error) {
    return error instanceof UnknownSchemaError && eventId !== undefined;
  }
}

/** The entries of a service and a key belong to one lane; in it they are in the order of the stream. */
export function lanesOf(entries: readonly Entry[]): Entry[][] {
  const inOrder = entries.toSorted((a, b) => a.sequence - b.sequence);
  return [...gathered(inOrder, ({ service, key }) => `${service}.${key}`).values()];
}

/** An entry that can't be redriven before another one. */
export interface Blocked {
  readonly entry: Entry;
  readonly by: Entry;
}

/**
 * Lane by lane, in their order: which entries come to be handled when the chosen ones are redriven, those that wait behind
 * them included; and which of the chosen can't be, since one that was not chosen comes first.
 */
export function inOrder(
  entries: readonly Entry[],
  isChosen: (entry: Entry) => boolean,
): { handled: Entry[]; blocked: Blocked[] } {
  const handled: Entry[] = [];
  const blocked: Blocked[] = [];
  for (const lane of lanesOf(entries)) {
    const end = lane.findIndex(
      (entry, index) => !isChosen(entry) && (index === 0 || entry.state === "failed"),
    );
    const by = lane[end];
    handled.push(...(by ? lane.slice(0, end) : lane));
    if (by)
      blocked.push(
        ...lane
          .slice(end)
          .filter(isChosen)
          .map((entry) => ({ entry, by })),
      );
  }
  return { handled, blocked };
}

/** Entries that failed for the same reason. */
export interface Group {
  readonly fingerprint: string;
  readonly service: string;
  /** What was said that has failed, or waits where nothing has: each once. */
  readonly whats: readonly string[];
  readonly cause: string;
  readonly failed: number;
  /** How many wait behind them. */
  readonly waiting: number;
  readonly firstAttempt: string;
  readonly lastAttempt: string;
}

/** What of an entry its group is made of. */
type Grouped = Pick<
  Entry,
  "service" | "fingerprint" | "what" | "cause" | "state" | "firstAttempt" | "lastAttempt"
>;

/** The entries by the cause of their failure, the most frequent first. */
export function groupsOf(entries: readonly Grouped[]): Group[] {
  return [...gathered(entries, ({ service, fingerprint }) => `${service}.${fingerprint}`).values()]
    .map((group) => {
      const failed = group.filter(({ state }) => state === "failed");
      const told = failed.length > 0 ? failed : group;
      const [{ fingerprint, service, cause }] = told as [Grouped];
      const times = group.flatMap(({ firstAttempt, lastAttempt }) => [firstAttempt, lastAttempt]);
      return {
        fingerprint,
        service,
        whats: [...new Set(told.map(({ what }) => what))],
        cause,
        failed: failed.length,
        waiting: group.length - failed.length,
        firstAttempt: times.reduce((a, b) => (a < b ? a : b)),
        lastAttempt: times.reduce((a, b) => (a > b ? a : b)),
      };
    })
    .sort((a, b) => b.failed - a.failed);
}
