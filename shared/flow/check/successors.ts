// What may happen next in a state of everything: a row of numbers, one for each service and one for all that is around.

import type { Event } from "../../contracts/events.ts";
import type { Reaction } from "../../service/define.ts";
import { Surroundings } from "./around.ts";
import { type Cell, NOW, START, type Stepped } from "./cell.ts";
import { type Kit, unkept, WHOLE_KIT } from "./kit.ts";
import type { Move } from "./move.ts";
import type { Numbers } from "./numbers.ts";
import type { Act, Cause, Laws, Outside, Scenario } from "./scenario.ts";

/** One thing that may happen. Numbers are -1 where nothing changes. */
export interface Successor {
  readonly move: Move;
  /** `sure`: it happens by itself. `late`: it does in the end, since a deadline strikes. `chance`: it may never happen. */
  readonly how: "sure" | "late" | "chance";
  readonly cell: number;
  /** The service's state afterwards. */
  readonly to: number;
  /** How far it has published afterwards: see {@link progress}. */
  readonly progress: number;
  /** What is around afterwards. */
  readonly around: number;
  /** What the service has said with it. */
  readonly said: readonly number[];
  /** The law that it breaks. */
  readonly broken?: string | undefined;
}

/** What a flow is explored with. */
export interface Setting<World> {
  readonly scenario: Scenario;
  readonly outside: Outside<World>;
  readonly laws: Laws<World>;
  readonly events: Numbers<Event>;
  readonly kit?: Kit;
  readonly given?: Given | undefined;
}

/** A stream that is there from the beginning, for services that only listen: numbers of events. */
export interface Given {
  readonly stream: readonly number[];
  /** What of it was heard long ago. */
  readonly past: readonly number[];
}

/** A service that says nothing, and the stream that it hears. */
export interface Listener {
  readonly service: string;
  readonly stream: readonly Event[];
  /** What of it was heard long ago. */
  readonly past: readonly Event[];
}

interface Asking {
  readonly reaction: Reaction<unknown, unknown>;
  readonly request: unknown;
  readonly byAround: Map<number, readonly Successor[]>;
}

/** The most facts of one service; and of events in one check. */
const MOST_FACTS = 64;
const MOST_EVENTS = 65_536;
/** The most moves until what happened long ago has come to rest. */
const MOST_BEFORE = 1_000;

/** Finds what may happen next. What depends on one service alone is worked out once. */
export class Successors<World> {
  readonly cells: readonly Cell[];
  readonly surroundings: Surroundings<World>;
  readonly width: number;
  readonly start: Int32Array;
  /** How it began. */
  readonly setup: Move[] = [];
  /** What was in the stream when the scenario began: numbers of events. */
  past: readonly number[] = [];
  /** The law that the beginning breaks. */
  stillborn: string | undefined;
  readonly #setting: Setting<World>;
  readonly #kit: Kit;
  readonly #heard: Map<number, readonly Successor[] | Asking>[];
  readonly #others: Map<number, readonly Successor[]>[];
  readonly #late = new Map<number, readonly Successor[]>();

  constructor(cells: readonly Cell[], setting: Setting<World>) {
    this.cells = cells;
    this.#setting = setting;
    this.#kit = setting.kit ?? WHOLE_KIT;
    this.surroundings = new Surroundings(setting.outside, setting.scenario);
    this.width = cells.length * (setting.scenario.kills ? 2 : 1) + 1;
    this.#heard = cells.map(() => new Map());
    this.#others = cells.map(() => new Map());
    this.start = new Int32Array(this.width);
  }

