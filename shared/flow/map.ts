// The flow as a picture, drawn from the reaction tables: what is in it, and its Mermaid text.

import { type AnyService, emits, isObserver } from "../service/define.ts";
import { nameOf } from "./table.ts";
import { actsOn } from "./tables.ts";
import { duration } from "./words.ts";

/** What a picture of the flow shows, however it is drawn. */
export interface Picture {
  readonly services: readonly Box[];
  /** From people's box first, then in the services' order. */
  readonly arrows: readonly Arrow[];
}

/** A service, and when it does something by itself. */
export interface Box {
  readonly name: string;
  readonly notes: readonly string[];
}

/** From who says these facts to who does something about them; or from people, with their commands. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly labels: readonly string[];
}

/** The box that commands come from, and what stands in it. */
export const PEOPLE = { name: "people", lines: ["people", "customer, operator", "over HTTP"] } as const;

/**
 * What is to be drawn. Terminal facts have no arrow, since nobody does anything about them. A service that hears
 * everything and says nothing is left out: its arrows would cover the rest.
 */
export function picture(services: readonly AnyService[]): Picture {
  const actors = services.filter((service) => !isObserver(service));
  const commands = actors.map(({ name, commands }) =>
    arrow(
      PEOPLE.name,
      name,
      commands.map(({ name }) => name),
    ),
  );
  const facts = actors.flatMap((from) =>
    actors.map((to) =>
      arrow(
        from.name,
        to.name,
        emits(from).filter((type) => actsOn(to, type)),
      ),
    ),
  );
  return {
    services: actors.map((service) => ({ name: service.name, notes: notes(service) })),
    arrows: [...commands, ...facts].filter(({ labels }) => labels.length > 0),
  };
}

/** A Mermaid flowchart of the flow. */
export function flowMap(services: readonly AnyService[]): string {
  const { services: boxes, arrows } = picture(services);
  const nodes = boxes.map(({ name, notes }) => `  ${name}(["${[name, ...notes].join("<br/>")}"])`);
  return [
    "flowchart LR",
    ...(arrows.some(({ from }) => from === PEOPLE.name)
      ? [`  ${PEOPLE.name}["${PEOPLE.lines.join("<br/>")}"]`]
      : []),
    ...nodes,
    ...arrows.map(({ from, to, labels }) => `  ${from} -- "${labels.join("<br/>")}" --> ${to}`),
  ].join("\n");
}

function arrow(from: string, to: string, labels: readonly string[]): Arrow {
  return { from, to, labels };
}

function notes({ reactions, deadlines }: AnyService): string[] {
  const givenUp = reactions.flatMap((reaction) =>
    reaction.giveUp
      ? `gives up ${nameOf(reaction) ?? "a call"} after ${duration(reaction.giveUp.afterMs)}`
      : [],
  );
  return [...givenUp, ...deadlines.map(({ name, emits }) => `at the ${name}: ${emits.join(", ")}`)];
}
