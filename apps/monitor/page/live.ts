// The monitor's looks as they come: connects again when it was cut off, and says since when there has been nothing new.

import type { z } from "zod";
import type * as shapes from "../schemas.ts";
import { POLL_MS } from "./settings.ts";
import { Store } from "./value.ts";

export type Snapshot = z.infer<typeof shapes.snapshot>;
export type Consumer = z.infer<typeof shapes.consumer>;

/** The last look; undefined before the first. */
export const latest = new Store<Snapshot | undefined>(undefined);

/** Since when the monitor has not been heard, in milliseconds since 1970; undefined while it is. */
export const silentSince = new Store<number | undefined>(undefined);

const RETRY_MS = 2_000;
/** A connection that is open and brings nothing for so long is as good as none. */
const SILENCE_MS = Math.max(20_000, 3 * POLL_MS);

let source: EventSource | undefined;
let retry: ReturnType<typeof setTimeout> | undefined;
let heardAt = Date.now();

function connect(): void {
  clearTimeout(retry);
  source?.close();
  source = new EventSource("/api/stream");
  source.addEventListener("snapshot", ({ data }) => heard(JSON.parse(data)));
  source.addEventListener("error", () => cutOff());
}

function heard(snapshot: Snapshot): void {
  heardAt = Date.now();
  silentSince.value = undefined;
  latest.value = snapshot;
}

/** A browser gives up where the answer is an error, and not where there is none: here it is always tried again. */
function cutOff(): void {
  silentSince.value ??= Date.now();
  source?.close();
  clearTimeout(retry);
  retry = setTimeout(connect, RETRY_MS);
}

setInterval(() => {
  if (source && source.readyState !== EventSource.CLOSED && Date.now() - heardAt > SILENCE_MS) cutOff();
}, 1_000);

// A browser has six connections to one address: a tab that nobody sees takes none of them.
document.addEventListener("visibilitychange", () => {
  if (document.visibilityState === "visible") {
    heardAt = Date.now();
    connect();
  } else {
    clearTimeout(retry);
    source?.close();
    source = undefined;
  }
});

connect();
