// What a flow brings to be checked: scenarios, a world outside, and the laws that must hold.

import type { Event, FactType } from "../../contracts/events.ts";

/** One beginning, and what may come of it. */
export interface Scenario {
  readonly name: string;
  /** What happened before anything can go wrong. */
  readonly setup: readonly Act[];
  /** What people may do at any later moment, each once or never. */
  readonly acts: readonly Act[];
  /** The calls that are never answered in this scenario, by the port's method; what they ask for may happen all the same. */
  readonly unanswered: readonly string[];
  /** Whether any call may get lost: its sender hears nothing, and it may be carried out later, or never. */
  readonly losesCalls?: boolean;
  /** Whether any service may be killed at any time, between commit and publish, and forget how far it had published. */
  readonly kills?: boolean;
}

/** A command that somebody gives. */
export interface Act {
  readonly who: string;
  /** The end of a sentence: "places the order". */
  readonly does: string;
  readonly service: string;
  readonly command: string;
  readonly key: string;
  readonly input: object;
}

/** A call to the outside: the port's method, and what is asked. */
export interface Request {
  readonly method: string;
  readonly request: { readonly key?: string; readonly id?: string };
}

/** One way in which the outside may carry out a request: its new state, the answer, and how a person would put it. */
export interface Response<World> {
  readonly world: World;
  readonly answer: unknown;
  readonly told: string;
}

/** The world outside of the services, as data that can be compared: JSON. */
export interface Outside<World> {
  readonly start: World;
  /** Everything that the outside may do on a request; a repeat of it has to have the same answer and no second effect. */
  respond(world: World, request: Request): readonly Response<World>[];
}

/** The state of everything, as a law sees it. */
export interface View<World> {
  /** All that was said, whether it is stored in the stream yet or not. */
  readonly said: readonly Event[];
  /** What the stream holds. */
  readonly stream: readonly Event[];
  readonly world: World;
  /** A service's tables, row by row. */
  rows(service: string, table: string): readonly Row[];
  /** Ids of the waits that a service has open. */
  waits(service: string): readonly string[];
}

export type Row = Readonly<Record<string, unknown>>;

/** One thing that a service did. */
export interface Step {
  readonly service: string;
  readonly cause:
    | { readonly event: Event }
    | { readonly command: string; readonly key: string; readonly input: object }
    | { readonly deadline: string; readonly key: string };
  /** What it had heard and said before. */
  readonly heard: ReadonlySet<string>;
  readonly before: readonly Event[];
  readonly said: readonly Event[];
  readonly refused?: string | undefined;
}

/** The laws of a flow; each returns the sentences that say what is broken. */
export interface Laws<World> {
  /** In every state. */
  always(view: View<World>): string[];
  /** On everything that a service does. */
  step(step: Step): string[];
  /** When nothing can happen but that somebody acts or a deadline strikes. */
  calm(view: View<World>): string[];
  /** When nothing can happen any more unless somebody acts. */
  end(view: View<World>): string[];
}

/** A flow with all that is needed to check it. */
export interface Proof<World> {
  readonly scenarios: readonly Scenario[];
  readonly outside: Outside<World>;
  readonly laws: Laws<World>;
}

/** The id of a fact within a check: readable, and the same whatever led to it. */
export function nameOf(key: string, type: FactType, count: number): string {
  return count === 0 ? `${type} of ${key}` : `${type} of ${key}, no. ${count + 1}`;
}
