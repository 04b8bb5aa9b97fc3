// Starts and ends traces, as OpenTelemetry's own variables say. What is not in shared/config.ts its exporter reads itself.

import { diag } from "@opentelemetry/api";
import { setGlobalErrorHandler } from "@opentelemetry/core";
import {
  defaultResource,
  detectResources,
  envDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace-base";
import type { Config } from "../config.ts";
import type { Log } from "./log.ts";
import { samplerOf } from "./sampler.ts";
import { Spans } from "./spans.ts";
import { Tracing } from "./tracing.ts";

/** Traces of one process. */
export interface OpenTracing {
  readonly tracing: Tracing;
  /** Sends what is not sent yet, and ends; a receiver that does not answer is left after `timeoutMs`. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** So often, at most, the log tells that spans are lost. */
const COMPLAIN_EVERY_MS = 60_000;

/** Begins to send spans over OTLP. */
export async function openTracing(service: string, config: Config, log: Log): Promise<OpenTracing> {
  const complain = complainTo(log);
  const protocol = config.OTEL_EXPORTER_OTLP_TRACES_PROTOCOL ?? config.OTEL_EXPORTER_OTLP_PROTOCOL;
  const { OTLPTraceExporter } =
    protocol === "http/json"
      ? await import("@opentelemetry/exporter-trace-otlp-http")
      : await import("@opentelemetry/exporter-trace-otlp-proto");
  const maxQueueSize = config.OTEL_BSP_MAX_QUEUE_SIZE;
  const processor = new BatchSpanProcessor(new OTLPTraceExporter(), {
    // OpenTelemetry's own defaults are less than what one burst of deliveries makes, and cost requests all the time.
    maxQueueSize,
    maxExportBatchSize: Math.min(config.OTEL_BSP_MAX_EXPORT_BATCH_SIZE, maxQueueSize),
  });
  const named = resourceFromAttributes({ "service.name": service, "service.namespace": "quadrille" });
  const told = detectResources({ detectors: [envDetector] });
  const resource = defaultResource().merge(named).merge(told);
  log.info("traces are sent over OTLP");
  return {
    tracing: new Tracing(new Spans(samplerOf(config), processor, resource)),
    async close(timeoutMs) {
      const timeout = new Promise<void>((resolve) => setTimeout(resolve, timeoutMs).unref());
      await Promise.race([processor.shutdown().catch(({ message }: Error) => complain(message)), timeout]);
    },
  };
}

/** OpenTelemetry is silent unless somebody listens: the log tells, now and then, that spans can't be sent or are dropped. */
function complainTo(log: Log): (cause: string) => void {
  let quietUntil = 0;
  const complain = (cause: string) => {
    if (performance.now() < quietUntil) return;
    quietUntil = performance.now() + COMPLAIN_EVERY_MS;
    log.warn({ cause }, "spans are lost");
  };
  const ignore = () => {};
  diag.setLogger({ error: complain, warn: complain, info: ignore, debug: ignore, verbose: ignore });
  setGlobalErrorHandler((error) => complain(error instanceof Error ? error.message : String(error)));
  return complain;
}
