// What a flow brings to be checked: scenarios, a world outside, and the laws that must hold.

import type { Event, FactType } from "../../contracts/events.ts";
import type { Performed } from "../../service/engine.ts";

/** One beginning, and what may come of it. */
export interface Scenario {
  readonly name: string;
  /** What happened long ago: it took one way of many, and everyone has heard of it. */
  readonly before?: readonly Act[];
  /** What happens first. */
  readonly setup: readonly Act[];
  /** What people may do at any later moment, as often as they like. */
  readonly acts: readonly Act[];
  /** The calls that are never answered, by the port's method; what they ask for may happen all the same. */
  readonly unanswered?: readonly string[];
  /**
   * Whether the answer to any call may get lost, as when its service is killed meanwhile: the sender hears nothing and
   * calls again; what was asked for may have happened, may still happen later, or never.
   */
  readonly losesCalls?: boolean;
  /**
   * Whether facts are published some time after their commit, one by one, and a service may be killed in between and
   * forget how far it had come. Otherwise they are in the stream at once; who hears of them how late is open anyway.
   */
  readonly kills?: boolean;
  /** Whether the services that say nothing are left out: what several orders have to do with each other does not concern them. */
  readonly unheard?: boolean;
  /** Facts that there must be a way to: where nothing ever happens, nothing goes wrong either. */
  readonly possible?: readonly FactType[] | undefined;
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

/** The world outside of the services. What it knows of one order is data that can be compared: JSON. */
export interface Outside<World> {
  /** What it knows of an order that it never heard of. */
  readonly start: World;
  /**
   * Everything that may be done on a request that is made for the order `key`; a repeat has to have the same answer and
   * no second effect.
   */
  respond(world: World, request: Request, key: string): readonly Response<World>[];
}

/** The state of everything, as a law sees it. */
export interface View<World> {
  /** All that was said, whether it is stored in the stream yet or not. */
  readonly said: readonly Event[];
  /** What the stream holds. */
  readonly stream: readonly Event[];
  /** The services that are looked at. */
  readonly services: readonly string[];
  /** Whether answers to calls may have got lost, so that a call was repeated. */
  readonly losesCalls: boolean;
  /** What the outside knows of an order. */
  world(key: string): World;
  /** A service's tables, row by row. */
  rows(service: string, table: string): readonly Row[];
  /** The keys of the waits that a service has open. */
  waits(service: string): readonly string[];
  /** A service's store, in this state: what it shows. */
  // biome-ignore lint/suspicious/noExplicitAny: each service has its own.
  store(service: string): any;
}

export type Row = Readonly<Record<string, unknown>>;

/** What one service knows. */
export interface Knowledge {
  readonly service: string;
  readonly said: readonly Event[];
  /** What it has heard, each as `type of key`. */
  readonly heard: ReadonlySet<string>;
  /** The keys of the waits that it has open. */
  readonly waits: readonly string[];
  rows(table: string): readonly Row[];
  /** Its store: what it shows. */
  // biome-ignore lint/suspicious/noExplicitAny: each service has its own.
  readonly store: any;
}

/** One thing that a service did. */
export interface Step {
  readonly service: string;
  readonly cause: Cause;
  /** What it had heard, each as `type of key`, and said before. */
  readonly heard: ReadonlySet<string>;
  readonly before: readonly Event[];
  readonly said: readonly Event[];
  readonly refused?: string | undefined;
}

/** Why a service did something. */
export type Cause =
  | { readonly event: Event; readonly performed?: Performed | undefined }
  | { readonly command: string; readonly key: string; readonly input: object }
  | { readonly deadline: string; readonly key: string };

/** The laws of a flow; each returns the sentences that say what is broken. */
export interface Laws<World> {
  /** Of everything that a service does. */
  step(step: Step): string[];
  /** Of every service at any time, whatever the others do. */
  own(knowledge: Knowledge): string[];
  /** Of all that was said and done, at any time. */
  always(view: View<World>): string[];
  /** When nothing can happen but that somebody acts or a deadline strikes. */
  calm(view: View<World>): string[];
  /** When nothing can happen any more unless somebody acts. */
  end(view: View<World>): string[];
  /** Of the services that say nothing, when they have heard all that there is in the end. */
  audience(view: View<World>): string[];
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
