// Server-sent events for whoever watches something: what it is now, each change, and the end.

import { isDeepStrictEqual } from "node:util";
import type { Context } from "hono";
import { type SSEMessage, streamSSE } from "hono/streaming";
import { Problem } from "./problem.ts";

/** Where nothing changes, a watcher hears that often that it is still being told. */
const HEARTBEAT_MS = 15_000;

/** What is watched. */
export interface Watched<State> {
  /** How it is now; undefined as long as there is nothing to see. */
  state(): State | undefined;
  /** A state as it is told. */
  message(state: State): SSEMessage;
  /** Whether nothing follows on a state; unless given, something always may. */
  isLast?(state: State): boolean;
  /** Calls `changed` whenever the state may be another one, until the returned function is called. */
  listen(changed: () => void): () => void;
}

/**
 * What streams something to whoever asks, `most` at a time; the next one is refused with 503, and this `refusal`. Each is told
 * the state and every later one, until it is the last or the client leaves. Who reads too slowly misses some.
 *
 * @example
 * const watch = watching(100, "100 watch already: try again later.");
 * app.get("/stream", (c) => watch(c, clock));
 */
export function watching(most: number, refusal: string) {
  let watchers = 0;

  return <State>(c: Context, watched: Watched<State>): Response => {
    if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
    if (watchers >= most) {
      const headers = { "retry-after": "5" };
      throw new Problem({ status: 503, type: "too-many-watchers", detail: refusal, headers });
    }
    watchers++;

    return streamSSE(c, async (stream) => {
      let wake = () => {};
      const stopListening = watched.listen(() => wake());
      stream.onAbort(() => wake());
      try {
        let told: State | undefined;
        while (!stream.aborted) {
          const state = watched.state();
          const isNew = state !== undefined && !isDeepStrictEqual(state, told);
          if (isNew) await stream.writeSSE(watched.message(state));
          else await stream.write(": still here\n\n");
          if (isNew && watched.isLast?.(state)) return;
          told = state;
          await new Promise<void>((resolve) => {
            const timer = setTimeout(resolve, HEARTBEAT_MS);
            wake = () => {
              clearTimeout(timer);
              resolve();
            };
            // The next state, or the end, may have come while this one was being written.
            if (stream.aborted || !isDeepStrictEqual(watched.state(), told)) wake();
          });
        }
      } finally {
        stopListening();
        watchers--;
      }
    });
  };
}
