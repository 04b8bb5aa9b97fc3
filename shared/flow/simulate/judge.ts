// Judges by the laws of a flow what is at rest: all that was said is in the stream, and everyone has heard it.

import type { Laws } from "../check/scenario.ts";
import { viewOf } from "../check/view.ts";
import type { Broker } from "./broker.ts";
import type { Surroundings } from "./outside.ts";
import type { Station } from "./station.ts";

/** What the laws say of a state at rest; at the `end` nothing will ever happen any more. */
export function judge<World>(
  laws: Laws<World>,
  moment: "calm" | "end",
  stations: readonly Station[],
  broker: Broker,
  surroundings: Surroundings<World>,
  losesCalls: boolean,
): string[] {
  const view = viewOf(
    stations.map(({ service, db, runtime }) => ({ service, db, store: runtime!.engine.store })),
    { stream: broker.distinct(), losesCalls, world: (key) => surroundings.world(key) },
  );
  if (moment === "calm") return laws.calm(view);
  return [...laws.always(view), ...laws.calm(view), ...laws.end(view), ...laws.audience(view)];
}
