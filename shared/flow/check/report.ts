// What a check came to, for a person.

import { type Checked, type CheckedScenario, totals } from "./check.ts";
import { type Move, story } from "./move.ts";
import type { Tried } from "./mutants.ts";

/** One line for a scenario; names are filled up to `width` characters. */
export function scenarioLine({ name, states, transitions, depth, ms }: CheckedScenario, width: number) {
  const size = `${states} states, ${transitions} transitions, depth ${depth}`;
  return `${name.padEnd(width)}  ${size}, ${(ms / 1000).toFixed(1)} s`;
}

/** What is proven; or what is broken, and the shortest way there. */
export function verdict(checked: Checked): string {
  const { tables, scenarios, fault } = checked;
  const last = scenarios.at(-1);
  const faults = [
    ...tables.map((broken) => `Fault in the tables: ${broken}`),
    ...(fault ? [`Fault: ${fault.broken} ("${fault.scenario}")`, ...numbered(fault.moves)] : []),
    ...(last?.incomplete ? [`Not proven: "${last.name}" has too many states.`] : []),
  ];
  if (faults.length > 0) return faults.join("\n");
  const { states, transitions, seconds } = totals(checked);
  return (
    `Proven: ${scenarios.length} scenarios, ${states} states, ${transitions} transitions ` +
    `in ${seconds.toFixed(1)} s, and every order ends well.`
  );
}

/** The story of some moves as numbered lines. */
export function numbered(moves: readonly Move[]): string[] {
  return story(moves).map((line, index) => `${String(index + 1).padStart(4)}  ${line}`);
}

/** One line for what became of a mutant. */
export function mutantLine({ id, outcome, fault }: Tried): string {
  if (!fault) return `${outcome.toUpperCase().padEnd(OUTCOME_WIDTH)}  ${id}`;
  const { broken, scenario, moves } = fault;
  return `${outcome.padEnd(OUTCOME_WIDTH)}  ${id}: ${broken} (${scenario}, ${moves.length} moves)`;
}

const OUTCOME_WIDTH = "not explored".length;

/** How many mutants were caught, and which were not. */
export function mutantSummary(tried: readonly Tried[]): string {
  const some = (wanted: Tried["outcome"], sentence: (ids: string) => string) => {
    const ids = tried.filter(({ outcome }) => outcome === wanted).map(({ id }) => id);
    return ids.length > 0 ? `${ids.length} of ${tried.length} mutants ${sentence(ids.join(", "))}` : [];
  };
  const sentences = [
    some("survives", (ids) => `survive: nothing shows what ${ids} is there for.`),
    some("not explored", (ids) => `have too many states to be explored: ${ids}.`),
  ];
  return sentences.flat().join("\n") || `All ${tried.length} mutants are caught.`;
}
