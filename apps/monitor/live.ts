// Every look as a server-sent event, for whoever watches.

import type { Context } from "hono";
import { streamSSE } from "hono/streaming";
import { Problem } from "../../shared/http/problem.ts";
import type { Snapshot } from "./poll.ts";

const WATCHERS = 100;
/** A look may take its time: a watcher hears at least that often that the monitor is there. */
const HEARTBEAT_MS = 15_000;

/** What is watched. */
export interface Watched {
  readonly latest: Snapshot | undefined;
  listen(listener: (snapshot: Snapshot) => void): () => void;
}

let watchers = 0;

/** Streams the last look and every later one, until the client leaves. Who reads too slowly misses some. */
export function watch(c: Context, watched: Watched, shown: (snapshot: Snapshot) => unknown) {
  if (c.req.method === "HEAD") return c.body(null, 200, { "content-type": "text/event-stream" });
  if (watchers >= WATCHERS) {
    const detail = `${WATCHERS} watch already: try again later, or ask for /api/consumers.`;
    throw new Problem({ status: 503, type: "too-many-watchers", detail, headers: { "retry-after": "5" } });
  }
  watchers++;

  return streamSSE(c, async (stream) => {
    let wake = () => {};
    const stopListening = watched.listen(() => wake());
    stream.onAbort(() => wake());
    try {
      let told: Snapshot | undefined;
      while (!stream.aborted) {
        const { latest } = watched;
        if (latest && latest !== told) {
          await stream.writeSSE({
            event: "snapshot",
            id: `${latest.at}`,
            data: JSON.stringify(shown(latest)),
          });
        } else await stream.write(": still here\n\n");
        told = latest;
        await new Promise<void>((resolve) => {
          const timer = setTimeout(resolve, HEARTBEAT_MS);
          wake = () => {
            clearTimeout(timer);
            resolve();
          };
          if (watched.latest !== told || stream.aborted) wake(); // It came while the last one was being written.
        });
      }
    } finally {
      stopListening();
      watchers--;
    }
  });
}
