// Spans on their way out: as protobuf, which is the standard's default, or as JSON, and when nobody takes them.

import { once } from "node:events";
import { createServer, type RequestListener, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../shared/config.ts";
import { createLog } from "../../shared/observability/log.ts";
import { openTracing } from "../../shared/observability/open-tracing.ts";
import { traceIdOf } from "../../shared/observability/traceparent.ts";
import { openReceiver, type ReceivedSpan } from "../support/receiver.ts";

async function listen(answer: RequestListener) {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  const close = async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}

const DEED = { kind: "command", name: "place", emits: ["order.created"] } as const;
const ORDER = "0190c0de-0000-7000-8000-000000000001";

afterEach(() => vi.unstubAllEnvs());

function open(url: string, protocol?: string) {
  const lines: string[] = [];
  vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", url);
  vi.stubEnv("OTEL_EXPORTER_OTLP_PROTOCOL", protocol);
  const env = {
    OTEL_EXPORTER_OTLP_ENDPOINT: url,
    ...(protocol && { OTEL_EXPORTER_OTLP_PROTOCOL: protocol }),
  };
  const log = createLog("till", "info", { write: (line) => void lines.push(line) });
  return { lines, opened: openTracing("till", loadConfig(env), log) };
}

describe("spans", () => {
  it.each([
    [undefined, "application/x-protobuf"],
    ["http/protobuf", "application/x-protobuf"],
    ["http/json", "application/json"],
  ])(
    "travel with the protocol %s as %s, whole, and the last ones go out at the end",
    async (protocol, type) => {
      const receiver = await openReceiver();
      const { opened } = open(receiver.url, protocol);
      const { tracing, close } = await opened;
      const before = Date.now();
      const placing = tracing.deciding(DEED, ORDER);
      const refused = tracing.deciding(DEED, ORDER, placing.traceparent);
      refused.ended("failed");
      placing.ended("done");
      await close(5_000);
      await receiver.close();

      expect([...receiver.types]).toEqual([type]);
      const [child, root] = receiver.spans as [ReceivedSpan, ReceivedSpan];
      expect(receiver.spans).toHaveLength(2);
      expect(root).toMatchObject({
        service: "till",
        name: "command place",
        kind: "INTERNAL",
        parentSpanId: "",
      });
      expect(root.attributes).toMatchObject({ "order.id": ORDER });
      expect(placing.traceparent).toBe(`00-${root.traceId}-${root.spanId}-01`);
      expect(root.traceId).toBe(traceIdOf(placing.traceparent!));
      expect([child.traceId, child.parentSpanId]).toEqual([root.traceId, root.spanId]);
      expect(root.startMs).toBeGreaterThanOrEqual(before - 1);
      expect(root.endMs).toBeGreaterThanOrEqual(root.startMs);
    },
  );

  it("go as many at once as may wait, where that is less", async () => {
    const receiver = await openReceiver();
    const lines: string[] = [];
    const log = createLog("till", "info", { write: (line) => void lines.push(line) });
    vi.stubEnv("OTEL_EXPORTER_OTLP_ENDPOINT", receiver.url);
    vi.stubEnv("OTEL_BSP_SCHEDULE_DELAY", "60000"); // So it is not their age that sends them.
    const config = loadConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_BSP_MAX_QUEUE_SIZE: "2" });
    const { tracing, close } = await openTracing("till", config, log);
    tracing.deciding(DEED, ORDER).ended("done");
    tracing.deciding(DEED, ORDER).ended("done");
    await vi.waitFor(() => expect(receiver.spans).toHaveLength(2), 30_000);
    await close(5_000);
    await receiver.close();

    expect(lines.filter((line) => line.includes("maxExportBatchSize"))).toEqual([]);
  });

  it("that a receiver refuses are told of in the log", async () => {
    const receiver = await listen((_, response) => response.writeHead(400).end());
    const { lines, opened } = open(receiver.url);
    const { tracing, close } = await opened;
    tracing.deciding(DEED, ORDER).ended("done");
    await close(5_000);
    await receiver.close();

    expect(lines.filter((line) => line.includes("spans are lost"))).toHaveLength(1);
  });

  it("that a receiver never answers for hold up no stop", async () => {
    const heldUp: ServerResponse[] = [];
    const receiver = await listen((_, response) => void heldUp.push(response));
    const { opened } = open(receiver.url);
    const { tracing, close } = await opened;
    tracing.deciding(DEED, ORDER).ended("done");
    await close(500);

    await vi.waitFor(() => expect(heldUp.map(({ destroyed }) => destroyed)).toEqual([false]), 30_000);
    await receiver.close();
  });
});