  /** Lets the scenario begin; to be called once, first. Rejects when it needs a service that there is not. */
  async begin(): Promise<void> {
    const { scenario, given } = this.#setting;
    if (given) {
      this.past = given.past;
      this.setup.push({ stream: this.#eventsOf(given.stream) });
      return this.#comeToRest(given.past);
    }
    for (const act of scenario.before ?? []) this.#beginWith(act);
    if (scenario.before) await this.#comeToRest();
    this.past = this.stream(this.start);
    for (const act of scenario.setup) this.#beginWith(act);
  }

  #beginWith(act: Act): void {
    const index = this.cells.findIndex(({ service }) => service.name === act.service);
    if (index < 0) throw new Error(`"${this.#setting.scenario.name}" needs a service ${act.service}`);
    const begun = this.#act(index, this.start[index]!, 0, act, START);
    this.stillborn ??= begun.broken;
    this.apply(this.start.slice(), begun, this.start);
    this.setup.push(begun.move);
  }

  /** Lets happen what happens by itself, one way of many; only what hears of these events, if they are given. */
  async #comeToRest(events?: readonly number[]): Promise<void> {
    const ids = events && new Set(this.#eventsOf(events).map(({ id }) => id));
    const before = new Int32Array(this.width);
    const moves: Move[] = [];
    while (moves.length < MOST_BEFORE) {
      before.set(this.start);
      const next = (await this.of(before)).find((one) => {
        if (one.how !== "sure" || (ids && !("hears" in one.move && ids.has(one.move.hears.id)))) return false;
        return one.broken || this.leadsOn(before, one);
      });
      if (!next) return;
      this.apply(before, next, this.start);
      moves.push(next.move);
      this.stillborn ??= next.broken;
      // What happened long ago is told only where it is what goes wrong.
      if (this.stillborn) return void this.setup.push(...moves);
    }
    throw new RangeError(`"${this.#setting.scenario.name}" does not come to rest before it begins`);
  }

  get losesCalls(): boolean {
    return this.#setting.scenario.losesCalls === true;
  }

  /** The service that is explored and what it hears, where it only listens. */
  get listener(): Listener | undefined {
    const { given } = this.#setting;
    const service = this.cells[0]!.service.name;
    return given && { service, stream: this.#eventsOf(given.stream), past: this.#eventsOf(given.past) };
  }

  #eventsOf(numbers: readonly number[]): Event[] {
    return numbers.map((number) => this.#setting.events.values[number]!);
  }

  /** The events that are in the stream: their numbers. */
  stream(row: Int32Array): number[] {
    const { stray, unsaid } = this.surroundings.at(row[this.width - 1]!);
    const events = [...(this.#setting.given?.stream ?? []), ...stray];
    const { kills } = this.#setting.scenario;
    const count = this.cells.length;
    for (let index = 0; index < count; index++) {
      const { said } = this.cells[index]!.states[row[index]!]!;
      const stored = kills ? storedOf(row[count + index]!) : said.length;
      for (let one = 0; one < stored; one++) events.push(said[one]!);
    }
    if (stray.length === 0 && unsaid.length === 0) return events;
    // Of two facts with one id, the broker keeps the first.
    const known = this.#setting.events.values;
    const first = new Map<string, number>();
    for (const event of events) if (!first.has(known[event]!.id)) first.set(known[event]!.id, event);
    return [...first.values()].filter((event) => !unsaid.includes(event));
  }

  /** Facts in the stream that the service they are from knows nothing of. */
  forgotten(row: Int32Array): Event[] {
    const { stray } = this.surroundings.at(row[this.width - 1]!);
    return stray
      .filter((event) => !this.cells.some((cell, index) => cell.states[row[index]!]!.said.includes(event)))
      .map((event) => this.#setting.events.values[event]!);
  }

  /** Whether anything is different after a successor. */
  leadsOn(row: Int32Array, { cell, to, progress, around }: Successor): boolean {
    return (
      (to >= 0 && to !== row[cell]) ||
      (progress >= 0 && progress !== row[this.cells.length + cell]) ||
      (around >= 0 && around !== row[this.width - 1])
    );
  }

  /** Writes into `to` what comes of a successor, and returns it. */
  apply(row: Int32Array, { cell, to: state, progress, around }: Successor, to: Int32Array): Int32Array {
    to.set(row);
    if (state >= 0) to[cell] = state;
    if (progress >= 0) to[this.cells.length + cell] = progress;
    if (around >= 0) to[this.width - 1] = around;
    return to;
  }

  /** All that may happen in a state. A promise only where calls were never made before. */
  of(row: Int32Array): readonly Successor[] | Promise<readonly Successor[]> {
    const around = row[this.width - 1]!;
    const stream = this.stream(row);
    const found: Successor[] = [];
    const calls: Promise<void>[] = [];
    for (let index = 0; index < this.cells.length; index++) {
      const state = row[index]!;
      const progress = this.#setting.scenario.kills ? row[this.cells.length + index]! : 0;
      for (const event of stream) {
        const heard = this.#hear(index, state, sentOf(progress), event);
        if (!("byAround" in heard)) found.push(...heard);
        else {
          const known = heard.byAround.get(around);
          if (known) found.push(...known);
          else calls.push(this.#call(index, state, sentOf(progress), event, heard, around));
        }
      }
      found.push(...this.#other(index, state, progress));
    }
    if (calls.length > 0) return Promise.all(calls).then(() => this.of(row));
    found.push(...this.#drift(around));
    return this.#kit === WHOLE_KIT ? found : unkept(this.#kit, found, around, this.surroundings);
  }

  #hear(index: number, state: number, sent: number, event: number): readonly Successor[] | Asking {
    const memo = this.#heard[index]!;
    const name = (state * MOST_EVENTS + event) * MOST_FACTS + sent;
    const known = memo.get(name);
    if (known) return known;
    const found = this.#firstHear(index, state, sent, event);
    memo.set(name, found);
    return found;
  }

  #firstHear(index: number, state: number, sent: number, event: number): readonly Successor[] | Asking {
    if (event >= MOST_EVENTS)
      throw new RangeError(`a check can't tell more than ${MOST_EVENTS} events apart`);
    const cell = this.cells[index]!;
    const hears = this.#setting.events.values[event]!;
    if (!cell.filter.has(hears.type)) return [];
    const step = cell.hear(state, sent, event);
    if (step.kind === "asks") return { reaction: step.reaction, request: step.request, byAround: new Map() };
    const move = { service: cell.service.name, hears, calls: [], says: this.#saidIn(step) };
    return [this.#successor(index, state, step, { event: hears }, { move, how: "sure" })];
  }

  async #call(
    index: number,
    state: number,
    sent: number,
    event: number,
    { reaction, request, byAround }: Asking,
    before: number,
  ): Promise<void> {
    const cell = this.cells[index]!;
    const service = cell.service.name;
    const hears = this.#setting.events.values[event]!;
    const found: Successor[] = [];
    for (const called of await this.surroundings.call(reaction, request, hears.key, before)) {
      const { around, calls } = called;
      const performed = (how: "sure" | "late", performed: { outcome: unknown } | { gaveUp: true }) => {
        const step = cell.hear(state, sent, event, performed);
        const and = "gaveUp" in performed ? { and: "for its time is over" } : {};
        const move = { service, hears, calls, says: this.#saidIn(step), ...and };
        found.push(this.#successor(index, state, step, { event: hears, performed }, { move, how, around }));
      };
      if ("outcome" in called) performed("sure", { outcome: called.outcome });
      else if (called.fault !== undefined) {
        const move = { service, hears, calls, says: [] };
        const broken = `${service} can't make its call: ${called.fault}`;
        found.push({ move, how: "sure", cell: index, to: -1, progress: -1, around, said: [], broken });
      } else {
        const move = { service, hears, calls, says: [] };
        found.push({ move, how: "chance", cell: index, to: -1, progress: -1, around, said: [] });
        if (reaction.giveUp) performed("late", { gaveUp: true });
      }
    }
    byAround.set(before, found);
  }

  /** What a service may do without hearing anything, or have done to it. */
  #other(index: number, state: number, progress: number): readonly Successor[] {
    const memo = this.#others[index]!;
    const name = state * MOST_FACTS * MOST_FACTS + progress;
    const known = memo.get(name);
    if (known) return known;
    const found = [
      ...this.#acts(index, state, sentOf(progress)),
      ...this.#strikes(index, state, sentOf(progress)),
      ...(this.#setting.scenario.kills ? this.#publishing(index, state, progress) : []),
    ];
    memo.set(name, found);
    return found;
  }

  #acts(index: number, state: number, sent: number): Successor[] {
    const { name } = this.cells[index]!.service;
    const acts = this.#setting.scenario.acts.filter(({ service }) => service === name);
    return acts.map((act) => this.#act(index, state, sent, act));
  }

  #act(index: number, state: number, sent: number, act: Act, at = NOW): Successor {
    const { who, does, service, command, key, input } = act;
    const step = this.cells[index]!.command(state, sent, act, at);
    const move = { person: who, does, service, says: this.#saidIn(step) };
    return this.#successor(index, state, step, { command, key, input }, { move, how: "chance" });
  }

  #strikes(index: number, state: number, sent: number): Successor[] {
    const cell = this.cells[index]!;
    const service = cell.service.name;
    return cell.states[state]!.waits.map(({ deadline, key, at }) => {
      const step = cell.expire(state, sent, key);
      const move = { service, strikes: deadline, key, says: this.#saidIn(step) };
      const found = this.#successor(index, state, step, { deadline, key }, { move, how: "late" });
      return at > NOW ? found : { ...found, broken: `the ${deadline} of ${key} strikes before its time` };
    });
  }

  #publishing(index: number, state: number, progress: number): Successor[] {
    const { service, states } = this.cells[index]!;
    const { said, persisted } = states[state]!;
    if (said.length >= MOST_FACTS) throw new RangeError(`${service.name} says more than ${MOST_FACTS} facts`);
    const [stored, sent] = [storedOf(progress), sentOf(progress)];
    const base = { cell: index, to: -1, around: -1, said: [] };
    const found: Successor[] = [];
    if (sent < said.length) {
      const publishes = this.#setting.events.values[said[sent]!]!;
      const after = progressOf(Math.max(stored, sent + 1), sent + 1);
      found.push({ ...base, move: { service: service.name, publishes }, how: "sure", progress: after });
    }
    if (sent !== persisted) {
      const after = progressOf(stored, persisted);
      found.push({ ...base, move: { service: service.name, killed: true }, how: "chance", progress: after });
    }
    return found;
  }

  #drift(around: number): readonly Successor[] {
    const known = this.#late.get(around);
    if (known) return known;
    const found = this.surroundings.late(around).map(({ around, told }): Successor => {
      const move = { outside: told };
      return { move, how: "chance", cell: -1, to: -1, progress: -1, around, said: [] };
    });
    this.#late.set(around, found);
    return found;
  }

  #successor(
    cell: number,
    from: number,
    step: Stepped,
    cause: Cause,
    { move, how, around = -1 }: { move: Move; how: Successor["how"]; around?: number },
  ): Successor {
    const { service, states } = this.cells[cell]!;
    const events = this.#setting.events.values;
    const numbers = step.kind === "done" ? step.said : [];
    const said = numbers.map((event) => events[event]!);
    const refused = step.kind === "refused" ? step.why : undefined;
    const { heard, said: earlier } = states[from]!;
    const before = earlier.map((event) => events[event]!);
    const fault = step.kind === "fault" ? `${service.name} has no answer: ${step.message}` : undefined;
    const broken =
      fault ?? this.#setting.laws.step({ service: service.name, cause, heard, before, said, refused })[0];
    const to = step.kind === "done" ? step.to : -1;
    return { move, how, cell, to, progress: -1, around, said: numbers, broken };
  }

  #saidIn(step: Stepped) {
    return this.#typesOf(step.kind === "done" ? step.said : []);
  }

  #typesOf(said: readonly number[]) {
    return said.map((event) => this.#setting.events.values[event]!.type);
  }
}

/** How far a service has published: how many facts the stream has of it, and how many it knows to be there. */
function progressOf(stored: number, sent: number): number {
  return stored * MOST_FACTS + sent;
}

function storedOf(progress: number): number {
  return Math.floor(progress / MOST_FACTS);
}

function sentOf(progress: number): number {
  return progress % MOST_FACTS;
}
