// What is explored, and one thing that may happen in it.

import type { Event } from "../../contracts/events.ts";
import type { Kit } from "./kit.ts";
import type { Move } from "./move.ts";
import type { Numbers } from "./numbers.ts";
import type { Laws, Outside, Scenario } from "./scenario.ts";

/** One thing that may happen. Numbers are -1 where nothing changes. */
export interface Successor {
  readonly move: Move;
  /** `sure`: it happens by itself. `late`: it does in the end, since a deadline strikes. `chance`: it may never happen. */
  readonly how: "sure" | "late" | "chance";
  readonly cell: number;
  /** The service's state afterwards. */
  readonly to: number;
  /** How far it has published afterwards: see `progressOf`. */
  readonly progress: number;
  /** What is around afterwards. */
  readonly around: number;
  /** What the service has said with it. */
  readonly said: readonly number[];
  /** The law that it breaks. */
  readonly broken?: string | undefined;
}

/** What a flow is explored with. */
export interface Setting<World> {
  readonly scenario: Scenario;
  readonly outside: Outside<World>;
  readonly laws: Laws<World>;
  readonly events: Numbers<Event>;
  readonly kit?: Kit;
  readonly given?: Given | undefined;
}

/** A stream that is there from the beginning, for services that only listen: numbers of events. */
export interface Given {
  readonly stream: readonly number[];
  /** What of it was heard long ago. */
  readonly past: readonly number[];
}

/** A service that says nothing, and the stream that it hears. */
export interface Listener {
  readonly service: string;
  readonly stream: readonly Event[];
  /** What of it was heard long ago. */
  readonly past: readonly Event[];
}
