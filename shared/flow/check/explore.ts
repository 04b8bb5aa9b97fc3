// Explores every state that a scenario can come to, breadth first: the first fault found is one of the nearest.

import type { FactType } from "../../contracts/events.ts";
import { type Beginning, begin } from "./beginning.ts";
import type { Cell } from "./cell.ts";
import { type Move, sentence } from "./move.ts";
import { Rows } from "./numbers.ts";
import type { View } from "./scenario.ts";
import type { Listener, Setting, Successor } from "./setting.ts";
import { Successors } from "./successors.ts";

/** What an exploration came to. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly fault?: Fault | undefined;
  /** Whether the exploration stopped at the most states that it may look at. */
  readonly incomplete?: boolean;
  /** Every stream that there may be in the end, as numbers of events in ascending order. */
  readonly streams: readonly (readonly number[])[];
  readonly beginning: Beginning;
}

/** A law that is broken, and the moves that lead there. */
export interface Fault {
  readonly broken: string;
  readonly moves: readonly Move[];
  /** The service that it is about, where it only listens, and what was in the stream at first. */
  readonly listener?: Listener | undefined;
  /** The fact that there is no way to: then the moves are only the beginning. */
  readonly unreachable?: FactType | undefined;
}

/** How a story went that was told before. */
export interface Replayed {
  /** What happened of it. */
  readonly moves: readonly Move[];
  readonly broken?: string | undefined;
  /** The move that can't happen any more. */
  readonly missing?: string;
  /** What the scenario begins with now, and did not begin with then. */
  readonly begins?: string;
}

/** The most states of one exploration, unless given. */
export const MOST_STATES = 5_000_000;

/** Explores what may come of a beginning. */
export class Exploration<World> {
  readonly #cells: readonly Cell[];
  readonly #setting: Setting<World>;
  readonly #next: Successors<World>;
  readonly #mostStates: number;
  readonly #said: Rows;
  readonly #broken: (string | undefined)[] = [];

  constructor(cells: readonly Cell[], setting: Setting<World>, mostStates: number = MOST_STATES) {
    this.#cells = cells;
    this.#setting = setting;
    this.#next = new Successors(cells, setting);
    this.#mostStates = mostStates;
    this.#said = new Rows(cells.length + 1);
  }

