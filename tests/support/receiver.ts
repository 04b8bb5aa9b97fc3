// A real receiver of traces: an HTTP server that takes OTLP as JSON or protobuf and keeps the spans.

import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { gunzipSync } from "node:zlib";
import { decodeExport } from "./otlp.ts";

/** How a span is called by its number in OTLP. */
const KINDS = ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"] as const;

/** One span as it was received. */
export interface ReceivedSpan {
  readonly service: string;
  readonly name: string;
  readonly kind: (typeof KINDS)[number];
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly isError: boolean;
  readonly attributes: Readonly<Record<string, string | number | boolean>>;
  readonly events: readonly string[];
}

/** What came, and where to send it. */
export interface Receiver {
  readonly url: string;
  readonly spans: readonly ReceivedSpan[];
  /** The content types of all requests. */
  readonly types: ReadonlySet<string>;
  close(): Promise<void>;
}

/** Opens a receiver on a free port of this machine. */
export async function openReceiver(): Promise<Receiver> {
  const spans: ReceivedSpan[] = [];
  const types = new Set<string>();
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const sent = Buffer.concat(chunks);
    const body = request.headers["content-encoding"] === "gzip" ? gunzipSync(sent) : sent;
    const type = `${request.headers["content-type"]}`;
    types.add(type);
    if (request.method !== "POST" || request.url !== "/v1/traces") response.statusCode = 404;
    else if (type.startsWith("application/json")) spans.push(...spansIn(JSON.parse(body.toString())));
    else spans.push(...spansIn(decodeExport(body) as Sent));
    response.setHeader("content-type", type).end(type.startsWith("application/json") ? "{}" : "");
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  const { port } = server.address() as AddressInfo;
  const close = async () => {
    server.closeAllConnections();
    await once(server.close(), "close");
  };
  return { url: `http://127.0.0.1:${port}`, spans, types, close };
}

type Attribute = { key: string; value: Record<string, string | number | boolean> };

interface Sent {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: { spans: SentSpan[] }[];
  }[];
}

interface SentSpan {
  name: string;
  kind: number;
  traceId: string;
  spanId: string;
  parentSpanId?: string;
  startTimeUnixNano: string;
  endTimeUnixNano: string;
  status?: { code?: number } | null;
  attributes: Attribute[];
  events: { name: string }[];
}

function spansIn({ resourceSpans }: Sent): ReceivedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = String(record(resource.attributes)["service.name"]);
    return scopeSpans.flatMap(({ spans }) => spans).map((span) => received(service, span));
  });
}

function received(service: string, span: SentSpan): ReceivedSpan {
  const { name, kind, traceId, spanId, parentSpanId = "", status, attributes, events } = span;
  return {
    service,
    name,
    kind: KINDS[kind]!,
    traceId,
    spanId,
    parentSpanId,
    startMs: Number(span.startTimeUnixNano) / 1e6,
    endMs: Number(span.endTimeUnixNano) / 1e6,
    isError: status?.code === 2,
    attributes: record(attributes),
    events: events.map((event) => event.name),
  };
}

function record(attributes: readonly Attribute[]): Record<string, string | number | boolean> {
  // Whole numbers have 64 bits: as protobuf they come as text.
  const plain = ({ intValue, ...other }: Attribute["value"]) =>
    intValue === undefined ? Object.values(other)[0]! : Number(intValue);
  return Object.fromEntries(attributes.map(({ key, value }) => [key, plain(value)]));
}
