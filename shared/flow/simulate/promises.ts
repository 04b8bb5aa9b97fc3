// What the kit promises whatever the services decide: judged when all is at rest.

import type { OutboxRow } from "../../service/engine.ts";
import type { Broker } from "./broker.ts";
import type { People } from "./people.ts";
import type { Station } from "./station.ts";

/** The sentences that say which of the kit's promises are broken. */
export function brokenPromises(stations: readonly Station[], broker: Broker, people: People): string[] {
  const broken: string[] = [];
  const unkept = new Set(people.answered);
  let said = 0;
  for (const station of stations) {
    for (const row of outboxOf(station)) {
      said++;
      unkept.delete(row.causation_id);
      broken.push(...ofFact(row, station, broker, people));
    }
    broken.push(...ofDeliveries(station, broker));
  }
  for (const cause of unkept) broken.push(`the command ${cause} was answered, and what it led to is lost`);
  if (said < broker.places.size)
    broken.push(`the stream has ${broker.places.size} facts, and only ${said} were ever said`);
  return broken;
}

/** A fact is stored, after what led to it, and before that is acked. */
function ofFact(row: Said, { name, service }: Station, broker: Broker, people: People): string[] {
  const fact = `${row.type} of ${row.key}`;
  if (!broker.places.has(row.event_id))
    return [`${fact}, said by ${name}, is lost: the stream does not have it`];
  const { firstStored, places, stream } = broker;
  const causePlace = places.get(row.causation_id);
  if (causePlace === undefined) {
    const isDeadline = service.deadlines.some(
      (deadline) => `${deadline.name} ${row.key}` === row.causation_id,
    );
    const isCaused = isDeadline || people.causes.has(row.causation_id);
    return isCaused ? [] : [`${fact}, said by ${name}, has a cause that never was: ${row.causation_id}`];
  }
  const cause = stream[causePlace]!;
  const ackedAt = broker.durables.get(name)!.ackedAt.get(cause.id);
  const storedAt = firstStored.get(row.event_id)!;
  return [
    ...(firstStored.get(cause.id)! < storedAt
      ? []
      : [`${fact} is stored before what led to it: ${cause.type}`]),
    ...(ackedAt === undefined || ackedAt > storedAt
      ? []
      : [`${name} acks ${cause.type} of ${row.key} before ${row.type}, to which it led, is stored`]),
  ];
}

/** Everything that the service listens to has reached it, and was taken up once. */
function ofDeliveries({ name, db, handled }: Station, broker: Broker): string[] {
  const inbox = new Set(db.prepare("SELECT event_id FROM inbox").pluck().all() as string[]);
  const broken: string[] = [];
  for (const place of broker.durables.get(name)!.places) {
    const { id, type, key } = broker.stream[place]!;
    const times = handled.get(id) ?? 0;
    if (times !== 1) broken.push(`${name} has taken up ${type} of ${key} ${times} times`);
    if (!inbox.has(id)) broken.push(`${name} does not know that it has heard ${type} of ${key}`);
  }
  if (handled.size < inbox.size)
    broken.push(`${name} believes to have heard ${inbox.size} facts, and has heard ${handled.size}`);
  return broken;
}

type Said = Pick<OutboxRow, "event_id" | "type" | "key" | "causation_id">;

function outboxOf({ db }: Station): Said[] {
  return db.prepare("SELECT event_id, type, key, causation_id FROM outbox ORDER BY id").all() as Said[];
}
