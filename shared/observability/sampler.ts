// Which traces are kept, as OTEL_TRACES_SAMPLER has it.

import { ROOT_CONTEXT } from "@opentelemetry/api";
import { SamplingDecision, TraceIdRatioBasedSampler } from "@opentelemetry/sdk-trace-base";
import type { Config } from "../config.ts";

/** Whether a span is kept, by the id of its trace and by whether its parent is, if it has one. */
export type Sampler = (traceId: string, isParentKept: boolean | undefined) => boolean;

/** The sampler that the configuration asks for: all traces, unless it says otherwise. */
export function samplerOf({
  OTEL_TRACES_SAMPLER = "parentbased_always_on",
  OTEL_TRACES_SAMPLER_ARG: share = 1,
}: Pick<Config, "OTEL_TRACES_SAMPLER" | "OTEL_TRACES_SAMPLER_ARG">): Sampler {
  const root = rootSampler(OTEL_TRACES_SAMPLER.replace("parentbased_", ""), share);
  if (!OTEL_TRACES_SAMPLER.startsWith("parentbased_")) return root;
  return (traceId, isParentKept) => isParentKept ?? root(traceId);
}

function rootSampler(name: string, share: number): (traceId: string) => boolean {
  if (name === "always_off") return () => false;
  if (name === "always_on") return () => true;
  const ratio = new TraceIdRatioBasedSampler(share);
  return (traceId) =>
    ratio.shouldSample(ROOT_CONTEXT, traceId).decision === SamplingDecision.RECORD_AND_SAMPLED;
}
