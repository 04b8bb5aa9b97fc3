// W3C trace context as a header carries it: https://www.w3.org/TR/trace-context/

const WELL_FORMED = /^(?!ff)[\da-f]{2}-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f]{2}$/;

/** Whether a text is a `traceparent`. */
export function isTraceparent(text: string | undefined): text is string {
  return text !== undefined && WELL_FORMED.test(text);
}

/** The id of the trace that a `traceparent` is a part of. */
export function traceIdOf(traceparent: string): string {
  return traceparent.slice(3, 35);
}

/** The id of the span that a `traceparent` stands for. */
export function spanIdOf(traceparent: string): string {
  return traceparent.slice(36, 52);
}

/** Whether its trace is kept by whoever began it. */
export function isKept(traceparent: string): boolean {
  return (Number.parseInt(traceparent.slice(53), 16) & 1) === 1;
}
