// The flow check: every scenario of a proof, explored to its end.

import type { Event, FactType } from "../../contracts/events.ts";
import { type AnyService, emits } from "../../service/define.ts";
import { tableFaults } from "../tables.ts";
import { Cell, numberOf } from "./cell.ts";
import type { Counterexample } from "./counterexample.ts";
import { Exploration, type Explored, type Fault, MOST_STATES, type Replayed } from "./explore.ts";
import { type Kit, WHOLE_KIT } from "./kit.ts";
import { Numbers } from "./numbers.ts";
import type { Proof, Scenario } from "./scenario.ts";
import type { Given } from "./setting.ts";

/** What the check found: faults of the tables alone, what each scenario came to, and the fault that ended it. */
export interface Checked {
  readonly tables: readonly string[];
  readonly scenarios: readonly CheckedScenario[];
  readonly fault?: (Fault & { readonly scenario: string }) | undefined;
}

export interface CheckedScenario extends Omit<Explored, "streams" | "beginning" | "fault"> {
  readonly name: string;
  /** The facts that are said in it. */
  readonly says: readonly FactType[];
  readonly ms: number;
}

/** What is checked: services, and a kit that may lack something. */
export interface Subject {
  readonly services: readonly AnyService[];
  readonly kit?: Kit;
}

/**
 * Checks flows. What was learned of a service that two checks share is learned once, so that checking many flows that
 * differ in little costs little.
 */
export class Checker<World> {
  readonly #proof: Proof<World>;
  readonly #mostStates: number;
  readonly #events = new Numbers<Event>();
  readonly #ids = new Map<string, string>();
  readonly #cells = new Map<AnyService, Cell>();
  readonly #forgetful = new Map<AnyService, Cell>();

  /** An exploration that comes to more than `mostStates` states is cut off: nothing is proven then. */
  constructor(proof: Proof<World>, mostStates: number = MOST_STATES) {
    this.#proof = proof;
    this.#mostStates = mostStates;
  }

