// Judges by the laws of a flow what is at rest: all that was said is in the stream, and everyone has heard it.

import type { Laws, Row, View } from "../check/scenario.ts";
import type { Broker } from "./broker.ts";
import type { Surroundings } from "./outside.ts";
import type { Station } from "./station.ts";

/** More than there ever are. */
const ALL_WAITS = 1_000_000;

/** What the laws say of a state at rest; at the `end` nothing will ever happen any more. */
export function judge<World>(
  laws: Laws<World>,
  moment: "calm" | "end",
  stations: readonly Station[],
  broker: Broker,
  surroundings: Surroundings<World>,
  losesCalls: boolean,
): string[] {
  const stream = broker.distinct();
  const tables = new Map<string, readonly Row[]>();
  const rows = (service: string, table: string): readonly Row[] => {
    const known = tables.get(`${service} ${table}`);
    if (known) return known;
    const { db } = stations.find(({ name }) => name === service)!;
    const read = db.prepare(`SELECT * FROM "${table}"`).all() as Row[];
    tables.set(`${service} ${table}`, read);
    return read;
  };
  const view: View<World> = {
    said: stream,
    stream,
    services: stations.map(({ name }) => name),
    losesCalls,
    world: (key) => surroundings.world(key),
    rows,
    waits: (service) => waitsOf(stations.find(({ name }) => name === service)!),
    store: (service) => stations.find(({ name }) => name === service)!.runtime!.engine.store,
  };
  if (moment === "calm") return laws.calm(view);
  return [...laws.always(view), ...laws.calm(view), ...laws.end(view), ...laws.audience(view)];
}

function waitsOf({ service, runtime }: Station): string[] {
  const open = service.deadlines.flatMap((deadline) => deadline.open(runtime!.engine.store, ALL_WAITS));
  return open.map(({ key }) => key);
}
