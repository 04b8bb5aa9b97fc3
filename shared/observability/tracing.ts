// Traces: what one order leads to, in all services, as spans of one trace. OpenTelemetry is only loaded with this file.

import { type Attributes, SpanKind } from "@opentelemetry/api";
import { ENDS } from "../contracts/ends.ts";
import { type Event, type FactType, factTypes, knownVersions } from "../contracts/events.ts";
import type { Answering, HttpObserver } from "../http/observer.ts";
import type { Outcome } from "../service/delivery.ts";
import type { OutboxRow } from "../service/engine.ts";
import type { Arrival, Deciding, Deed, Observer } from "../service/observer.ts";
import type { OpenSpan, Spans } from "./spans.ts";
import { isKept } from "./traceparent.ts";

/** What is asked every few seconds, by machines. */
const UNTRACED = /^\/(metrics|healthz|readyz|standing(\/.*)?)$/;

/** A fact that is stored sooner needs no span of its own, nor does who hears of it sooner and only takes note. */
const WAITS_MS = 1_000;

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
 * Makes a span of each request, command and deadline, of each delivery, of each try of a call, and of each fact that has to
 * wait for NATS or is said again, from its decision until it is stored. A delivery that leads to nothing has one only when it
 * came late or again, or tells how the order ends, which everybody hears. A fact carries the context of the span that decided
 * it. Attributes are those of OpenTelemetry's semantic conventions where there are any.
 */
export class Tracing implements Observer, HttpObserver {
  readonly #spans: Spans;
  /** The spans of deliveries of which there is something to tell. Most are only taken note of. */
  readonly #open = new Map<Event, OpenSpan>();

  constructor(spans: Spans) {
    this.#spans = spans;
  }

  within(event: Event, delivery: Arrival): string {
    let span = this.#open.get(event);
    if (!span) {
      span = this.#begin(event, delivery);
      this.#open.set(event, span);
    }
    return span.traceparent;
  }

  ended(outcome: Outcome, delivery: Arrival, event?: Event, cause?: string): void {
    if (!event) return;
    const { attempt, cameAt } = delivery;
    const isLate = event.time < cameAt - WAITS_MS;
    const isSeen = outcome !== "ignored" || isLate || attempt > 1 || ENDS.includes(event.type);
    const span = this.#open.get(event) ?? (isSeen ? this.#begin(event, delivery) : undefined);
    if (!span) return;
    this.#open.delete(event);
    conclude(span, outcome, cause);
  }

  calling(event: Event): (error?: Error) => void {
    const { type, key, traceparent } = event;
    const within = this.#open.get(event)?.traceparent ?? traceparent;
    const span = this.#spans.begin(`call for ${type}`, SpanKind.CLIENT, about(type, key), within);
    return (error) => conclude(span, error ? "failed" : "answered", error?.message);
  }

  paused(event: Event): void {
    this.#open.get(event)?.note("calls are paused");
  }

  #begin({ type, id, key, traceparent }: Event, { attempt, cameAt }: Arrival): OpenSpan {
    const attributes = messaging("process", type, id, key);
    if (attempt > 1) attributes["quadrille.attempt"] = attempt;
    return this.#spans.begin(`process ${type}`, SpanKind.CONSUMER, attributes, traceparent, cameAt);
  }

  deciding({ kind, name, emits }: Deed, key: string, traceparent?: string): Deciding {
    const attributes = emits[0] ? about(emits[0], key) : {};
    const span = this.#spans.begin(`${kind} ${name}`, SpanKind.INTERNAL, attributes, traceparent);
    return { traceparent: span.traceparent, ended: (outcome) => conclude(span, outcome) };
  }

  published(rows: readonly OutboxRow[], again?: string): void {
    const late = Date.now() - WAITS_MS;
    for (const { type, event_id, key, time, traceparent } of rows) {
      if (traceparent === null || !isKept(traceparent) || (time > late && !again)) continue;
      const attributes = messaging("send", type, event_id, key);
      const span = this.#spans.begin(`send ${type}`, SpanKind.PRODUCER, attributes, traceparent, time);
      if (again) span.set("quadrille.again", true);
      span.end();
    }
  }

  requested(method: string, path: string, traceparent?: string): Answering | undefined {
    if (UNTRACED.test(path)) return undefined;
    const attributes: Attributes = { "http.request.method": method, "url.path": path };
    const span = this.#spans.begin(method, SpanKind.SERVER, attributes, traceparent);
    return {
      traceparent: span.traceparent,
      answered: (route, status) => {
        span.rename(`${method} ${route}`);
        span.set("http.route", route);
        span.set("http.response.status_code", status);
        if (status >= 500) span.fail();
        span.end();
      },
    };
  }
}

/** What is done with a message. The attributes are always the same ones in the same order: so they need little room. */
function messaging(operation: "process" | "send", type: FactType, id: string, key: string): Attributes {
  const attributes = about(type, key);
  attributes["messaging.system"] = "nats";
  attributes["messaging.operation.type"] = operation;
  attributes["messaging.destination.name"] = type;
  attributes["messaging.message.id"] = id;
  return attributes;
}

/** What a fact is about. */
function about(type: FactType, key: string): Attributes {
  return ofOrders.has(type) ? { "order.id": key } : { "stock.sku": key };
}

function conclude(span: OpenSpan, outcome: string, cause?: string): void {
  span.set("quadrille.outcome", outcome);
  if (FAILURES.has(outcome)) span.fail(cause);
  span.end();
}