  /**
   * Explores the scenarios of these names, all of them unless given, up to the first fault: first with the services that
   * say something, then the others, which change nothing for those, over every stream that there may be in the end.
   * Tells `onDone` of each. Deterministic but for the milliseconds. Rejects when a scenario can't begin for want of a service.
   */
  async check(
    subject: Subject,
    names?: readonly string[],
    onDone: (scenario: CheckedScenario) => void = () => {},
  ): Promise<Checked> {
    const done: CheckedScenario[] = [];
    const heard = new Set<string>();
    let fault: Checked["fault"];
    for (const scenario of names?.map((name) => this.scenario(name)) ?? this.#proof.scenarios) {
      const begun = Date.now();
      const {
        streams,
        beginning: _,
        fault: found,
        ...explored
      } = await this.#explore(subject, scenario, heard);
      const says = new Set(streams.flat().map((event) => this.#events.values[event]!.type));
      done.push({ name: scenario.name, ...explored, says: [...says].sort(), ms: Date.now() - begun });
      onDone(done.at(-1)!);
      fault = found && { ...found, scenario: scenario.name };
      if (fault || explored.incomplete) break;
    }
    return { tables: tableFaults([...subject.services]), scenarios: done, fault };
  }

  /**
   * The fault of a check; or one of another scenario, if that is told in less moves. Not where it is about a service that
   * only listens, nor by a scenario with things that happened long ago: those are not told, and the story is short for
   * that reason only.
   */
  async shortest(subject: Subject, { fault, scenarios }: Checked): Promise<Checked["fault"]> {
    let best = fault;
    if (!best || best.listener) return best;
    const speaking = subject.services.filter((service) => emits(service).length > 0);
    for (const scenario of this.#proof.scenarios.slice(scenarios.length)) {
      if (scenario.before) continue;
      const { fault } = await this.#exploration(subject, scenario, speaking).run(best.moves.length);
      if (fault && fault.moves.length < best.moves.length) best = { ...fault, scenario: scenario.name };
    }
    return best;
  }

  /** The scenario of this name. Throws when there is none. */
  scenario(name: string): Scenario {
    const scenario = this.#proof.scenarios.find((one) => one.name === name);
    if (!scenario) throw new RangeError(`there is no scenario "${name}"`);
    return scenario;
  }

  /** Lets a fault that was found before happen again, with the services that say something or with one that listens. */
  async replay(subject: Subject, example: Counterexample): Promise<Replayed> {
    const { listener, unreachable } = example;
    const scenario = this.scenario(example.scenario);
    const numbers = (events: readonly Event[]) => events.map((event) => numberOf(this.#events, event));
    const given = listener && { stream: numbers(listener.stream), past: numbers(listener.past) };
    const services = subject.services.filter((service) =>
      listener ? service.name === listener.service : emits(service).length > 0,
    );
    const exploration = () => this.#exploration(subject, scenario, services, given);
    const replayed = await exploration().replay(example.moves, example.broken);
    if (!unreachable || replayed.broken || replayed.begins) return replayed;
    const possible = scenario.possible?.filter((type) => type === unreachable);
    const { fault } = await this.#explored(exploration(), { ...scenario, possible });
    return fault ?? replayed;
  }

  async #explore(subject: Subject, scenario: Scenario, heard: Set<string>): Promise<Explored> {
    const speaking = subject.services.filter((service) => emits(service).length > 0);
    const explored = await this.#explored(this.#exploration(subject, scenario, speaking), scenario);
    if (explored.fault || explored.incomplete || scenario.unheard) return explored;
    const listening = subject.services.filter((service) => emits(service).length === 0);
    let [states, transitions] = [explored.states, explored.transitions];
    for (const stream of explored.streams) {
      for (const service of listening) {
        const name = `${service.name} ${stream} ${scenario.losesCalls === true}`;
        if (heard.has(name)) continue;
        heard.add(name);
        const given = { stream, past: explored.beginning.past };
        const listens = await this.#exploration(subject, scenario, [service], given).run();
        states += listens.states;
        transitions += listens.transitions;
        const { fault, incomplete = false } = listens;
        if (fault || incomplete) return { ...explored, states, transitions, fault, incomplete };
      }
    }
    return { ...explored, states, transitions };
  }

  /** What there is to explore: it is a fault as well if there is no way to a fact that there must be a way to. */
  async #explored(exploration: Exploration<World>, { possible = [] }: Scenario): Promise<Explored> {
    const explored = await exploration.run();
    if (explored.fault || explored.incomplete) return explored;
    const said = new Set(explored.streams.flat().map((event) => this.#events.values[event]!.type));
    const unreachable = possible.find((type) => !said.has(type));
    const broken = `there is no way from here to ${unreachable}`;
    return {
      ...explored,
      ...(unreachable && { fault: { broken, moves: explored.beginning.moves, unreachable } }),
    };
  }

  #exploration(
    { kit = WHOLE_KIT }: Subject,
    scenario: Scenario,
    services: readonly AnyService[],
    given?: Given,
  ): Exploration<World> {
    const { outside, laws } = this.#proof;
    const cells = services.map((service) => this.#cell(service, kit));
    const setting = { scenario, outside, laws, kit, events: this.#events, given };
    return new Exploration(cells, setting, this.#mostStates);
  }

  #cell(service: AnyService, { inbox }: Kit): Cell {
    const cells = inbox ? this.#cells : this.#forgetful;
    const known = cells.get(service);
    if (known) return known;
    const cell = new Cell(service, {
      events: this.#events,
      ids: this.#ids,
      own: this.#proof.laws.own,
      forgets: !inbox,
    });
    cells.set(service, cell);
    return cell;
  }
}

/** What all scenarios came to. */
export function totals({ scenarios }: Checked) {
  const sum = (of: "states" | "transitions" | "ms") =>
    scenarios.reduce((total, scenario) => total + scenario[of], 0);
  return { states: sum("states"), transitions: sum("transitions"), seconds: sum("ms") / 1000 };
}

/** 0 when all is proven, 1 with a fault, 2 when there was too much to explore. */
export function exitCode({ tables, scenarios, fault }: Checked): number {
  if (tables.length > 0 || fault) return 1;
  return scenarios.some(({ incomplete }) => incomplete) ? 2 : 0;
}
