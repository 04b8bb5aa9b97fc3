// Spans as small records, which OpenTelemetry's processor batches and its exporter sends. Those of its own tracer cost several
// times as much, which is more than the delivery that they are about. Thousands may wait to be sent, and the garbage
// collector passes by all of them: so a span holds texts and numbers, and makes objects of them when it is read.

import {
  type Attributes,
  type AttributeValue,
  type HrTime,
  type SpanContext,
  type SpanKind,
  SpanStatusCode,
} from "@opentelemetry/api";
import type { Resource } from "@opentelemetry/resources";
import {
  RandomIdGenerator,
  type ReadableSpan,
  type SpanProcessor,
  type TimedEvent,
} from "@opentelemetry/sdk-trace-base";
import { hrTime } from "./hr-time.ts";
import type { Sampler } from "./sampler.ts";
import { isKept, isTraceparent, spanIdOf, traceIdOf } from "./traceparent.ts";

/** A span that has begun. */
export interface OpenSpan {
  /** The W3C trace context of what belongs under it. */
  readonly traceparent: string;
  rename(name: string): void;
  set(attribute: string, value: AttributeValue): void;
  /** Notes that something happened meanwhile. */
  note(event: string): void;
  /** Says that it has failed, and why. */
  fail(message?: string): void;
  end(): void;
}

const ids = new RandomIdGenerator();

/** Begins spans, and gives each to the processor when it has ended. */
export class Spans {
  readonly #sampler: Sampler;
  readonly #processor: SpanProcessor;
  readonly #resource: Resource;

  constructor(sampler: Sampler, processor: SpanProcessor, resource: Resource) {
    this.#sampler = sampler;
    this.#processor = processor;
    this.#resource = resource;
  }

  /**
   * Begins a span under a W3C trace context, or else a trace; now, or at a time in milliseconds since 1970. The attributes
   * become its own.
   */
  begin(
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    parent?: string,
    startMs = Date.now(),
  ): OpenSpan {
    const known = isTraceparent(parent) ? parent : undefined;
    const traceId = known ? traceIdOf(known) : ids.generateTraceId();
    if (this.#sampler(traceId, known === undefined ? undefined : isKept(known))) {
      const spanId = ids.generateSpanId();
      const parentSpanId = known && spanIdOf(known);
      const resource = this.#resource;
      const parts = { name, kind, attributes, traceId, spanId, parentSpanId, startMs, resource };
      return new KeptSpan(parts, this.#processor);
    }
    // Who is not seen need not be told apart: what comes of it belongs under its parent.
    return new UnseenSpan(`00-${traceId}-${known ? spanIdOf(known) : ids.generateSpanId()}-00`);
  }
}

/** A span that nobody will see. */
class UnseenSpan implements OpenSpan {
  readonly traceparent: string;

  constructor(traceparent: string) {
    this.traceparent = traceparent;
  }

  rename(): void {}
  set(): void {}
  note(): void {}
  fail(): void {}
  end(): void {}
}

const NONE: never[] = [];
const SCOPE = { name: "quadrille" };
const UNSET = { code: SpanStatusCode.UNSET };

/** What a span begins with. */
type Begun = Pick<
  KeptSpan,
  "name" | "kind" | "attributes" | "traceId" | "spanId" | "parentSpanId" | "startMs" | "resource"
>;

/** A span that is sent when it has ended. */
class KeptSpan implements OpenSpan, Omit<ReadableSpan, "parentSpanContext"> {
  name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId: string | undefined;
  /** In milliseconds since 1970. */
  readonly startMs: number;
  readonly resource: Resource;
  events: TimedEvent[] = NONE;
  status: ReadableSpan["status"] = UNSET;
  ended = false;
  #ms = 0;
  readonly #begunAt = performance.now();
  readonly #now = Date.now();
  readonly #processor: SpanProcessor;

  constructor(begun: Begun, processor: SpanProcessor) {
    this.name = begun.name;
    this.kind = begun.kind;
    this.attributes = begun.attributes;
    this.traceId = begun.traceId;
    this.spanId = begun.spanId;
    this.parentSpanId = begun.parentSpanId;
    this.startMs = begun.startMs;
    this.resource = begun.resource;
    this.#processor = processor;
  }

  get traceparent(): string {
    return `00-${this.traceId}-${this.spanId}-01`;
  }

  rename(name: string): void {
    this.name = name;
  }

  set(attribute: string, value: AttributeValue): void {
    this.attributes[attribute] = value;
  }

  note(name: string): void {
    const time = hrTime(this.startMs + this.#elapsed);
    this.events = [...this.events, { name, time, droppedAttributesCount: 0 }];
  }

  fail(message?: string): void {
    this.status = { code: SpanStatusCode.ERROR, ...(message && { message }) };
  }

  end(): void {
    this.#ms = Math.max(0, this.#elapsed);
    this.ended = true;
    this.#processor.onEnd(this as ReadableSpan);
  }

  /** Milliseconds since its start; a clock that is set since it was begun here does not matter. */
  get #elapsed(): number {
    return performance.now() - this.#begunAt + (this.#now - this.startMs);
  }

  spanContext(): SpanContext {
    return { traceId: this.traceId, spanId: this.spanId, traceFlags: 1 };
  }

  get parentSpanContext(): SpanContext | undefined {
    const { traceId, parentSpanId: spanId } = this;
    return spanId === undefined ? undefined : { traceId, spanId, traceFlags: 1, isRemote: true };
  }

  get startTime(): HrTime {
    return hrTime(this.startMs);
  }

  get endTime(): HrTime {
    return hrTime(this.startMs + this.#ms);
  }

  get duration(): HrTime {
    return hrTime(this.#ms);
  }

  get links(): never[] {
    return NONE;
  }

  get instrumentationScope() {
    return SCOPE;
  }

  get droppedAttributesCount(): number {
    return 0;
  }

  get droppedEventsCount(): number {
    return 0;
  }

  get droppedLinksCount(): number {
    return 0;
  }
}
