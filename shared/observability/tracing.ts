// Traces: what one order leads to, in all services, as spans of one trace. OpenTelemetry is only loaded with this file.

import { type Attributes, SpanKind } from "@opentelemetry/api";
import { type Event, type FactType, factTypes, knownVersions } from "../contracts/events.ts";
import type { Answering, HttpObserver } from "../http/observer.ts";
import type { Outcome } from "../service/consumer.ts";
import type { OutboxRow } from "../service/engine.ts";
import type { Deciding, Deed, Observer } from "../service/observer.ts";
import type { OpenSpan, Spans } from "./spans.ts";

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
 * decision until it is stored. A fact carries the context of the span that decided it. Attributes are those of
 * OpenTelemetry's semantic conventions where there are any.
 */
export class Tracing implements Observer, HttpObserver {
  readonly #spans: Spans;
  /** The spans of deliveries under way. */
  readonly #deliveries = new Map<Event, OpenSpan>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  taken(event: Event, attempt: number): Event {
    const { type, id, key, traceparent } = event;
    const attributes = messaging("process", type, id, key);
    attributes["quadrille.attempt"] = attempt;
    const span = this.#spans.begin({
      name: `process ${type}`,
      kind: SpanKind.CONSUMER,
      attributes,
      traceparent,
    });
    const seen = { ...event, traceparent: span.traceparent };
    this.#deliveries.set(seen, span);
    return seen;
  }

  ended(outcome: Outcome, event?: Event, cause?: string): void {
    const span = event && this.#deliveries.get(event);
    if (!span) return;
    this.#deliveries.delete(event);
    conclude(span, outcome, cause);
  }

  calling({ type, key, traceparent }: Event): (error?: Error) => void {
    const name = `call for ${type}`;
    const span = this.#spans.begin({
      name,
      kind: SpanKind.CLIENT,
      attributes: about(type, key),
      traceparent,
    });
    return (error) => conclude(span, error ? "failed" : "answered", error?.message);
  }

  paused(event: Event): void {
    this.#deliveries.get(event)?.record?.note("calls are paused");
  }

  deciding({ kind, name, emits }: Deed, key: string, traceparent?: string): Deciding {
    const attributes = emits[0] ? about(emits[0], key) : {};
    const span = this.#spans.begin({ name: `${kind} ${name}`, attributes, traceparent });
    return { traceparent: span.traceparent, ended: (outcome) => conclude(span, outcome) };
  }

  published(rows: readonly OutboxRow[], again?: string): void {
    for (const { type, event_id, key, time, traceparent } of rows) {
      if (!traceparent?.endsWith("1")) continue; // It is not kept.
      const attributes = messaging("send", type, event_id, key);
      if (again) attributes["quadrille.again"] = true;
      const name = `send ${type}`;
      const kind = SpanKind.PRODUCER;
      this.#spans.begin({ name, kind, attributes, traceparent, startMs: time }).end();
    }
  }

  requested(method: string, path: string, traceparent?: string): Answering | undefined {
    if (UNTRACED.has(path)) return undefined;
    const attributes: Attributes = { "http.request.method": method, "url.path": path };
    const span = this.#spans.begin({ name: method, kind: SpanKind.SERVER, attributes, traceparent });
    return {
      traceparent: span.traceparent,
      answered: (route, status) => {
        const { record } = span;
        if (record) {
          record.name = `${method} ${route}`;
          record.attributes["http.route"] = route;
          record.attributes["http.response.status_code"] = status;
          if (status >= 500) record.fail();
        }
        span.end();
      },
    };
  }
}

/** What is done with a message. */
function messaging(operation: "process" | "send", type: FactType, id: string, key: string): Attributes {
  return {
    "messaging.system": "nats",
    "messaging.operation.type": operation,
    "messaging.destination.name": type,
    "messaging.message.id": id,
    [ofOrders.has(type) ? "order.id" : "stock.sku"]: key,
  };
}

/** What a fact is about. */
function about(type: FactType, key: string): Attributes {
  return { [ofOrders.has(type) ? "order.id" : "stock.sku"]: key };
}

function conclude(span: OpenSpan, outcome: string, cause?: string): void {
  const { record } = span;
  if (record) {
    record.attributes["quadrille.outcome"] = outcome;
    if (FAILURES.has(outcome)) record.fail(cause);
  }
  span.end();
}
