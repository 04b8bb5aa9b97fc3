// Traces without a receiver: the spans of what a test does, as they end.

import { defaultResource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-base";
import type { Sampler } from "../../shared/observability/sampler.ts";
import { Spans } from "../../shared/observability/spans.ts";
import { Tracing } from "../../shared/observability/tracing.ts";

/** Traces, and the spans that have ended. All are kept unless a sampler says otherwise. */
export function recordedTraces(sampler: Sampler = () => true): { tracing: Tracing; spans: ReadableSpan[] } {
  const spans: ReadableSpan[] = [];
  const processor = {
    onStart() {},
    onEnd: (span: ReadableSpan) => void spans.push(span),
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  return { tracing: new Tracing(new Spans(sampler, processor, defaultResource())), spans };
}
