// Every look as a server-sent event, for whoever watches.

import type { Context } from "hono";
import { watching } from "../../shared/http/watching.ts";
import type { Snapshot } from "./poll.ts";

const WATCHERS = 100;

/** Where looks come from. */
export interface Looks {
  readonly latest: Snapshot | undefined;
  listen(listener: () => void): () => void;
}

const stream = watching(WATCHERS, `${WATCHERS} watch already: try again later, or ask for /api/consumers.`);

/** Streams the last look and every later one, until the client leaves. Who reads too slowly misses some. */
export function watch(c: Context, looks: Looks, shown: (snapshot: Snapshot) => unknown) {
  return stream<Snapshot>(c, {
    state: () => looks.latest,
    message: (look) => ({ event: "snapshot", id: `${look.at}`, data: JSON.stringify(shown(look)) }),
    listen: (changed) => looks.listen(changed),
  });
}
