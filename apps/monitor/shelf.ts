// The schemas in the bucket, each with its version and whether this build knows it.

import { type FactType, factTypes, knownVersions } from "../../shared/contracts/events.ts";
import type { NatsObserver } from "../../shared/nats/observer.ts";
import { schemaSubject } from "../../shared/nats/topology.ts";
import { readEntry } from "../../shared/schemas/bucket-entry.ts";

/** One schema of the bucket. */
export interface KeptSchema {
  readonly event: string;
  /** As its writer counts; null where it can't be read. */
  readonly version: number | null;
  readonly fingerprint: string;
  /** When it was put there, in milliseconds since 1970. */
  readonly at: number;
  readonly isKnown: boolean;
  readonly schema: unknown;
}

/** All schemas of the bucket, by event and then in the order in which they were put there. */
export async function shelf(observer: NatsObserver): Promise<KeptSchema[]> {
  const prefix = schemaSubject("");
  const messages = await observer.schemas();
  return messages
    .filter(({ subject }) => subject.startsWith(prefix))
    .map((message) => kept(message.subject.slice(prefix.length), message.time.getTime(), message.string()))
    .sort((a, b) => a.event.localeCompare(b.event) || a.at - b.at);
}

function kept(key: string, at: number, text: string): KeptSchema {
  const dot = key.lastIndexOf(".");
  const event = key.slice(0, dot);
  const fingerprint = key.slice(dot + 1);
  const known = factTypes.includes(event as FactType) ? knownVersions(event as FactType) : [];
  const isKnown = known.some((version) => version.fingerprint === fingerprint);
  try {
    const { version, json } = readEntry(event, fingerprint, text);
    return { event, version, fingerprint, at, isKnown, schema: json };
  } catch {
    return { event, version: null, fingerprint, at, isKnown, schema: null };
  }
}
