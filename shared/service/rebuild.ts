// Rebuilds a service's database from the stream: nothing is decided again, nobody is called, and no mail goes out.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type JsMsg, jetstreamManager } from "@nats-io/jetstream";
import type { Database } from "better-sqlite3";
import type { NatsConnection } from "nats";
import { type Event, parseSubject, UndecodableError, UnknownSchemaError } from "../contracts/events.ts";
import { placeOf } from "../nats/delivery.ts";
import { readEvent } from "../nats/headers.ts";
import { type FateOf, pastOf, workOf } from "../nats/history.ts";
import { NatsSchemaBucket } from "../nats/schemas.ts";
import { FLOW_STREAM } from "../nats/topology.ts";
import { createLog } from "../observability/log.ts";
import { type AnyService, consumes, emits, isObserver } from "./define.ts";
import { Replay } from "./replay.ts";
import { type Difference, differences, stateHash } from "./state.ts";
import { beginWithOld, carryOver, openEmpty, openSuccessor, stamp, takePlace } from "./succession.ts";
import { learnKept } from "./unknown-schemas.ts";

/** What the stream has no longer, because of its age or since somebody removed it. */
export interface Gone {
  readonly messages: number;
  /** How many there were in all. */
  readonly of: number;
  /** How many of those that are gone were not at the beginning: somebody has removed them. */
  readonly inBetween: number;
  /** When the oldest message was stored that is still there; null when there is none. */
  readonly since: string | null;
}

/** What was rebuilt, and what became of it. */
export interface Rebuilt {
  readonly service: string;
  /** How many messages of the stream were read. */
  readonly events: number;
  /** What the stream could not tell it. */
  readonly gone: Gone | null;
  /** Whether it has that from the old database all the same. */
  readonly goesOn: boolean;
  /** The hash of the state that the old database had, if there was one; and of that of the new one. */
  readonly before: string | null;
  readonly after: string;
  readonly differences: readonly Difference[];
  /** Whether the new database is in its place now. */
  readonly inPlace: boolean;
  /** The file of the one that is not in place, if it was kept. */
  readonly kept: string | null;
  readonly seconds: number;
}

/** What was known at a time, in a file of its own. */
export interface AsOf {
  readonly service: string;
  readonly events: number;
  readonly gone: Gone | null;
  readonly file: string;
  /** What the service would have shown. */
  readonly summary: unknown;
  readonly seconds: number;
}

/** What a rebuild works on. The connection is the administrator's. */
export interface Target {
  readonly service: AnyService;
  /** The service's folder. */
  readonly folder: string;
  readonly connection: NatsConnection;
}

const EVENTS_AT_ONCE = 10_000;
const SHOWN = 10;
/** A service that runs asks NATS for deliveries every 2 s. */
const SILENT_WITHIN_MS = 5_000;
const LOOK_EVERY_MS = 100;

/**
 * Rebuilds the database of a service that is not running. The new one takes the place of the old one if both hold the
 * same, if there was none, or if `force` says so; else it is left beside it. Where the beginning of the stream is gone, the new
 * one begins with the old one, if that knows what is first there now; else only who observes, or who is forced, is rebuilt from
 * what is left of the past. Rejects with a sentence when it can't.
 */
export async function rebuild(target: Target, { force = false } = {}): Promise<Rebuilt> {
  const { service, folder, connection } = target;
  const begun = performance.now();
  const gone = await goneFrom(connection);
  await expectStopped(target);
  const file = join(folder, "state.db");
  const successor = openSuccessor(service, file);
  const { db, hasOld } = successor;
  try {
    const goesOn = gone?.inBetween === 0 && hasOld && (await knowsFirst(db, target));
    if (gone && !goesOn && !force && !isObserver(service)) throw new Error(incomplete(gone, service));
    const work = await workOf(connection, service);
    const wasHandled = db.prepare("SELECT 1 FROM old.inbox WHERE event_id = ?");
    const recorded = goesOn ? beginWithOld(successor) : undefined;
    const replay = new Replay(service, db, { recorded });
    const fateOf: FateOf = (message, event) => {
      const fate = work.fateOf(message, event);
      return fate === "open" && event && wasHandled.get(event.id) !== undefined ? "handled" : fate;
    };
    const events = await tell(replay, db, target, fateOf, () => {
      for (const { origin, parked } of work.aside) replay.putAside(origin, parked);
      carryOver(successor, replay, service, gone === null);
      replay.letFollow();
    });

    const before = hasOld ? stateHash(db, "old") : null;
    const after = stateHash(db);
    const isSame = before === null || before === after;
    const inPlace = isSame || force;
    return {
      service: service.name,
      events,
      gone,
      goesOn,
      before,
      after,
      differences: isSame ? [] : differences(db, "old"),
      inPlace,
      kept: inPlace ? takePlace(successor, file, !isSame) : successor.file,
      seconds: secondsSince(begun),
    };
  } finally {
    db.close();
  }
}

