// The same steps in other orders, and how to play them as far as causes allow.

import type { Event } from "../../shared/contracts/events.ts";
import { isAboutOrder, type Part } from "./flow.ts";
import { type Machine, type Step, settle } from "./machine.ts";

/** What comes first in any case, and the rest, which may change places: the order's events among it. */
export function apart(steps: readonly Step[]): { first: Step[]; rest: Step[]; events: Event[] } {
  const begin = steps.findIndex((step) => "event" in step && isAboutOrder(step.event));
  const rest = begin < 0 ? [] : steps.slice(begin);
  const events = rest.flatMap((step) => ("event" in step ? [step.event] : []));
  return { first: steps.slice(0, steps.length - rest.length), rest, events };
}

export function nameOf(step: Step): string {
  if ("event" in step) return step.event.type;
  return "command" in step ? step.command.name : "time passes";
}

/**
 * Plays the steps in turn, events one by one or as many together as can be. False when one can't be there yet: it depends
 * on a fact of the service's own that was not said so far.
 */
export async function playWhilePossible(
  machine: Machine,
  steps: readonly Step[],
  { dependsOn, together }: { dependsOn: Part["dependsOn"]; together: boolean },
): Promise<boolean> {
  const isPossible = (step: Step) => {
    const said = new Set(machine.facts.map((fact) => fact.type));
    return dependsOn(step).every((needed) => said.has(needed));
  };
  for (const step of steps) {
    if (!isPossible(step)) await settle(machine);
    if (!isPossible(step)) return false;
    if (!("event" in step)) await machine.play(step);
    else if (together) machine.give(step.event);
    else await machine.take(step.event);
  }
  await settle(machine);
  return true;
}

const OVERTAKING = ["cancel", "order.cancellation-requested", "shipment.withdrawn", "order.cancelled"];

/** Whether a cancellation, or the wish for one, comes before something that it came after, or the other way round. */
export function isOvertaken(reordered: readonly Step[], steps: readonly Step[]): boolean {
  const earlier = (of: readonly Step[], name: string) =>
    of
      .slice(
        0,
        Math.max(
          0,
          of.findIndex((step) => nameOf(step) === name),
        ),
      )
      .map(nameOf)
      .sort();
  return OVERTAKING.some((name) => `${earlier(reordered, name)}` !== `${earlier(steps, name)}`);
}

const PERMUTED = 4;

/** Every order of up to four steps; of more, every order of each four that follow each other, and the reverse of all. */
export function reorderings(steps: readonly Step[]): Step[][] {
  if (steps.length <= PERMUTED) return permutations(steps);
  const windows = steps
    .slice(PERMUTED - 1)
    .flatMap((_, start) =>
      permutations(steps.slice(start, start + PERMUTED)).map((window) =>
        steps.toSpliced(start, PERMUTED, ...window),
      ),
    );
  return [...windows, steps.toReversed()];
}

function permutations<T>(of: readonly T[]): T[][] {
  if (of.length === 0) return [[]];
  return of.flatMap((first, index) => permutations(of.toSpliced(index, 1)).map((rest) => [first, ...rest]));
}
