// The flow check: every scenario of a proof, explored to its end.

import { type AnyService, emits } from "../../service/define.ts";
import { tableFaults } from "../tables.ts";
import { Cell } from "./cell.ts";
import { Exploration, type Explored } from "./explore.ts";
import type { Proof } from "./scenario.ts";

/** What the check found: faults of the tables alone, and what each scenario came to. It stops at the first fault. */
export interface Checked {
  readonly tables: readonly string[];
  readonly scenarios: readonly (Explored & { readonly name: string; readonly ms: number })[];
}

/**
 * Explores every scenario with the services that say something; the others change nothing for them. Deterministic but
 * for the milliseconds. Rejects when a scenario can't begin.
 */
export async function checkFlow<World>(
  services: readonly AnyService[],
  { scenarios, outside, laws }: Proof<World>,
): Promise<Checked> {
  const speaking = services.filter((service) => emits(service).length > 0);
  const done: Checked["scenarios"][number][] = [];
  for (const scenario of scenarios) {
    const begun = Date.now();
    const cells = speaking.map((service) => new Cell(service));
    const explored = await new Exploration(cells, scenario, outside, laws).run();
    for (const cell of cells) cell.close();
    done.push({ name: scenario.name, ...explored, ms: Date.now() - begun });
    if (explored.fault || explored.incomplete) break;
  }
  return { tables: tableFaults([...services]), scenarios: done };
}

/** 0 when all is proven, 1 with a fault, 2 when there was too much to explore. */
export function exitCode({ tables, scenarios }: Checked): number {
  if (tables.length > 0 || scenarios.some(({ fault }) => fault)) return 1;
  return scenarios.some(({ incomplete }) => incomplete) ? 2 : 0;
}

/** The result for a person: a line for each scenario, and the shortest way to a fault. */
export function report(checked: Checked): string {
  const { tables, scenarios } = checked;
  const lines = scenarios.map(({ name, states, transitions, depth, ms }) => {
    const size = `${states} states, ${transitions} transitions, depth ${depth}`;
    return `${name.padEnd(36)} ${size}, ${(ms / 1000).toFixed(1)} s`;
  });
  const last = scenarios.at(-1);
  const told = last?.fault?.moves.map((move, index) => `${String(index + 1).padStart(4)}  ${move}`) ?? [];
  const verdicts = [
    ...tables.map((fault) => `Fault in the tables: ${fault}`),
    ...(last?.fault ? [`Fault: ${last.fault.broken}`, ...told] : []),
    ...(last?.incomplete ? [`Not proven: "${last.name}" has too many states.`] : []),
  ];
  const states = scenarios.reduce((sum, scenario) => sum + scenario.states, 0);
  const proven = `Proven: ${scenarios.length} scenarios, ${states} states, and every order ends well.`;
  return [...lines, "", ...(verdicts.length > 0 ? verdicts : [proven])].join("\n");
}

/** The services without the reaction of one to one fact: `shipping:order.cancelled`. Undefined when there is none. */
export function without(services: readonly AnyService[], what: string): AnyService[] | undefined {
  const [name, event] = what.split(":");
  let found = false;
  const rest = services.map((service) => ({
    ...service,
    reactions: service.reactions.map((reaction) => {
      if (service.name !== name || !reaction.on.includes(event as never)) return reaction;
      found = true;
      return { ...reaction, on: reaction.on.filter((type) => type !== event) };
    }),
  }));
  return found ? rest : undefined;
}
