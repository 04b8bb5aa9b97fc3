// Facts and events: what services say, and how it travels.

import { codec } from "./avro.ts";
import { type Facts, schemas } from "./events.generated.ts";

export { UndecodableError } from "./avro.ts";
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
  /** W3C trace context, if the cause carried one. */
  readonly traceparent?: string;
};

/** Every fact type there is, in alphabetical order. */
export const factTypes = Object.keys(schemas) as FactType[];

/** Builds a fact: `fact("order.completed", { orderId })`. */
export function fact<T extends FactType>(type: T, data: Facts[T]): Fact<T> {
  return { type, data } as Fact<T>;
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

const codecs = new Map(factTypes.map((type) => [type, codec<unknown>(schemas[type] as never)]));

/** The bytes of a fact's data. Throws, naming the field, when it does not fit its schema. */
export function encode({ type, data }: Fact): Buffer {
  return codecs.get(type)!.encode(data);
}

/** A fact from its bytes, whichever released version wrote them. Throws `UndecodableError`. */
export function decode(type: FactType, bytes: Uint8Array): Fact {
  return { type, data: codecs.get(type)!.decode(bytes) } as Fact;
}
