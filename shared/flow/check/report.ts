// What a check came to, for a person.

import type { Checked, CheckedScenario } from "./check.ts";
import { type Move, story } from "./move.ts";
import type { Tried } from "./mutants.ts";

/** One line for a scenario; names are filled up to `width` characters. */
export function scenarioLine({ name, states, transitions, depth, ms }: CheckedScenario, width: number) {
  const size = `${states} states, ${transitions} transitions, depth ${depth}`;
  return `${name.padEnd(width)}  ${size}, ${(ms / 1000).toFixed(1)} s`;
}

/** What is proven; or what is broken, and the shortest way there. */
export function verdict({ tables, scenarios, fault }: Checked): string {
  const last = scenarios.at(-1);
  const faults = [
    ...tables.map((broken) => `Fault in the tables: ${broken}`),
    ...(fault ? [`Fault: ${fault.broken} ("${fault.scenario}")`, ...numbered(fault.moves)] : []),
    ...(last?.incomplete ? [`Not proven: "${last.name}" has too many states.`] : []),
  ];
  if (faults.length > 0) return faults.join("\n");
  const sum = (of: "states" | "transitions" | "ms") =>
    scenarios.reduce((total, scenario) => total + scenario[of], 0);
  return (
    `Proven: ${scenarios.length} scenarios, ${sum("states")} states, ${sum("transitions")} transitions ` +
    `in ${(sum("ms") / 1000).toFixed(1)} s, and every order ends well.`
  );
}

/** The story of some moves as numbered lines. */
export function numbered(moves: readonly Move[]): string[] {
  return story(moves).map((line, index) => `${String(index + 1).padStart(4)}  ${line}`);
}

/** One line for what became of a mutant. */
export function mutantLine({ id, fault }: Tried): string {
  if (!fault) return `SURVIVES  ${id}`;
  return `caught    ${id}: ${fault.broken} (${fault.scenario}, ${fault.moves.length} moves)`;
}

/** How many mutants were caught, and which were not. */
export function mutantSummary(tried: readonly Tried[]): string {
  const survivors = tried.filter(({ fault }) => !fault).map(({ id }) => id);
  if (survivors.length === 0) return `All ${tried.length} mutants are caught.`;
  return `${survivors.length} of ${tried.length} mutants survive: nothing shows what ${survivors.join(", ")} is there for.`;
}
