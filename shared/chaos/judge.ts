// Judges a stack at rest, by its stream, by every database and by the books of the outside: what is broken, as sentences.

import type { Database } from "better-sqlite3";
import BetterSqlite from "better-sqlite3";
import type { Event } from "../contracts/events.ts";
import type { Laws } from "../flow/check/scenario.ts";
import { viewOf } from "../flow/check/view.ts";
import { type AnyService, consumes } from "../service/define.ts";
import { stateFile } from "./database.ts";
import { garbageName } from "./mischief.ts";
import type { Testimony } from "./testimony.ts";

/** A flow, as it is judged. */
export interface Judged<World> {
  readonly services: readonly AnyService[];
  readonly laws: Laws<World>;
  /** What the outside has in its books of each order. */
  readonly world: (key: string) => World;
}

/** Everything that is broken. `folder` holds the databases; `accepted` are the orders that customers know of. */
export function judge<World>(
  { services, laws, world }: Judged<World>,
  { flow, unreadable, discarded, parked }: Testimony,
  folder: string,
  accepted: readonly string[],
): string[] {
  const stream = [...new Map(flow.map((event) => [event.id, event])).values()];
  const atRest = services.map((service) => {
    const db = new BetterSqlite(stateFile(folder, service.name), { readonly: true });
    return { service, db, store: service.store(db) };
  });
  try {
    const view = viewOf(atRest, { stream, losesCalls: true, world });
    return [
      ...sameIdSameFact(flow),
      ...saidOnce(stream),
      ...caused(stream, services),
      ...placedAndEnded(stream, accepted),
      ...atRest.flatMap(({ service, db }) => handled(service, db, stream)),
      ...setAside(services, { unreadable, discarded, parked }),
      ...atRest.flatMap(({ service, db }) => knownAside(service.name, db, parked)),
      ...laws.always(view),
      ...laws.calm(view),
      ...laws.end(view),
      ...laws.audience(view),
    ];
  } finally {
    for (const { db } of atRest) db.close();
  }
}

/** An event may be stored any number of times, and is the same each time. */
function sameIdSameFact(flow: readonly Event[]): string[] {
  const first = new Map<string, string>();
  return flow.flatMap(({ id, ...fact }) => {
    const text = JSON.stringify(fact);
    const known = first.get(id);
    if (known === undefined) first.set(id, text);
    return known === undefined || known === text ? [] : [`${id} is in the stream as ${known} and as ${text}`];
  });
}

/** No service says the same thing of the same key twice for one cause. */
function saidOnce(stream: readonly Event[]): string[] {
  return repeated(
    stream,
    ({ source, type, key, causationId }) => `${source} says ${type} of ${key} on ${causationId}`,
  );
}

/** No fact without a cause: another fact of the stream, a command, or a deadline. */
function caused(stream: readonly Event[], services: readonly AnyService[]): string[] {
  const ids = new Set(stream.map(({ id }) => id));
  const names = services.flatMap(({ commands, deadlines }) =>
    [...commands, ...deadlines].map(({ name }) => name),
  );
  const byOther = new RegExp(`^(${names.join("|")}) \\S+( [\\da-f]{64})?$`);
  return stream
    .filter(({ causationId }) => !ids.has(causationId) && !byOther.test(causationId))
    .map(({ type, key, causationId }) => `${type} of ${key} is caused by ${causationId}, which is nowhere`);
}

/** Every order that a customer knows of is there once and ends once, and there are no others. */
function placedAndEnded(stream: readonly Event[], accepted: readonly string[]): string[] {
  const known = new Set(accepted);
  const placed = stream.filter(({ type }) => type === "order.created");
  const there = new Set(placed.map(({ key }) => key));
  return [
    ...repeated(placed, ({ key }) => `${key} is placed`),
    ...repeated(placed, ({ causationId }) => `an order is made of ${causationId}`),
    ...accepted.filter((id) => !there.has(id)).map((id) => `${id} was accepted, and is lost`),
    ...[...there].filter((id) => !known.has(id)).map((id) => `${id} was placed, and no customer knows of it`),
  ];
}

/** A service has handled what it listens to, each event once, and nothing else; and all that it says is in the stream. */
function handled(service: AnyService, db: Database, stream: readonly Event[]): string[] {
  const { name } = service;
  const ids = (sql: string) => new Set(db.prepare(sql).pluck().all() as string[]);
  const inbox = ids("SELECT event_id FROM inbox");
  const outbox = ids("SELECT event_id FROM outbox");
  const types = new Set(consumes(service));
  const missed = stream.filter(({ id, type }) => types.has(type) && !inbox.delete(id));
  for (const { id } of stream) outbox.delete(id);
  return [
    ...missed.map(({ type, key }) => `${name} has not handled ${type} of ${key}`),
    ...[...inbox]
      .filter((id) => !garbageName("", id)) // It was given up.
      .map((id) => `${name} has handled ${id}, which is not in the stream`),
    ...[...outbox].map((id) => `${name} has said ${id}, which is not in the stream`),
  ];
}

/** What nobody can read is parked once by each service that listens to its subject, until an operator discards it; nothing else is. */
function setAside(
  services: readonly AnyService[],
  { unreadable, discarded, parked }: Pick<Testimony, "unreadable" | "discarded" | "parked">,
): string[] {
  const due = unreadable.flatMap(({ type, name, place }) =>
    services
      .filter((service) => consumes(service).includes(type) && !discarded.has(`${service.name} ${place}`))
      .map((service) => `${service.name} ${name}`),
  );
  const there = new Set(parked.map(({ service, garbage }) => `${service} ${garbage}`));
  const isGivenUp = ({ service, place }: Testimony["parked"][number]) => discarded.has(`${service} ${place}`);
  return [
    ...due.filter((one) => !there.has(one)).map((one) => `${one} can't be read, and is not parked`),
    ...repeated(
      parked.filter(({ garbage }) => garbage),
      ({ service, garbage }) => `${service} ${garbage} is parked`,
    ),
    ...parked
      .filter(({ garbage }) => !garbage)
      .map(({ service, key, cause }) => `${service} has parked something of ${key}: ${cause}`),
    ...parked
      .filter(({ key, garbage }) => garbage && garbage !== key)
      .map(({ service, key, garbage }) => `${service} ${garbage} holds up ${key}, and nobody discards it`),
    ...parked
      .filter(isGivenUp)
      .map(({ service, key, garbage }) => `${service} ${garbage ?? key} was discarded, and is parked`),
  ];
}

/** A service and the stream PARKED know of the same messages that are put aside; none is under way any more. */
function knownAside(service: string, db: Database, parked: Testimony["parked"]): string[] {
  const own = new Set(parked.filter((entry) => entry.service === service).map(({ place }) => place));
  const rows = db.prepare("SELECT place, key, state FROM parked WHERE state != 'ended'").all() as {
    place: string;
    key: string;
    state: string;
  }[];
  const unknown = rows.filter(({ place, state }) => !own.delete(place) || state === "redriven");
  return [
    ...unknown.map(
      ({ place, key, state }) => `${service} has ${key} aside as ${state}, at ${place}, and PARKED does not`,
    ),
    ...[...own].map((place) => `${service} knows nothing of what PARKED has of it at ${place}`),
  ];
}

/** What the same is said of more than once. */
function repeated<One>(some: readonly One[], say: (one: One) => string): string[] {
  const times = new Map<string, number>();
  for (const one of some) times.set(say(one), (times.get(say(one)) ?? 0) + 1);
  return [...times].filter(([, count]) => count > 1).map(([what, count]) => `${count} times: ${what}`);
}
