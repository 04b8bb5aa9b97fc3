// The headers of every fact, as a JSON Schema: what shared/nats/headers.ts writes.

const text = (description: string) => ({ type: "string", description });

/** CloudEvents 1.0 in NATS headers, binary mode. */
export const CLOUD_EVENT = {
  type: "object",
  required: [
    "Nats-Msg-Id",
    "ce-specversion",
    "ce-id",
    "ce-type",
    "ce-source",
    "ce-time",
    "ce-causationid",
    "ce-correlationid",
  ],
  properties: {
    "Nats-Msg-Id": text("The same as ce-id: the broker knows a repeat by it for two minutes."),
    "ce-specversion": { const: "1.0" },
    "ce-id": text("Derived from the cause, so that a repeat has the same one."),
    "ce-type": text("The fact."),
    "ce-source": text("The service that says it."),
    "ce-time": { type: "string", format: "date-time", description: "When it was decided." },
    "ce-causationid": text("The id of the event or command that led to it."),
    "ce-correlationid": text("The key of the event that began it all."),
    traceparent: text("The W3C trace context of what decided it, if there is one."),
  },
} as const;
