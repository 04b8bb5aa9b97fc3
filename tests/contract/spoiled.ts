// Services that are spoiled on purpose: with a bug, or with decisions that say too much.

import { type Event, type Fact, type FactType, fact } from "../../shared/contracts/events.ts";
import type { AnyService, Reaction } from "../../shared/service/define.ts";
import { ORDER } from "./flow.ts";

/** Bugs that show on one order's events. */
export const BUGS: readonly { name: string; plant: (service: AnyService, orderId: string) => AnyService }[] =
  [
    {
      name: "a decision",
      plant: (service, orderId) => ({
        ...service,
        reactions: service.reactions.map(unguarded).map((reaction) => ({
          ...reaction,
          decide: (state, event, outcome) => {
            if (event.key === orderId) throw new Error("a bug");
            return reaction.decide?.(state, event, outcome) ?? [];
          },
        })),
      }),
    },
    {
      name: "the store",
      plant: (service, orderId) => ({
        ...service,
        store: (db) => {
          const store = service.store(db);
          return {
            ...store,
            record(event: Event) {
              if (event.key === orderId && event.source !== service.name) throw new Error("a bug");
              store.record(event);
            },
          };
        },
      }),
    },
  ];

/** The service with decisions that say one fact too many, after those that may be said. */
export function talkative(service: AnyService): AnyService {
  const tooMany = (emits: readonly FactType[]): Fact =>
    emits.includes("order.completed")
      ? fact("shipment.waived", { orderId: ORDER })
      : fact("order.completed", { orderId: ORDER });
  return {
    ...service,
    reactions: service.reactions.map(unguarded).map((reaction) => ({
      ...reaction,
      decide: (state, event, outcome) => [
        ...(reaction.decide?.(state, event, outcome) ?? []),
        tooMany(reaction.emits),
      ],
    })),
    deadlines: service.deadlines.map((deadline) => ({
      ...deadline,
      decide: (state: unknown, key: string) => [
        ...deadline.decide(state, key),
        tooMany(deadline.emits as FactType[]),
      ],
    })),
    commands: service.commands.map((command) => ({
      ...command,
      decide: (state: unknown, input: unknown) => [
        ...(command.decide(state, input) as Fact[]),
        tooMany(command.emits as FactType[]),
      ],
    })),
  };
}

/** The same reaction with its guards further inside, so that its decision has its say on every event. */
function unguarded(reaction: Reaction<unknown, unknown>): Reaction<unknown, unknown> {
  const { request, decide } = reaction;
  const holds = (state: unknown) => reaction.if.every((guard) => guard(state));
  return {
    ...reaction,
    if: [],
    ...(request && { request: (state, event) => (holds(state) ? request(state, event) : undefined) }),
    decide: (state, event, outcome) => (holds(state) ? (decide?.(state, event, outcome) ?? []) : []),
  };
}
