// Which of metrics and traces a process has, as its configuration says. What is off is not even loaded.

import type { Config } from "../config.ts";
import type { HttpObserver } from "../http/observer.ts";
import { type Observer, together } from "../service/observer.ts";
import type { Log } from "./log.ts";
import type { Metrics } from "./metrics.ts";

/** What watches one service. */
export interface Observing {
  readonly observer: Observer | undefined;
  readonly http: readonly HttpObserver[];
  readonly metrics: Metrics | undefined;
  /** Sends the last spans; a receiver that does not answer is left after `timeoutMs`. Never rejects. */
  close(timeoutMs: number): Promise<void>;
}

/** Begins to watch a service. */
export async function observe(service: string, config: Config, log: Log): Promise<Observing> {
  const metrics = config.METRICS ? new (await import("./metrics.ts")).Metrics(service) : undefined;
  const traces = isTraced(config)
    ? await (await import("./open-tracing.ts")).openTracing(service, config, log)
    : undefined;
  const all = [metrics, traces?.tracing].filter((one) => one !== undefined);
  return {
    observer: together(all),
    http: all,
    metrics,
    close: async (timeoutMs) => traces?.close(timeoutMs),
  };
}

/** Whether traces are wanted: where there is somewhere to send them to, or the exporter is asked for by name. */
export function isTraced(config: Config): boolean {
  const { OTEL_SDK_DISABLED, OTEL_TRACES_EXPORTER } = config;
  const { OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT } = config;
  if (OTEL_SDK_DISABLED || OTEL_TRACES_EXPORTER === "none") return false;
  return Boolean(OTEL_TRACES_EXPORTER ?? OTEL_EXPORTER_OTLP_TRACES_ENDPOINT ?? OTEL_EXPORTER_OTLP_ENDPOINT);
}
