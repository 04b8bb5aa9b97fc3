// A flow with one thing missing, for each thing that a flow is made of: the check has to find out what each is there for.

import type { FactType } from "../../contracts/events.ts";
import type { AnyService, Reaction } from "../../service/define.ts";
import type { Checked, Checker, Subject } from "./check.ts";
import { type Kit, WHOLE_KIT } from "./kit.ts";

/** A flow that lacks something. */
export interface Mutant extends Subject {
  /** What is missing: `shipping:order.cancelled`, `shipping:order.created:isOpen`, `risk:review-deadline`, `inbox`. */
  readonly id: string;
  /** The facts that it concerns: where none of them is said, nothing is missed. Undefined for all. */
  readonly concerns?: readonly FactType[];
}

/** What became of a mutant: the fault that gave it away, if one did. */
export interface Tried {
  readonly id: string;
  /** `not explored`: there were too many states before a fault was found. */
  readonly outcome: "caught" | "survives" | "not explored";
  readonly fault: Checked["fault"];
}

const KIT: Record<string, Partial<Kit>> = {
  inbox: { inbox: false },
  outbox: { outbox: false },
  "commit-before-publish": { commitsBeforePublish: false },
  "commit-before-ack": { commitsBeforeAck: false },
};

/** Every flow that lacks one thing: a reaction to a fact, a guard, a deadline, or a habit of the kit. */
export function mutants(services: readonly AnyService[]): Mutant[] {
  return [
    ...services.flatMap((service) => [
      ...service.reactions.flatMap((reaction) => reactionMutants(services, service, reaction)),
      ...service.deadlines.map(({ name }) => ({
        id: `${service.name}:${name.replaceAll(" ", "-")}`,
        services: changed(services, service, {
          deadlines: service.deadlines.filter((one) => one.name !== name),
        }),
      })),
    ]),
    ...Object.entries(KIT).map(([id, lacks]) => ({ id, services, kit: { ...WHOLE_KIT, ...lacks } })),
  ];
}

function reactionMutants(
  services: readonly AnyService[],
  service: AnyService,
  reaction: Reaction<unknown, unknown>,
): Mutant[] {
  const { on, if: guards, giveUp, ...rest } = reaction;
  const mutant = (id: string, concerns: readonly FactType[], change: Reaction<unknown, unknown>): Mutant => ({
    id: `${service.name}:${id}`,
    concerns,
    services: changed(services, service, {
      reactions: service.reactions.map((one) => (one === reaction ? change : one)),
    }),
  });
  return [
    ...on.map((type) => mutant(type, [type], { ...reaction, on: on.filter((other) => other !== type) })),
    ...guards.map((guard) =>
      mutant(`${on[0]}:${guard.name}`, on, { ...reaction, if: guards.filter((other) => other !== guard) }),
    ),
    ...(giveUp ? [mutant(`${on[0]}:giveUp`, on, { ...rest, on, if: guards })] : []),
  ];
}

function changed(
  services: readonly AnyService[],
  service: AnyService,
  change: Partial<AnyService>,
): AnyService[] {
  return services.map((one) => (one === service ? { ...service, ...change } : one));
}

/**
 * Checks a mutant in the scenarios of a check that proved the whole flow, the smallest first, up to the first fault.
 */
export async function tryMutant<World>(
  checker: Checker<World>,
  { id, concerns, ...subject }: Mutant,
  proven: Checked,
): Promise<Tried> {
  const names = proven.scenarios
    .filter(({ says }) => !concerns || concerns.some((type) => says.includes(type)))
    .toSorted((one, other) => one.states - other.states)
    .map(({ name }) => name);
  const { fault, scenarios } = await checker.check(subject, names);
  const isCutOff = scenarios.some(({ incomplete }) => incomplete);
  return { id, outcome: fault ? "caught" : isCutOff ? "not explored" : "survives", fault };
}