  /** Explores everything, up to the first fault; only for a fault that is told in less than `limit` moves, if that is given. */
  async run(limit = Number.POSITIVE_INFINITY): Promise<Explored> {
    const beginning = await begin(this.#next, this.#setting);
    const states = new Rows(this.#next.width);
    states.add(beginning.row);
    const parents = [-1];
    const depths = [0];
    const streams = new Map<string, readonly number[]>();
    let transitions = 0;
    const result = (at: number) => ({
      states: states.size,
      transitions,
      depth: depths[at]!,
      streams: [...streams.values()],
      beginning,
    });
    const stop = async (at: number, broken: string, last: readonly Move[] = []) => ({
      ...result(at),
      fault: {
        broken,
        moves: [...beginning.moves, ...(await this.#story(states, parents, at)), ...last],
        listener: beginning.listener,
      },
    });

    const row = new Int32Array(this.#next.width);
    const to = new Int32Array(this.#next.width);
    if (beginning.broken) return stop(0, beginning.broken);
    for (let at = 0; at < states.size; at++) {
      if (beginning.moves.length + depths[at]! >= limit) return result(at);
      row.set(states.at(at));
      const broken = this.#always(row);
      if (broken) return stop(at, broken);
      let rest: Rest = "end";
      for (const successor of await this.#next.of(row)) {
        transitions++;
        if (successor.broken) return stop(at, successor.broken, [successor.move]);
        if (!this.#next.leadsOn(row, successor)) continue;
        rest = restless(rest, successor);
        const before = states.size;
        if (states.add(this.#next.apply(row, successor, to)) !== before) continue;
        parents.push(at);
        depths.push(depths[at]! + 1);
      }
      if (rest !== "none") {
        const wrong = this.#atRest(row, rest);
        if (wrong) return stop(at, wrong);
      }
      if (rest === "end") {
        const stream = this.#next.stream(row).toSorted((one, other) => one - other);
        streams.set(stream.join(), stream);
      }
      if (states.size > this.#mostStates) return { ...result(states.size - 1), incomplete: true };
    }
    return result(states.size - 1);
  }

  /** Lets the same moves happen again, as far as they can. Of several faults at once, `expected` is told first. */
  async replay(sentences: readonly string[], expected: string): Promise<Replayed> {
    const beginning = await begin(this.#next, this.#setting);
    const moves: Move[] = [];
    for (const move of beginning.moves) {
      const begins = sentence(move);
      if (begins !== sentences[moves.length]) return { moves, begins };
      moves.push(move);
    }
    if (beginning.broken) return { moves, broken: beginning.broken };
    const first = (broken: readonly (string | undefined)[]) =>
      broken.includes(expected) ? expected : broken.find(Boolean);
    let rows = [beginning.row];
    for (const wanted of sentences.slice(moves.length)) {
      const steps: { successor: Successor; to: Int32Array }[] = [];
      for (const row of rows)
        for (const successor of await this.#next.of(row))
          if (sentence(successor.move) === wanted)
            steps.push({ successor, to: this.#next.apply(row, successor, new Int32Array(row.length)) });
      if (steps.length === 0) return { moves, missing: wanted };
      moves.push(steps[0]!.successor.move);
      const broken = first(steps.map(({ successor }) => successor.broken));
      if (broken) return { moves, broken };
      rows = [...new Map(steps.map(({ to }) => [to.join(), to])).values()];
    }
    const broken = [];
    for (const row of rows) broken.push(await this.#brokenIn(row));
    return { moves, broken: first(broken) };
  }

  /** What is broken in this state, as far as no step out of it is. */
  async #brokenIn(row: Int32Array): Promise<string | undefined> {
    let rest: Rest = "end";
    for (const successor of await this.#next.of(row))
      if (this.#next.leadsOn(row, successor)) rest = restless(rest, successor);
    return this.#always(row) ?? (rest === "none" ? undefined : this.#atRest(row, rest));
  }

  /** What is broken in this state, whatever may follow. */
  #always(row: Int32Array): string | undefined {
    const count = this.#cells.length;
    const saying = new Int32Array(count + 1);
    for (const [index, cell] of this.#cells.entries()) {
      const state = cell.states[row[index]!]!;
      if (state.broken.length > 0) return state.broken[0];
      saying[index] = state.saying;
    }
    saying[count] = row[row.length - 1]!;
    const before = this.#said.size;
    const number = this.#said.add(saying);
    if (number === before) this.#broken.push(this.#setting.laws.always(this.#view(row))[0]);
    return this.#broken[number];
  }

  /** What is broken when nothing happens by itself any more. */
  #atRest(row: Int32Array, rest: Rest): string | undefined {
    const { laws, given } = this.#setting;
    const view = this.#view(row);
    if (given) return rest === "end" ? laws.audience(view)[0] : undefined;
    const forgotten = this.#next.forgotten(row)[0];
    if (forgotten) return `${forgotten.id} is in the stream, and ${forgotten.source} knows nothing of it`;
    return [...laws.calm(view), ...(rest === "end" ? laws.end(view) : [])][0];
  }

  #view(row: Int32Array): View<World> {
    const {
      scenario,
      events: { values: events },
    } = this.#setting;
    const index = (service: string) => this.#cells.findIndex((cell) => cell.service.name === service);
    const around = row.at(-1)!;
    const next = this.#next;
    return {
      said: this.#cells.flatMap((cell, one) => cell.states[row[one]!]!.said.map((number) => events[number]!)),
      get stream() {
        return next.stream(row).map((number) => events[number]!);
      },
      services: this.#cells.map(({ service }) => service.name),
      losesCalls: scenario.losesCalls === true,
      world: (key) => next.surroundings.world(around, key),
      rows: (service, table) => this.#cells[index(service)]!.rows(row[index(service)]!, table),
      store: (service) => this.#cells[index(service)]!.store(row[index(service)]!),
      waits: (service) =>
        this.#cells[index(service)]!.states[row[index(service)]!]!.waits.map(({ key }) => key),
    };
  }

  /** The moves that led to a state, after those that it all began with. */
  async #story(states: Rows, parents: readonly number[], at: number): Promise<Move[]> {
    const moves: Move[] = [];
    const to = new Int32Array(this.#next.width);
    for (let here = at; parents[here]! >= 0; here = parents[here]!) {
      const from = states.at(parents[here]!).slice();
      const wanted = states.at(here).join();
      const successors = await this.#next.of(from);
      const step = successors.find((successor) => this.#next.apply(from, successor, to).join() === wanted);
      moves.unshift(step!.move);
    }
    return moves;
  }
}

/** Whether something happens by itself, a deadline strikes in the end, or nothing ever happens. */
type Rest = "none" | "calm" | "end";

function restless(rest: Rest, { how }: Successor): Rest {
  if (how === "sure") return "none";
  return how === "late" && rest === "end" ? "calm" : rest;
}
