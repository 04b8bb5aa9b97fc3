// The flow as a picture, drawn from the reaction tables.

import type { FactType } from "../contracts/events.ts";
import { type AnyService, consumes, emits, isObserver } from "../service/define.ts";

/**
 * A Mermaid flowchart: services, and the facts that go from who says them to who reacts to them. A service that
 * hears everything and says nothing is left out: its arrows would cover the rest.
 */
export function flowMap(services: readonly AnyService[]): string {
  const actors = services.filter((service) => !isObserver(service));
  const arrows = actors.flatMap((from) => actors.flatMap((to) => arrow(from, to)));
  const nodes = actors.map(({ name }) => `  ${name}([${name}])`);
  const customer = actors
    .filter(({ commands }) => commands.length > 0)
    .flatMap(({ name, commands }) =>
      commands.map((command) => `  http((HTTP)) -- ${command.name} --> ${name}`),
    );
  return ["flowchart LR", ...nodes, ...customer, ...arrows].join("\n");
}

function arrow(from: AnyService, to: AnyService): string[] {
  const facts = emits(from).filter((type) => reactsTo(to, type));
  return facts.length === 0 ? [] : [`  ${from.name} -- "${facts.join("<br/>")}" --> ${to.name}`];
}

/** Whether the fact makes the service do something, rather than only take note. */
function reactsTo(service: AnyService, type: FactType): boolean {
  return (
    consumes(service).includes(type) &&
    service.reactions.some(({ on, decide, call }) => on.includes(type) && (decide || call))
  );
}
