// What the parts of one simulated run share, and what a flow brings to be simulated.

import type { Event } from "../../contracts/events.ts";
import type { AnyService } from "../../service/define.ts";
import type { Runtime } from "../../service/runtime.ts";
import type { Act, Laws, Outside } from "../check/scenario.ts";
import type { Chance } from "./chance.ts";
import type { Faults } from "./faults.ts";
import type { Scheduler } from "./scheduler.ts";
import type { Trace } from "./trace.ts";

/** When every simulation begins: milliseconds since 1970. */
export const START = Date.UTC(2026, 0, 5, 9);

/** Shared by all parts of one run. */
export interface Setting {
  readonly scheduler: Scheduler;
  readonly chance: Chance;
  readonly trace: Trace;
  /** What goes wrong, until it is set to nothing. */
  faults: Faults;
  /** What was found to be broken on the way, as sentences. */
  readonly broken: string[];
}

/** What somebody does some time after an order begins. */
export interface Planned extends Act {
  readonly inMs: number;
  /** How often it is tried again when it is refused: whoever does it may be too early. */
  readonly insists?: number;
}

/** What people do in a simulation, all of it by the chance that is handed in. */
export interface Traffic {
  /** What is done before anything goes wrong. */
  opening(chance: Chance): readonly Act[];
  /** All that is done about the order of this number, from 1; the first of it places the order. */
  order(number: number, chance: Chance): readonly Planned[];
  /** How a fact ends an order, in a word or two; undefined for other facts. */
  ending(event: Event): string | undefined;
}

/** A flow with all that is needed to simulate it. */
export interface Simulated<World> {
  readonly services: readonly AnyService[];
  readonly outside: Outside<World>;
  readonly laws: Laws<World>;
  readonly traffic: Traffic;
  /** Puts a service's runtime together; a test may leave something out. */
  readonly assemble?: Assemble;
}

// biome-ignore lint/suspicious/noExplicitAny: any service at all.
export type AnyRuntime = Runtime<any, any>;
type Parts = ConstructorParameters<typeof Runtime>[1];
export type Assemble = (service: AnyService, parts: Parts) => AnyRuntime;
