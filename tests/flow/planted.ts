// Small services with nothing but a table, to plant faults in.

import { type AnyService, defineService } from "../../shared/service/define.ts";

type Tables = Omit<Parameters<typeof defineService>[0], "name" | "tables" | "store">;

/** A service with these reactions, and a store that is never used. */
export function planted(name: string, tables: Tables): AnyService {
  const store = () => ({ load: () => undefined, record: () => {} });
  return defineService({ ...tables, name, tables: "", store });
}
