// What a receiver of traces reads in an export as protobuf. The numbers are those of opentelemetry-proto, trace/v1; what the
// tests don't look at is left out, and skipped by the decoder as any unknown field is.

import protobuf from "protobufjs";

const { root } = protobuf.parse(`
  syntax = "proto3";
  message Export { repeated ResourceSpans resourceSpans = 1; }
  message ResourceSpans { Resource resource = 1; repeated ScopeSpans scopeSpans = 2; }
  message Resource { repeated KeyValue attributes = 1; }
  message ScopeSpans { repeated Span spans = 2; }
  message Span {
    bytes traceId = 1;
    bytes spanId = 2;
    bytes parentSpanId = 4;
    string name = 5;
    int32 kind = 6;
    fixed64 startTimeUnixNano = 7;
    fixed64 endTimeUnixNano = 8;
    repeated KeyValue attributes = 9;
    repeated Event events = 11;
    Status status = 15;
  }
  message Event { fixed64 timeUnixNano = 1; string name = 2; }
  message Status { string message = 2; int32 code = 3; }
  message KeyValue { string key = 1; AnyValue value = 2; }
  message AnyValue {
    oneof value { string stringValue = 1; bool boolValue = 2; int64 intValue = 3; double doubleValue = 4; }
  }
`);
const Export = root.lookupType("Export");

/** The export in these bytes, as it would look in JSON. Throws when they are no protobuf. */
export function decodeExport(body: Uint8Array): unknown {
  const decoded = Export.toObject(Export.decode(body), { longs: String, arrays: true, objects: true });
  // In OTLP's JSON ids are written in hex, not in base64 as bytes are elsewhere.
  return JSON.parse(JSON.stringify(decoded, (_, value) => hexOf(value)));
}

/** Bytes as hex, whether they came as they are or as a Buffer that has already described itself. */
function hexOf(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  const isBuffer = typeof value === "object" && value !== null && "type" in value && "data" in value;
  return isBuffer && value.type === "Buffer" ? Buffer.from(value.data as number[]).toString("hex") : value;
}
