// The flow as a graph of services and facts, from the reaction tables, with how it stands now.

import { factTypes } from "../../shared/contracts/events.ts";
import { PEOPLE, picture } from "../../shared/flow/map.ts";
import { type AnyService, consumes, emits, isObserver } from "../../shared/service/define.ts";
import type { Snapshot } from "./poll.ts";

/** The graph. An observer hears from everyone, and its arrows would cover the rest: it has none. */
export function liveMap(services: readonly AnyService[], snapshot: Snapshot | undefined) {
  const { services: boxes, arrows } = picture(services);
  const rate = (type: string) => Math.round((snapshot?.perSecond[type] ?? 0) * 100) / 100;
  return {
    services: services.map((service) => {
      const stand = snapshot?.consumers.find(({ name }) => name === service.name);
      return {
        name: service.name,
        notes: boxes.find(({ name }) => name === service.name)?.notes ?? [],
        isObserver: isObserver(service),
        status: stand?.status ?? null,
        lag: stand?.lag ?? null,
      };
    }),
    arrows: arrows
      .filter(({ from }) => from !== PEOPLE.name)
      .map(({ from, to, labels }) => ({
        from,
        to,
        facts: labels.map((type) => ({ type, perSecond: rate(type) })),
      })),
    facts: factTypes.flatMap((type) => {
      const saidBy = services.filter((service) => emits(service).includes(type)).map(({ name }) => name);
      const heardBy = services.filter((service) => consumes(service).includes(type)).map(({ name }) => name);
      return saidBy.length + heardBy.length > 0 ? [{ type, saidBy, heardBy, perSecond: rate(type) }] : [];
    }),
    people: arrows
      .filter(({ from }) => from === PEOPLE.name)
      .map(({ to, labels }) => ({ to, commands: labels })),
  };
}