/** Builds the database that an observing service would have had at a time, in a file beside its own, which stays as it is. */
export async function rebuildAsOf(target: Target, time: Date): Promise<AsOf> {
  const { service, folder, connection } = target;
  const begun = performance.now();
  if (!isObserver(service)) {
    throw new Error(
      `what ${service.name} had done by then is not in the stream: --as-of is for who only observes`,
    );
  }
  const gone = await goneFrom(connection);
  if (gone && (gone.since === null || time < new Date(gone.since))) {
    const rest = gone.since === null ? "it is empty" : `it begins at ${gone.since}`;
    throw new Error(`${FLOW_STREAM} tells nothing of that time any more: ${rest}`);
  }
  const file = join(folder, `state.as-of-${stamp(time)}.db`);
  const db = openEmpty(file);
  try {
    const replay = new Replay(service, db);
    // By the time of the event: what was said again after a loss has another one in the stream.
    const fateOf: FateOf = (_, event) => (event && event.time <= time.getTime() ? "handled" : "open");
    const events = await tell(replay, db, target, fateOf);
    const summary = replay.store.summary?.(SHOWN);
    db.pragma("journal_mode = DELETE");
    return { service: service.name, events, gone, file, summary, seconds: secondsSince(begun) };
  } finally {
    db.close();
  }
}

/** Tells the replay all that the stream holds, and at last `more`. Returns how many messages were read. */
async function tell(
  replay: Replay,
  db: Database,
  { service, connection }: Target,
  fateOf: FateOf,
  more = () => {},
): Promise<number> {
  const heard = consumes(service);
  const bucket = new NatsSchemaBucket(connection);
  await learnKept([...new Set([...heard, ...emits(service)])], bucket, createLog(service.name, "silent"));
  let events = 0;
  db.exec("BEGIN");
  for await (const message of pastOf(connection, service)) {
    const type = parseSubject(message.subject)?.type;
    if (!type) continue; // An operator's word, which is among the fates.
    const found = read(message);
    const event = found instanceof UndecodableError ? undefined : found;
    if (event?.source === service.name) replay.said(event, message.data);
    const fate = heard.includes(type) ? fateOf(message, event) : "open";
    if (fate === "discarded") {
      const id = event?.id ?? (found instanceof UnknownSchemaError && message.headers?.get("ce-id"));
      if (id) replay.gaveUp({ id, time: event?.time ?? message.time.getTime() });
    } else if (fate === "handled" && event) replay.handled(event);
    else if (fate === "handled" && found instanceof UnknownSchemaError) lost(message); // What nobody can read, nobody handled.
    if (++events % EVENTS_AT_ONCE === 0) db.exec("COMMIT; BEGIN");
  }
  replay.allStored();
  more();
  replay.count();
  db.exec("COMMIT");
  return events;
}

/** The event in a message, or why it can't be read. */
function read(message: JsMsg): Event | UndecodableError {
  try {
    return readEvent(message);
  } catch (error) {
    if (error instanceof UndecodableError) return error;
    throw error;
  }
}

function lost({ subject, seq }: JsMsg): never {
  throw new Error(
    `message ${seq} on ${subject} was handled, and this build can't read it: rebuild with the build that can`,
  );
}

async function goneFrom(connection: NatsConnection): Promise<Gone | null> {
  const { state } = await (await jetstreamManager(connection)).streams.info(FLOW_STREAM);
  const messages = state.last_seq - state.messages;
  if (messages === 0) return null;
  const since = state.messages > 0 ? state.first_ts : null;
  return { messages, of: state.last_seq, inBetween: state.num_deleted ?? 0, since };
}

/**
 * Whether the old database knows the first message in the stream that the service hears, and the first one that it has said: then it
 * knows all that came before.
 */
async function knowsFirst(db: Database, { service, connection }: Target): Promise<boolean> {
  const isSaid = db.prepare("SELECT EXISTS (SELECT 1 FROM old.outbox WHERE event_id = ?)").pluck();
  const isHeard = db
    .prepare(`SELECT EXISTS (SELECT 1 FROM old.inbox WHERE event_id = ?)
      OR EXISTS (SELECT 1 FROM old.parked WHERE place = ?)`)
    .pluck();
  const heard = consumes(service);
  const sought = emits(service).length > 0 ? 2 : 1;
  const known = new Map<"said" | "heard", boolean>();
  for await (const message of pastOf(connection, service)) {
    const event = parseSubject(message.subject) && read(message);
    if (!event || event instanceof UndecodableError) continue;
    if (!known.has("said") && event.source === service.name) known.set("said", isSaid.get(event.id) === 1);
    if (!known.has("heard") && heard.includes(event.type))
      known.set("heard", isHeard.get(event.id, placeOf(message)) === 1);
    if (known.size === sought) break;
  }
  return [...known.values()].every(Boolean);
}

/** What is gone from the stream has left its mark on the database all the same. */
function incomplete({ messages, of }: Gone, { name }: AnyService): string {
  return (
    `${messages} of ${of} messages are no longer in ${FLOW_STREAM}, because of their age or since somebody removed them: ` +
    `without them, ${name} does not know all that it has done, and might do it again. Put a copy of its database back that knows them; ` +
    "or, with --force, it begins with what is left"
  );
}

async function expectStopped({ service: { name }, connection }: Target): Promise<void> {
  const { consumers } = await jetstreamManager(connection);
  const deadline = performance.now() + SILENT_WITHIN_MS;
  while ((await consumers.info(FLOW_STREAM, name)).num_waiting > 0) {
    if (performance.now() > deadline)
      throw new Error(`${name} is running: it asks NATS for events. Stop it first.`);
    await sleep(LOOK_EVERY_MS);
  }
}

function secondsSince(begun: number): number {
  return (performance.now() - begun) / 1_000;
}
