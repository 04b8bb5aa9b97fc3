// How a service stands at one moment.

import type { ParkedState } from "./parked.ts";

/** What there is to do, and what is in the way. */
export interface Standing {
  /** Facts that are not in the stream yet, and when the oldest of them was said, in milliseconds since 1970. */
  readonly outbox: { readonly waiting: number; readonly oldestAt: number | undefined };
  /** Deliveries that were taken and have not ended. */
  readonly underWay: number;
  /** Keys for which a call is under way, or waiting for its turn. */
  readonly lanes: number;
  /** Whether calls are paused, since nobody outside answers. */
  readonly isPaused: boolean;
  /** Messages that are put aside. */
  readonly parked: Readonly<Record<ParkedState, number>>;
}
