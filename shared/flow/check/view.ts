// What the laws see of services at rest: all that was said is in the stream.

import type { Database } from "better-sqlite3";
import type { AnyService, Store } from "../../service/define.ts";
import type { Row, View } from "./scenario.ts";

/** A service with its database and its store. */
export interface AtRest {
  readonly service: AnyService;
  readonly db: Database;
  readonly store: Store<unknown>;
}

/** More than there ever are. */
const ALL_WAITS = 1_000_000;

/** The view of these services and of the rest; each table is read once. */
export function viewOf<World>(
  atRest: readonly AtRest[],
  { stream, losesCalls, world }: Pick<View<World>, "stream" | "losesCalls" | "world">,
): View<World> {
  const byName = new Map(atRest.map((one) => [one.service.name, one]));
  const tables = new Map<string, readonly Row[]>();
  return {
    said: stream,
    stream,
    services: [...byName.keys()],
    losesCalls,
    world,
    rows(service, table) {
      const name = `${service} ${table}`;
      const read = () => byName.get(service)!.db.prepare(`SELECT * FROM "${table}"`).all() as Row[];
      const rows = tables.get(name) ?? read();
      tables.set(name, rows);
      return rows;
    },
    waits(name) {
      const { service, store } = byName.get(name)!;
      return service.deadlines.flatMap(({ open }) => open(store, ALL_WAITS).map(({ key }) => key));
    },
    store: (name) => byName.get(name)!.store,
  };
}
