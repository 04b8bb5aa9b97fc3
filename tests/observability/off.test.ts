// What is off costs nothing: neither prom-client nor OpenTelemetry is even loaded. Seen in a process of its own.

import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { projectRoot } from "../../shared/stack/project.ts";

const at = (path: string) => JSON.stringify(join(projectRoot, "dist", "shared", path));

beforeAll(() => {
  execFileSync(join(projectRoot, "node_modules/.bin/tsc"), ["-p", projectRoot], { cwd: projectRoot });
});

/** Begins to watch as a service does at its start, and lists the packages that were loaded for it. */
function loadedWith(env: NodeJS.ProcessEnv): string[] {
  const script = `
    const { createRequire } = await import("node:module");
    await import(${at("service/run.js")});
    const { observe } = await import(${at("observability/observing.js")});
    const { createLog } = await import(${at("observability/log.js")});
    const { loadConfig } = await import(${at("config.js")});
    await observe("till", loadConfig(), createLog("till", "silent"));
    const files = Object.keys(createRequire(${at("config.js")}).cache);
    const names = files.map((file) => /node_modules\\/((@[^/]+\\/)?[^/]+)/.exec(file)?.[1]);
    console.log(JSON.stringify([...new Set(names)]));
    process.exit();`;
  const { PATH, HOME } = process.env;
  const all = execFileSync(process.execPath, ["--input-type=module", "-e", script], {
    env: { PATH, HOME, ...env },
    encoding: "utf8",
  });
  return (JSON.parse(all) as string[]).filter((name) => /^(prom-client|@opentelemetry)/.test(name)).sort();
}

describe("a service", () => {
  it("loads nothing to watch it when nobody does", () => {
    expect(loadedWith({ METRICS: "off" })).toEqual([]);
  });

  it("loads no traces when there is nowhere to send them to", () => {
    // prom-client brings the interface of OpenTelemetry, which does nothing by itself.
    expect(loadedWith({})).toEqual(["@opentelemetry/api", "prom-client"]);
  });

  it("loads them when there is", () => {
    const loaded = loadedWith({ METRICS: "off", OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:4318" });
    expect(loaded).toContain("@opentelemetry/exporter-trace-otlp-proto");
    expect(loaded).not.toContain("@opentelemetry/exporter-trace-otlp-http");
    expect(loaded).not.toContain("prom-client");
  });
});
