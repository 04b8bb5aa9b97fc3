// Circles of reactions: facts that lead to themselves.

import type { FactType } from "../contracts/events.ts";
import type { AnyService } from "../service/define.ts";

/** One step of a circle: on the fact `on`, the service may say `said`, as often as it likes. */
interface Step {
  readonly service: string;
  readonly on: FactType;
  readonly said: FactType;
}

/**
 * A sentence for each circle of reactions in which none has `atMost`: a shortest one through every fact that is on
 * any. Where facts go round, something else than the state at hand must end it.
 */
export function circles(services: readonly AnyService[]): string[] {
  const steps = services.flatMap(({ name, reactions }) =>
    reactions
      .filter(({ atMost }) => atMost === undefined)
      .flatMap(({ on, emits }) =>
        on.flatMap((on) => emits.map((said): Step => ({ service: name, on, said }))),
      ),
  );
  const starts = [...new Set(steps.map(({ on }) => on))].sort();
  const found = new Map<string, string>();
  for (const start of starts) {
    const circle = shortestCircle(start, steps);
    const facts = circle
      ?.map(({ on }) => on)
      .sort()
      .join();
    if (circle && facts && !found.has(facts)) found.set(facts, sentence(circle));
  }
  return [...found.values()];
}

function shortestCircle(start: FactType, steps: readonly Step[]): Step[] | undefined {
  const seen = new Set<FactType>();
  let paths: Step[][] = steps.filter(({ on }) => on === start).map((step) => [step]);
  while (paths.length > 0) {
    const whole = paths.find((path) => path.at(-1)!.said === start);
    if (whole) return whole;
    // One path to each fact is enough: whichever comes first is a shortest one.
    const fresh = paths.filter((path) => !seen.has(path.at(-1)!.said) && seen.add(path.at(-1)!.said));
    paths = fresh.flatMap((path) =>
      steps.filter(({ on }) => on === path.at(-1)!.said).map((step) => [...path, step]),
    );
  }
  return undefined;
}

function sentence(circle: readonly Step[]): string {
  const way = circle.map(({ service, said }) => ` -> ${said} (${service})`).join("");
  return `${circle[0]!.on}${way} goes round without end: no reaction on the way has atMost.`;
}
