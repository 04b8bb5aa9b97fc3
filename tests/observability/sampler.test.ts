// Which traces are kept.

import { describe, expect, it } from "vitest";
import { loadConfig } from "../../shared/config.ts";
import { isTraced } from "../../shared/observability/observing.ts";
import { samplerOf } from "../../shared/observability/sampler.ts";
import { isTraceparent } from "../../shared/observability/traceparent.ts";

const LOW = "0af7651916cd43dd0448eb210000319c";
const HIGH = "ffffffffffffffffffffffffffffffff";

describe("OTEL_TRACES_SAMPLER", () => {
  it.each([
    // The sampler, its share, and whether a root, a child of what is kept, and a child of what is not are kept.
    [undefined, undefined, [true, true, false]],
    ["always_on", undefined, [true, true, true]],
    ["always_off", undefined, [false, false, false]],
    ["parentbased_always_on", undefined, [true, true, false]],
    ["parentbased_always_off", undefined, [false, true, false]],
    ["traceidratio", "0", [false, false, false]],
    ["traceidratio", "1", [true, true, true]],
    ["parentbased_traceidratio", "0", [false, true, false]],
    ["parentbased_traceidratio", "1", [true, true, false]],
  ])("%s with %s keeps root, child of kept and child of not kept as %j", (sampler, share, kept) => {
    const keeps = samplerOf(loadConfig({ OTEL_TRACES_SAMPLER: sampler, OTEL_TRACES_SAMPLER_ARG: share }));
    expect([undefined, true, false].map((parent) => keeps(LOW, parent))).toEqual(kept);
  });

  it("keeps a share by the id of the trace, so that all services keep the same ones", () => {
    const keeps = samplerOf(
      loadConfig({ OTEL_TRACES_SAMPLER: "traceidratio", OTEL_TRACES_SAMPLER_ARG: "0.5" }),
    );
    const ids = Array.from({ length: 2_000 }, (_, n) =>
      ((n * 2_654_435_761) % 2 ** 32).toString(16).padStart(8, "0").repeat(4),
    );
    expect(ids.map((id) => keeps(id, undefined))).toEqual(ids.map((id) => keeps(id, undefined)));
    const kept = ids.filter((id) => keeps(HIGH.slice(0, 24) + id.slice(0, 8), undefined));
    expect(kept.length).toBeGreaterThan(800);
    expect(kept.length).toBeLessThan(1_200);
  });

  it("is refused when it is none that there is", () => {
    expect(() => loadConfig({ OTEL_TRACES_SAMPLER: "sometimes" })).toThrow("OTEL_TRACES_SAMPLER=");
  });
});

describe("traces", () => {
  const ENDPOINT = "http://127.0.0.1:4318";

  it.each([
    [{}, false],
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, true],
    [{ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${ENDPOINT}/v1/traces` }, true],
    [{ OTEL_TRACES_EXPORTER: "otlp" }, true],
    [{ OTEL_TRACES_EXPORTER: "none", OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, false],
    [{ OTEL_SDK_DISABLED: "true", OTEL_EXPORTER_OTLP_ENDPOINT: ENDPOINT }, false],
  ])("with %j are sent: %s", (env, expected) => {
    expect(isTraced(loadConfig(env))).toBe(expected);
  });

  it.each([
    [{ OTEL_EXPORTER_OTLP_ENDPOINT: "collector:4318" }, "OTEL_EXPORTER_OTLP_ENDPOINT="],
    [{ OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }, "OTEL_EXPORTER_OTLP_PROTOCOL="],
    [{ OTEL_TRACES_EXPORTER: "zipkin" }, "OTEL_TRACES_EXPORTER="],
  ])("with %j are refused with a sentence", (env, sentence) => {
    expect(() => loadConfig(env)).toThrow(sentence);
  });
});

describe("a traceparent", () => {
  it.each([
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", true],
    ["cc-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00", true],
    ["ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", false],
    ["00-00000000000000000000000000000000-b7ad6b7169203331-01", false],
    ["00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01", false],
    ["00-0AF7651916CD43DD8448EB211C80319C-b7ad6b7169203331-01", false],
    ["00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01\n", false],
    [undefined, false],
  ])("%j is well-formed: %s", (text, expected) => {
    expect(isTraceparent(text)).toBe(expected);
  });
});
