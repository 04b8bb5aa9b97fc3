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
  const waits = (name: string) => {
    const { service, runtime } = stations.find((station) => station.name === name)!;
    const open = service.deadlines.flatMap((deadline) => deadline.open(runtime!.engine.store, ALL_WAITS));
    return open.map(({ key }) => key);
  };
  const world = (key: string) => surroundings.world(key);
  const view = { said: stream, stream, losesCalls, world, rows, waits } as unknown as View<World>;
  if (moment === "calm") return laws.calm(view);
  return [...laws.always(view), ...laws.calm(view), ...laws.end(view)];
}
