// What nobody should send to NATS, and somebody does: old events once more, and what is no event at all.

import { randomBytes } from "node:crypto";
import type { StoredMsg } from "@nats-io/jetstream";
import { headers } from "nats";
import { factTypes } from "../contracts/events.ts";
import { Chance } from "../flow/simulate/chance.ts";
import { FLOW_STREAM } from "../nats/topology.ts";
import type { Fault } from "./plan.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

const REPEATS = 10;
const RECENT = 50;
const WITHIN_MS = 60_000;

/** How the names of garbage begin. */
export const GARBAGE = "chaos-garbage";

/** The name of a piece of garbage: its key or, where it came under the key of an order, its id. Undefined for what is none. */
export function garbageName(key: string, id: string | undefined): string | undefined {
  return [key, id].find((name) => name?.startsWith(GARBAGE));
}

/** Stores some events again, under other ids of the broker: half of them new ones, the others of any age. */
export async function repeatEvents({ seed }: Fault, site: Site): Promise<void> {
  const chance = new Chance(seed);
  for (let count = 0; count < REPEATS; count++) {
    const stored = await anyEvent(site, chance);
    if (!stored) continue;
    await store(site, stored.subject, stored.data, `again-${seed}-${count}`, stored);
  }
}

/**
 * Stores what nobody can read, under the subject of any fact: under a key of its own, or under that of an order, which is then
 * held up by each service that listens, until an operator discards it.
 */
export async function sendGarbage({ seed }: Fault, site: Site): Promise<void> {
  const chance = new Chance(seed);
  const stored = await anyEvent(site, chance);
  const name = `${GARBAGE}-${seed}`;
  const key = chance.is(0.5) ? name : stored ? keyOf(stored) : name;
  const unknownSchema = Buffer.concat([Buffer.from([0xc3, 0x01]), randomBytes(40)]);
  const data = chance.of([randomBytes(40), unknownSchema, Buffer.alloc(0)]);
  await store(site, `${chance.of(factTypes)}.${key}`, data, name, stored, name);
}

/** Stores what an operator said last of a service's messages of a key once more, under another id of the broker. */
export async function repeatWord(site: Site, subject: string, msgID: string): Promise<void> {
  const said = await site.manager.streams.getMessage(FLOW_STREAM, { last_by_subj: subject });
  if (said) await store(site, subject, said.data, msgID, said);
}

/** Any event of the stream, but no garbage. */
function anyEvent(site: Site, chance: Chance): Promise<StoredMsg | undefined> {
  return until(WITHIN_MS, async () => {
    const { state } = await site.manager.streams.info(FLOW_STREAM);
    const from = chance.is(0.5) ? Math.max(state.first_seq, state.last_seq - RECENT) : state.first_seq;
    const stored = await site.manager.streams.getMessage(FLOW_STREAM, {
      seq: chance.between(from, state.last_seq),
    });
    return stored && !garbageName(keyOf(stored), stored.header.get("ce-id")) ? stored : undefined;
  });
}

function keyOf({ subject }: StoredMsg): string {
  return subject.split(".").at(-1)!;
}

/** Publishes until it is stored, with all headers of `like` but the broker's, and under an id of its own if there is one. */
async function store(
  site: Site,
  subject: string,
  data: Uint8Array,
  msgID: string,
  like?: StoredMsg,
  id?: string,
) {
  const copied = headers();
  for (const [name, values] of like?.header ?? []) {
    if (!name.startsWith("Nats-")) for (const value of values) copied.append(name, value);
  }
  if (id) copied.set("ce-id", id);
  await until(WITHIN_MS, () => site.js.publish(subject, data, { headers: copied, msgID }));
}
