// Sends a request over a socket of its own, and looks at the answer.

import { connect } from "node:net";
import type { BadRequest } from "./requests.ts";

const ANSWER_WITHIN_MS = 20_000;
/** What Node's own parser says of what it can't read, without a body. */
const PARSER: readonly number[] = [400, 408, 413, 431];

/** An answer, as far as it matters. */
export interface Answer {
  /** 0 when the connection was closed without one. */
  readonly status: number;
  /** Whether there was neither an answer nor an end. */
  readonly isLate: boolean;
  readonly type: string | undefined;
}

/** Sends the request; resolves with the answer, or when the connection is closed without one, or after 20 s. */
export async function knock(base: string, request: BadRequest): Promise<Answer> {
  const { hostname, port } = new URL(base);
  const socket = connect({ host: hostname, port: Number(port), allowHalfOpen: true });
  let heard = "";
  socket.on("error", () => {}); // The answer may come before the request has ended, and tells more.
  socket.on("data", (words) => {
    heard += words;
  });
  const when = (event: string) => new Promise((resolve) => socket.once(event, resolve));
  const ended = Promise.race([when("end"), when("close")]);
  const late = AbortSignal.timeout(ANSWER_WITHIN_MS);
  late.addEventListener("abort", () => socket.destroy());
  socket.write(request.head);
  socket.write(request.body);
  if (request.breaksOff) socket.end();
  while (request.endless && heard === "" && !socket.destroyed && !late.aborted) {
    if (!socket.write(request.endless)) await Promise.race([when("drain"), ended]);
  }
  await ended;
  socket.destroy();
  const [head = ""] = heard.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d{3})/.exec(head)?.[1] ?? 0),
    isLate: late.aborted,
    type: /^content-type: (.*)$/im.exec(head)?.[1]?.trim(),
  };
}

/** What is said of an order that nobody knows: the request itself was taken. */
const UNKNOWN = 404;

/**
 * Whether an answer refuses a request as it should: a 4xx about the request that says why, unless it is the parser's. Who
 * never ends is cut off, and may miss the answer.
 */
export function refuses({ endless }: BadRequest, { status, type, isLate }: Answer): boolean {
  if (isLate) return false;
  if (endless && status === 0) return true;
  if (type === undefined) return PARSER.includes(status);
  return status >= 400 && status < 500 && status !== UNKNOWN && type === "application/problem+json";
}
