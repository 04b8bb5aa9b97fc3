// Spans as plain records, which OpenTelemetry's processor batches and its exporter sends. The spans of its own tracer cost as
// much as the delivery that they are about: some 12 µs each, where these cost 2.

import { type Attributes, type HrTime, type SpanContext, SpanKind, SpanStatusCode } from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import {
  RandomIdGenerator,
  type ReadableSpan,
  type SpanProcessor,
  type TimedEvent,
} from "@opentelemetry/sdk-trace-base";
import type { Sampler } from "./sampler.ts";

/** What a span begins with. */
export interface Beginning {
  readonly name: string;
  readonly kind?: SpanKind;
  /** Becomes the span's own: what is added later is written there. */
  readonly attributes: Attributes;
  /** The W3C trace context that it belongs under; without it, it begins a trace. */
  readonly traceparent?: string | undefined;
  /** Unless now: milliseconds since 1970. */
  readonly startMs?: number;
}

/** A span that has begun. */
export interface OpenSpan {
  /** The W3C trace context of what belongs under it. */
  readonly traceparent: string;
  /** What is known of it so far; undefined when nobody will see it. */
  readonly record: SpanRecord | undefined;
  end(): void;
}

const ids = new RandomIdGenerator();
const SCOPE = { name: "quadrille" };

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

  begin({ name, kind = SpanKind.INTERNAL, attributes, traceparent, startMs }: Beginning): OpenSpan {
    const parent = traceparent ? (parseTraceParent(traceparent) ?? undefined) : undefined;
    const traceId = parent?.traceId ?? ids.generateTraceId();
    const isSampled = this.#sampler(traceId, parent && (parent.traceFlags & 1) === 1);
    // Who is not seen need not be told apart: what comes of it belongs under its parent.
    if (!isSampled && parent) return unseen(`00-${traceId}-${parent.spanId}-00`);
    const spanId = ids.generateSpanId();
    if (!isSampled) return unseen(`00-${traceId}-${spanId}-00`);
    const record = new SpanRecord(name, kind, attributes, this.#resource, startMs);
    record.context = { traceId, spanId, traceFlags: 1 };
    if (parent) record.parentSpanContext = parent;
    return {
      traceparent: `00-${traceId}-${spanId}-01`,
      record,
      end: () => {
        record.conclude();
        this.#processor.onEnd(record);
      },
    };
  }
}

function unseen(traceparent: string): OpenSpan {
  return { traceparent, record: undefined, end() {} };
}

const NONE: never[] = [];

/** One span, as exporters read it. */
export class SpanRecord implements ReadableSpan {
  name: string;
  readonly kind: SpanKind;
  readonly attributes: Attributes;
  readonly resource: Resource;
  readonly startTime: HrTime;
  endTime: HrTime = [0, 0];
  duration: HrTime = [0, 0];
  ended = false;
  context: SpanContext | undefined;
  parentSpanContext?: SpanContext;
  status: ReadableSpan["status"] = { code: SpanStatusCode.UNSET };
  events: TimedEvent[] = NONE;
  readonly links = NONE;
  readonly instrumentationScope = SCOPE;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #startMs: number;
  readonly #from: number;

  constructor(name: string, kind: SpanKind, attributes: Attributes, resource: Resource, startMs?: number) {
    this.name = name;
    this.kind = kind;
    this.attributes = attributes;
    this.resource = resource;
    const now = Date.now();
    this.#startMs = startMs ?? now;
    this.#from = performance.now() - (now - this.#startMs);
    this.startTime = hrTime(this.#startMs);
  }

  spanContext(): SpanContext {
    return this.context!;
  }

  /** Says that it has failed, and why. */
  fail(message?: string): void {
    this.status = { code: SpanStatusCode.ERROR, ...(message && { message }) };
  }

  /** Notes that something happened meanwhile. */
  note(name: string): void {
    const time = hrTime(this.#startMs + performance.now() - this.#from);
    this.events = [...this.events, { name, time, droppedAttributesCount: 0 }];
  }

  /** Takes the time: a clock that is set meanwhile does not matter. */
  conclude(): void {
    const ms = Math.max(0, performance.now() - this.#from);
    this.duration = hrTime(ms);
    this.endTime = hrTime(this.#startMs + ms);
    this.ended = true;
  }
}

function hrTime(ms: number): HrTime {
  const seconds = Math.trunc(ms / 1_000);
  return [seconds, Math.round((ms - seconds * 1_000) * 1e6)];
}
