// Services with planted faults.

import type { Event, FactType } from "../../shared/contracts/events.ts";
import { type AnyService, defineService, type Reaction } from "../../shared/service/define.ts";

type Tables = Omit<Parameters<typeof defineService>[0], "name" | "tables" | "store">;

/** A small service with these reactions, and a store that is never used. */
export function planted(name: string, tables: Tables): AnyService {
  const store = () => ({ load: () => undefined, record: () => {} });
  return defineService({ ...tables, name, tables: "", store });
}

/** The services with one reaction changed: the one of `name` to `event`. */
export function withReaction(
  services: readonly AnyService[],
  name: string,
  event: FactType,
  change: (reaction: Reaction<never, never>) => object,
): AnyService[] {
  const plant = (reaction: Reaction<unknown, unknown>) =>
    reaction.on.includes(event)
      ? { ...reaction, ...change(reaction as unknown as Reaction<never, never>) }
      : reaction;
  return services.map((service) =>
    service.name === name ? { ...service, reactions: service.reactions.map(plant) } : service,
  );
}

/** The services with a store of `name` that takes note of facts otherwise. */
export function withStore(
  services: readonly AnyService[],
  name: string,
  change: (record: (event: Event) => void) => (event: Event) => void,
): AnyService[] {
  return services.map((service) => {
    if (service.name !== name) return service;
    const store: AnyService["store"] = (db) => {
      const { record, ...rest } = service.store(db);
      return { ...rest, record: change(record) };
    };
    return { ...service, store };
  });
}
