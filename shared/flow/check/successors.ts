// What may happen next in a state of everything: a row of numbers, one for each service and one for all that is around.

import type { Event } from "../../contracts/events.ts";
import type { Reaction } from "../../service/define.ts";
import { Surroundings } from "./around.ts";
import { type Cell, NOW, type Stepped } from "./cell.ts";
import { type Kit, unkept, WHOLE_KIT } from "./kit.ts";
import type { Move } from "./move.ts";
import { MOST_FACTS, publishing, sentOf, storedOf } from "./publishing.ts";
import type { Act, Cause } from "./scenario.ts";
import type { Setting, Successor } from "./setting.ts";

interface Asking {
  readonly reaction: Reaction<unknown, unknown>;
  readonly request: unknown;
  readonly byAround: Map<number, readonly Successor[]>;
}

/** Finds what may happen next. What depends on one service alone is worked out once. */
export class Successors<World> {
  readonly cells: readonly Cell[];
  readonly surroundings: Surroundings<World>;
  readonly width: number;
  readonly #setting: Setting<World>;
  readonly #kit: Kit;
  /** What comes of each event, by the service, its state, and how far it has published. */
  readonly #heard: Map<number, Map<number, readonly Successor[] | Asking>>[];
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
  }

  /** The events that are in the stream: their numbers. */
  stream(row: Int32Array): number[] {
    const { stray, unsaid } = this.surroundings.at(row[this.width - 1]!);
    const events = [...(this.#setting.given?.stream ?? []), ...stray];
    const { kills } = this.#setting.scenario;
    for (let index = 0; index < this.cells.length; index++) {
      const { said } = this.cells[index]!.states[row[index]!]!;
      const stored = kills ? storedOf(this.#progress(row, index)) : said.length;
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
      const progress = this.#progress(row, index);
      const sent = sentOf(progress);
      const name = state * MOST_FACTS + sent;
      const known = this.#heard[index]!.get(name) ?? keep(this.#heard[index]!, name, new Map());
      for (const event of stream) {
        const heard = known.get(event) ?? keep(known, event, this.#hear(index, state, sent, event));
        const ways = "byAround" in heard ? heard.byAround.get(around) : heard;
        if (ways) for (const way of ways) found.push(way);
        else calls.push(this.#call(index, state, sent, event, heard as Asking, around));
      }
      found.push(...this.#other(index, state, progress));
    }
    if (calls.length > 0) return Promise.all(calls).then(() => this.of(row));
    found.push(...this.#drift(around));
    return this.#kit === WHOLE_KIT ? found : unkept(this.#kit, found, around, this.surroundings);
  }

  /** What comes of a command at the time `at`. Throws when the service is not there that it is for. */
  act(row: Int32Array, act: Act, at: number): Successor {
    const index = this.cells.findIndex(({ service }) => service.name === act.service);
    if (index < 0) throw new Error(`"${this.#setting.scenario.name}" needs a service ${act.service}`);
    return this.#act(index, row[index]!, sentOf(this.#progress(row, index)), act, at);
  }

  #progress(row: Int32Array, index: number): number {
    return this.#setting.scenario.kills ? row[this.cells.length + index]! : 0;
  }

  #hear(index: number, state: number, sent: number, event: number): readonly Successor[] | Asking {
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
    return keep(memo, name, [
      ...this.#acts(index, state, sentOf(progress)),
      ...this.#strikes(index, state, sentOf(progress)),
      ...(this.#setting.scenario.kills
        ? publishing(this.cells[index]!, index, state, progress, this.#setting.events.values)
        : []),
    ]);
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

  #drift(around: number): readonly Successor[] {
    const known = this.#late.get(around);
    if (known) return known;
    const found = this.surroundings.late(around).map(({ around, told }): Successor => {
      const move = { outside: told };
      return { move, how: "chance", cell: -1, to: -1, progress: -1, around, said: [] };
    });
    return keep(this.#late, around, found);
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
    const fault =
      step.kind === "fault" ? `${service.name} fails at ${nameOfCause(cause)}: ${step.message}` : undefined;
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

function nameOfCause(cause: Cause): string {
  if ("event" in cause) return cause.event.id;
  return "command" in cause
    ? `the command to ${cause.command} ${cause.key}`
    : `the ${cause.deadline} of ${cause.key}`;
}

/** Keeps the value, and returns it. */
function keep<Key, Value>(known: Map<Key, Value>, key: Key, value: Value): Value {
  known.set(key, value);
  return value;
}
