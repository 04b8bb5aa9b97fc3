// The flow that is shaken, and what its laws and the books of its outside say when all is at rest.

import type { Event } from "../contracts/events.ts";
import type { Laws } from "../flow/check/scenario.ts";
import type { AnyService } from "../service/define.ts";
import type { Sender } from "./again.ts";
import { judge } from "./judge.ts";
import type { Mail, Sacks } from "./sacks.ts";
import type { Testimony } from "./testimony.ts";

/** A flow, the laws that must hold of it, and how to read the books of its outside. */
export interface Shaken<World> {
  readonly services: readonly AnyService[];
  readonly laws: Laws<World>;
  readonly sender: Sender;
  /** What the outside has in its books of each order. */
  readonly books: (
    folder: string,
    mails: ReadonlyMap<string, readonly Mail[]>,
    stream: readonly Event[],
  ) => (key: string) => World;
}

/** All that is broken. `folder` holds the databases; `accepted` are the orders that customers know of. */
export function verdict<World>(
  { services, laws, books }: Shaken<World>,
  found: Testimony,
  folder: string,
  mails: Sacks,
  accepted: readonly string[],
): string[] {
  const world = books(folder, mails.byId, found.flow);
  return judge({ services, laws, world }, found, folder, accepted);
}
