// Faults that can be seen in the reaction tables alone, before anything runs.

import type { FactType } from "../contracts/events.ts";
import { type AnyService, consumes, emits } from "../service/define.ts";
import { circles } from "./circles.ts";

/**
 * What is wrong with the tables when they are put together, and how it is mended, as sentences; none when all is well. Every fact that
 * somebody listens for is said; every fact that is said makes somebody do something or is `terminal`, and not both;
 * and wherever reactions go round in a circle, one of them has `atMost`.
 */
export function tableFaults(services: readonly AnyService[]): string[] {
  return [...unsaid(services), ...unheard(services), ...terminals(services), ...circles(services)];
}

/** Whether the fact makes the service do something, rather than only take note. */
export function actsOn({ reactions }: AnyService, type: FactType): boolean {
  return reactions.some(({ on, decide, call }) => on.includes(type) && (decide || call));
}

function unsaid(services: readonly AnyService[]): string[] {
  const said = new Set(services.flatMap(emits));
  return [...new Set(services.flatMap(consumes))]
    .filter((type) => !said.has(type))
    .map((type) => {
      const listeners = services.filter((service) => consumes(service).includes(type));
      const verb = listeners.length === 1 ? "listens" : "listen";
      return `${names(listeners)} ${verb} for ${type}, which nobody says: let a service emit it, or take it out of ${files(listeners)}.`;
    });
}

function unheard(services: readonly AnyService[]): string[] {
  return [...new Set(services.flatMap(emits))].flatMap((type) => {
    const speakers = services.filter((service) => emits(service).includes(type));
    const isTerminal = speakers.some(({ terminal }) => terminal.includes(type));
    if (isTerminal || services.some((service) => actsOn(service, type))) return [];
    const verb = speakers.length === 1 ? "says" : "say";
    return `${names(speakers)} ${verb} ${type}, and nobody does anything about it: let a service react to it, or list it under terminal in ${files(speakers)}.`;
  });
}

function terminals(services: readonly AnyService[]): string[] {
  return services.flatMap((service) =>
    service.terminal.flatMap((type) => {
      if (!emits(service).includes(type)) {
        return `${service.name} declares ${type} terminal, and never says it: take it out of terminal in ${files([service])}.`;
      }
      const actors = services.filter((other) => actsOn(other, type));
      if (actors.length === 0) return [];
      const verb = actors.length === 1 ? "acts" : "act";
      return `${service.name} declares ${type} terminal, and ${names(actors)} ${verb} on it: take it out of terminal in ${files([service])}.`;
    }),
  );
}

function names(services: readonly AnyService[]): string {
  return services.map(({ name }) => name).join(" and ");
}

/** Where the tables are. */
function files(services: readonly AnyService[]): string {
  return services.map(({ name }) => `apps/${name}/service.ts`).join(" or ");
}
