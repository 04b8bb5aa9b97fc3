// Facts and events: what services say, and how it travels.

import { checkEvent, DEFAULT_SETTINGS, type Settings } from "../schemas/event.ts";
import { type AvroSchema, Codec, type KnownVersion } from "./avro.ts";
import { type Facts, type NewFacts, schemas, settings } from "./events.generated.ts";

export { type AvroSchema, type KnownVersion, UndecodableError, UnknownSchemaError } from "./avro.ts";
export type * from "./events.generated.ts";
export { MAX_LONG } from "./long.ts";

/** The name of a fact, in the past tense: `stock.reserved`. */
export type FactType = keyof Facts;

/** What a decision says: a fact that has no identity yet. */
export type Fact<T extends FactType = FactType> = {
  [K in T]: { readonly type: K; readonly data: Facts[K] };
}[T];

/** A fact that was said, by whom, when and why. */
export type Event<T extends FactType = FactType> = Fact<T> & {
  /** Derived from the cause, so that a repeat has the same id. CloudEvents `id`. */
  readonly id: string;
  /** The service that said it. CloudEvents `source`. */
  readonly source: string;
  /** What it is about, and the last token of its subject: an order id, or a SKU. */
  readonly key: string;
  /** When it was decided, in milliseconds since 1970. */
  readonly time: number;
  /** The id of the event or command that led to it. */
  readonly causationId: string;
  /** The key of the event that began it all. */
  readonly correlationId: string;
  /** The W3C trace context of what decided it, if there is one. */
  readonly traceparent?: string | undefined;
};

/** Every fact type there is, in alphabetical order. */
export const factTypes = Object.keys(schemas) as FactType[];

const codecs = new Map(
  factTypes.map((type) => [type, new Codec<Facts[FactType], NewFacts[FactType]>(type, schemas[type])]),
);

/**
 * Builds a fact: `fact("order.completed", { orderId })`. Fields with a default may be left out; the fact has them, and
 * equals what its readers will get. Throws a `TypeError`, naming the field, when the data does not fit: for an event
 * without defaults only `encode` notices.
 *
 * An Avro long is a number: a whole one from -2^52 to 2^53 - 2 (`MAX_LONG`). Others are refused, never rounded.
 */
export function fact<T extends FactType>(type: T, data: NewFacts[T]): Fact<T> {
  return { type, data: codecs.get(type)!.complete(data) } as Fact<T>;
}

/** What a fact is about: the order, or for stock adjustments the SKU. */
export function keyOf({ data }: Fact): string {
  return "orderId" in data ? data.orderId : data.sku;
}

/** The subject a fact is published on: its type, then its key. */
export function subjectOf({ type, key }: { type: string; key: string }): string {
  return `${type}.${key}`;
}

/** The parts of a subject, or undefined when no fact type has such a subject. */
export function parseSubject(subject: string): { type: FactType; key: string } | undefined {
  const end = subject.lastIndexOf(".");
  const type = subject.slice(0, end);
  return Object.hasOwn(schemas, type) ? { type: type as FactType, key: subject.slice(end + 1) } : undefined;
}

/** The bytes of a fact's data. Throws, naming the field, when it does not fit its schema. */
export function encode({ type, data }: Fact): Buffer {
  return codecs.get(type)!.encode(data);
}

/**
 * A fact from its bytes, whichever known version wrote them. Throws `UndecodableError`; when it is only the schema that
 * is not known, `UnknownSchemaError`, with the `type` and the `fingerprint` to ask others for.
 */
export function decode(type: FactType, bytes: Uint8Array): Fact {
  return { type, data: codecs.get(type)!.decode(bytes) } as Fact;
}

/** The versions of an event's schema that this build was made with, oldest first: it writes the last of them. */
export function knownVersions(type: FactType): readonly KnownVersion[] {
  return codecs.get(type)!.versions;
}

/** An event's compatibility mode and approved breaks. */
export function settingsOf(type: FactType): Settings {
  return settings[type] ?? DEFAULT_SETTINGS;
}

/**
 * Makes a schema known that others write an event with, for as long as the process lives. Throws, and learns nothing,
 * when this build's newest version can't read all of its data, or 1,000 schemas of the event are known. What is known
 * already is nothing new.
 */
export function learn(type: FactType, schema: AvroSchema): void {
  codecs.get(type)!.learn(schema);
}

/**
 * Makes sure that this build can read every version of every event that its mode promises: by the checker's rules, and
 * by reading samples. Throws, with the checker's words if it has any, when it can't.
 */
export function exerciseReaders(): void {
  for (const [type, codec] of codecs) {
    expectReadable(type, codec.versions);
    codec.exercise();
  }
}

function expectReadable(type: FactType, known: readonly KnownVersion[]): void {
  const versions = known.map(({ version, parsed }) => ({ version, file: type, schema: parsed }));
  const found = checkEvent(type, versions, settingsOf(type)).find(
    ({ direction, reader }) => direction === "BACKWARD" && reader?.version === known.length,
  );
  if (!found) return;
  const { rule, path, cause, mend, reader, writer } = found;
  throw new Error(
    `v${reader!.version} of ${type} can't read v${writer!.version}: ${rule} at ${path}: ${cause} ${mend}`,
  );
}
