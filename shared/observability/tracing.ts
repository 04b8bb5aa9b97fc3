// Traces: what one order leads to, in all services, as spans of one trace. Built on OpenTelemetry, which is only loaded with this file.

import {
  type Attributes,
  type Context,
  ROOT_CONTEXT,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { parseTraceParent } from "@opentelemetry/core";
import { type Event, type FactType, factTypes, knownVersions } from "../contracts/events.ts";
import type { Answering, HttpObserver } from "../http/observer.ts";
import type { Outcome } from "../service/consumer.ts";
import type { OutboxRow } from "../service/engine.ts";
import type { Deciding, Deed, Observer } from "../service/observer.ts";

/** What is asked every few seconds, by machines. */
const UNTRACED = new Set(["/metrics", "/healthz", "/readyz", "/work"]);

const FAILURES: ReadonlySet<string> = new Set<Outcome | "failed">(["retried", "parked", "failed"]);

/** The facts whose key is an order. */
const ofOrders = new Set(
  factTypes.filter((type) =>
    (knownVersions(type).at(-1)!.schema as { fields: { name: string }[] }).fields.some(
      ({ name }) => name === "orderId",
    ),
  ),
);

/**
 * Makes a span of each request, command and deadline, of each delivery, of each try of a call, and of each fact from its
 * decision until it is stored. A fact carries the context of the span that decided it.
 */
export class Tracing implements Observer, HttpObserver {
  readonly #service: string;
  readonly #tracer: Tracer;
  /** The spans of deliveries under way. */
  readonly #deliveries = new Map<Event, Span>();

  constructor(service: string, tracer: Tracer) {
    this.#service = service;
    this.#tracer = tracer;
  }

  taken(event: Event, attempt: number): Event {
    const attributes = {
      ...this.#messaging(event.type, event.id, event.key),
      "messaging.operation.type": "process",
      "messaging.operation.name": "process",
      "messaging.consumer.group.name": this.#service,
      "quadrille.attempt": attempt,
    };
    const options = { kind: SpanKind.CONSUMER, attributes };
    const span = this.#tracer.startSpan(`process ${event.type}`, options, within(event.traceparent));
    const seen = { ...event, traceparent: traceparentOf(span) };
    this.#deliveries.set(seen, span);
    return seen;
  }

  ended(outcome: Outcome, event?: Event, cause?: string): void {
    const span = event && this.#deliveries.get(event);
    if (!span) return;
    this.#deliveries.delete(event);
    conclude(span, outcome, cause);
  }

  calling(event: Event): (error?: Error) => void {
    const options = { kind: SpanKind.CLIENT, attributes: about(event.type, event.key) };
    const span = this.#tracer.startSpan(`call for ${event.type}`, options, within(event.traceparent));
    return (error) => conclude(span, error ? "failed" : "answered", error?.message);
  }

  paused(event: Event): void {
    this.#deliveries.get(event)?.addEvent("calls are paused");
  }

  deciding({ kind, name, emits }: Deed, key: string, traceparent?: string): Deciding {
    const attributes = emits[0] ? about(emits[0], key) : {};
    const span = this.#tracer.startSpan(`${kind} ${name}`, { attributes }, within(traceparent));
    return { traceparent: traceparentOf(span), ended: (outcome) => conclude(span, outcome) };
  }

  published(rows: readonly OutboxRow[], again?: string): void {
    for (const { type, event_id, key, time, traceparent } of rows) {
      if (!traceparent?.endsWith("1")) continue; // Not sampled.
      const attributes = {
        ...this.#messaging(type, event_id, key),
        "messaging.operation.type": "send",
        "messaging.operation.name": "publish",
        ...(again && { "quadrille.again": true }),
      };
      const options = { kind: SpanKind.PRODUCER, attributes, startTime: time };
      this.#tracer.startSpan(`publish ${type}`, options, within(traceparent)).end();
    }
  }

  requested(method: string, path: string, traceparent?: string): Answering | undefined {
    if (UNTRACED.has(path)) return undefined;
    const attributes = { "http.request.method": method, "url.path": path };
    const span = this.#tracer.startSpan(method, { kind: SpanKind.SERVER, attributes }, within(traceparent));
    return {
      traceparent: traceparentOf(span),
      answered: (route, status) => {
        span.updateName(`${method} ${route}`);
        span.setAttributes({ "http.route": route, "http.response.status_code": status });
        if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR });
        span.end();
      },
    };
  }

  #messaging(type: FactType, id: string, key: string): Attributes {
    return {
      "messaging.system": "nats",
      "messaging.destination.name": type,
      "messaging.message.id": id,
      ...about(type, key),
    };
  }
}

/** What a fact is about, as attributes. */
function about(type: FactType, key: string): Attributes {
  return ofOrders.has(type) ? { "order.id": key } : { "stock.sku": key };
}

function conclude(span: Span, outcome: string, cause?: string): void {
  span.setAttribute("quadrille.outcome", outcome);
  if (FAILURES.has(outcome)) span.setStatus({ code: SpanStatusCode.ERROR, ...(cause && { message: cause }) });
  span.end();
}

/** The context whose spans belong under a `traceparent`. */
function within(traceparent: string | undefined): Context {
  const parent = traceparent ? parseTraceParent(traceparent) : null;
  return parent ? trace.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true }) : ROOT_CONTEXT;
}

function traceparentOf(span: Span): string {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return `00-${traceId}-${spanId}-0${traceFlags & 1}`;
}
