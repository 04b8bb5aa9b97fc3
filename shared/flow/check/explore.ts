// Explores every state that a scenario can come to, breadth first: the first fault found is one of the nearest.

import type { Event } from "../../contracts/events.ts";
import type { Cell, Stepped } from "./cell.ts";
import { NOW } from "./cell.ts";
import type { Laws, Outside, Request, Response, Scenario, View } from "./scenario.ts";

/** What an exploration came to. */
export interface Explored {
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  readonly fault?: { readonly broken: string; readonly moves: readonly string[] } | undefined;
  /** Whether the exploration stopped at the most states that it may look at. */
  readonly incomplete?: boolean;
}

const LARGEST = 0xffff;
const MOST_STATES = 3_000_000;

/** A state of everything: for each service its number and how many of its facts it knows to be stored; stream; world. */
type State = readonly number[];

interface Move {
  readonly to: State;
  readonly told: string;
  /** Whether it happens by itself, so that nothing is at rest before it: not a fault, a person or a deadline. */
  readonly sure: boolean;
  /** Whether it happens by itself in the end, since a deadline strikes. */
  readonly late?: boolean;
  readonly broken?: string | undefined;
}

/** A world, and requests on their way to it whose sender has stopped waiting. */
interface Around<World> {
  readonly world: World;
  readonly adrift: readonly Request[];
}

/** Numbers for texts, both ways. */
class Numbers<T> {
  readonly values: T[] = [];
  readonly #known = new Map<string, number>();

  of(text: string, value: () => T): number {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    this.#known.set(text, this.values.length);
    return this.values.push(value()) - 1;
  }
}

/** Explores one scenario with the cells of all services that say something. */
export class Exploration<World> {
  readonly #cells: readonly Cell[];
  readonly #scenario: Scenario;
  readonly #outside: Outside<World>;
  readonly #laws: Laws<World>;
  readonly #streams = new Numbers<ReadonlyMap<string, Event>>();
  readonly #arounds = new Numbers<Around<World>>();
  readonly #texts = new WeakMap<Event, string>();
  readonly #steps = new Map<string, Stepped>();
  readonly #calls = new Map<string, Promise<readonly Called[]>>();
  readonly #judged = new Map<string, readonly string[]>();

  constructor(cells: readonly Cell[], scenario: Scenario, outside: Outside<World>, laws: Laws<World>) {
    this.#cells = cells;
    this.#scenario = scenario;
    this.#outside = outside;
    this.#laws = laws;
  }

  async run(): Promise<Explored> {
    const start = this.#start();
    const keys = [keyOf(start)];
    const found = new Map([[keys[0]!, 0]]);
    const parents = [-1];
    const depths = [0];
    let transitions = 0;
    const stopped = (at: number, last: readonly string[], broken: string) =>
      this.#tell(keys, parents, at).then((moves) => ({
        states: keys.length,
        transitions,
        depth: depths[at]!,
        fault: { broken, moves: [...moves, ...last] },
      }));

    for (let at = 0; at < keys.length; at++) {
      const state = stateOf(keys[at]!);
      const broken = this.#judge("always", state)[0];
      if (broken) return stopped(at, [], broken);
      let [sure, late] = [false, false];
      for (const move of await this.#moves(state)) {
        transitions++;
        if (move.broken) return stopped(at, [move.told], move.broken);
        const key = keyOf(move.to);
        if (key === keys[at]) continue;
        sure ||= move.sure;
        late ||= move.late === true;
        if (found.has(key)) continue;
        found.set(key, keys.length);
        keys.push(key);
        parents.push(at);
        depths.push(depths[at]! + 1);
      }
      if (!sure) {
        const wrong = [...this.#judge("calm", state), ...(late ? [] : this.#judge("end", state))][0];
        if (wrong) return stopped(at, [], wrong);
      }
      if (keys.length > MOST_STATES) return { ...totals(), incomplete: true };
    }
    return totals();

    function totals() {
      return { states: keys.length, transitions, depth: depths.at(-1)! };
    }
  }

  #start(): State {
    const numbers = this.#cells.map(() => 0);
    for (const act of this.#scenario.setup) {
      const index = this.#cells.findIndex(({ service }) => service.name === act.service);
      const done = this.#cells[index]!.command(numbers[index]!, 0, act.command, act.key, act.input);
      if (done.kind !== "done") throw new Error(`${act.who} ${act.does}: ${JSON.stringify(done)}`);
      numbers[index] = done.to;
    }
    return [
      ...numbers.flatMap((number) => [number, 0]),
      this.#streams.of("", () => new Map()),
      this.#around({ world: this.#outside.start, adrift: [] }),
    ];
  }

  async #moves(state: State): Promise<Move[]> {
    const moves: Move[] = [];
    for (const [index, cell] of this.#cells.entries()) {
      const [number, sent] = [state[2 * index]!, state[2 * index + 1]!];
      const { outbox, persisted, waits } = cell.states[number]!;
      const { name } = cell.service;
      if (sent < outbox.length) {
        const event = outbox[sent]!;
        const to = state.with(2 * index + 1, sent + 1).with(-2, this.#store(state.at(-2)!, event));
        moves.push({ to, told: `${event.id} reaches the stream`, sure: true });
      }
      if (sent > persisted && this.#scenario.kills)
        moves.push({ to: state.with(2 * index + 1, persisted), told: `${name} is killed`, sure: false });
      for (const event of this.#streams.values[state.at(-2)!]!.values())
        if (cell.filter.has(event.type)) moves.push(...(await this.#deliver(state, index, event)));
      for (const act of this.#scenario.acts.filter(({ service }) => service === name)) {
        const step = () => cell.command(number, sent, act.command, act.key, act.input);
        const cause = { command: act.command, key: act.key, input: act.input };
        moves.push(...this.#done(state, index, `act ${act.does}`, step, cause, `${act.who} ${act.does}`, {}));
      }
      for (const { deadline, key, at } of waits) {
        const early = at <= NOW ? `${deadline} of ${key} strikes before its time` : undefined;
        const step = () => cell.expire(number, sent, key);
        const told = `${name}: the ${deadline} of ${key} strikes`;
        moves.push(
          ...this.#done(state, index, `wait ${key}`, step, { deadline, key }, told, {
            late: true,
            broken: early,
          }),
        );
      }
    }
    const { world, adrift } = this.#arounds.values[state.at(-1)!]!;
    for (const request of adrift) {
      for (const { world: next, told } of this.#outside.respond(world, request)) {
        const to = state.with(
          -1,
          this.#around({ world: next, adrift: adrift.filter((one) => one !== request) }),
        );
        moves.push({ to, told: `late, and nobody hears of it: ${told}`, sure: false });
      }
    }
    return moves;
  }

  async #deliver(state: State, index: number, event: Event): Promise<Move[]> {
    const cell = this.#cells[index]!;
    const [number, sent] = [state[2 * index]!, state[2 * index + 1]!];
    const { name } = cell.service;
    const heard = `${name} hears ${event.id}`;
    const step = this.#step(`${index} ${number} ${sent} ${this.#textOf(event)}`, () =>
      cell.hear(number, sent, event),
    );
    if (step.kind !== "asks")
      return this.#done(state, index, this.#textOf(event), () => step, { event }, heard, { sure: true });

    const { reaction, request } = step;
    const around = state.at(-1)!;
    const callKey = `${index} ${number} ${this.#textOf(event)} ${around}`;
    const calls = this.#calls.get(callKey) ?? this.#call(reaction, request, around);
    this.#calls.set(callKey, calls);
    const moves: Move[] = [];
    for (const called of await calls) {
      const to = state.with(-1, called.around);
      const told = `${heard}; ${called.told}`;
      const again = (suffix: string, performed: { outcome: unknown } | { gaveUp: true }, how: object) =>
        this.#done(
          to,
          index,
          `${this.#textOf(event)} ${suffix}`,
          () => cell.hear(number, sent, event, performed),
          { event },
          told + (suffix === "gave up" ? ", until its time is over" : ""),
          how,
        );
      if ("outcome" in called) {
        moves.push(
          ...again(JSON.stringify(called.outcome ?? null), { outcome: called.outcome }, { sure: true }),
        );
      } else {
        moves.push({ to, told, sure: false });
        if (reaction.giveUp) moves.push(...again("gave up", { gaveUp: true }, { late: true }));
      }
    }
    return moves;
  }

  /** All the ways in which a reaction's calls may go. A call that is lost drifts on, and may be carried out later. */
  async #call(reaction: Called["reaction"], request: unknown, around: number): Promise<Called[]> {
    const found: Called[] = [];
    const scripts: number[][] = [[]];
    for (let script = scripts.pop(); script; script = scripts.pop()) {
      let { world, adrift } = this.#arounds.values[around]!;
      const told: string[] = [];
      let turn = 0;
      const act = async (method: string, asked: Request["request"]) => {
        const one: Request = { method, request: asked };
        const ways: (Response<World> | undefined)[] = this.#scenario.unanswered.includes(method)
          ? []
          : [...this.#outside.respond(world, one)];
        if (this.#scenario.losesCalls || ways.length === 0) ways.push(undefined);
        if (turn === script.length) {
          for (let other = 1; other < ways.length; other++) scripts.push([...script, other]);
          script.push(0);
        }
        const way = ways[script[turn++]!];
        if (way) {
          world = way.world;
          told.push(way.told);
          return way.answer;
        }
        const text = JSON.stringify(one);
        if (!adrift.some((other) => JSON.stringify(other) === text)) adrift = [...adrift, one];
        told.push(`${method}: no answer`);
        throw new Error("no answer");
      };
      const port = new Proxy(
        {},
        { get: (_, method: string) => (asked: Request["request"]) => act(method, asked) },
      );
      const outcome = await reaction.call!(port, request, new AbortController().signal)
        .then((answer) => ({ outcome: answer }))
        .catch(() => ({}));
      found.push({ reaction, ...outcome, around: this.#around({ world, adrift }), told: told.join(", ") });
    }
    return found;
  }

  /** The move that a step makes: none if it leads nowhere. */
  #done(
    state: State,
    index: number,
    what: string,
    work: () => Stepped,
    cause: Parameters<Laws<World>["step"]>[0]["cause"],
    told: string,
    how: { sure?: boolean; late?: boolean; broken?: string | undefined },
  ): Move[] {
    const cell = this.#cells[index]!;
    const [number, sent] = [state[2 * index]!, state[2 * index + 1]!];
    const stepKey = `${index} ${number} ${sent} ${what}`;
    const step = this.#step(stepKey, work);
    const said = step.kind === "done" ? step.said : [];
    const refused = step.kind === "refused" ? step.why : undefined;
    const { heard, outbox: before } = cell.states[number]!;
    let broken = this.#judged.get(stepKey);
    if (!broken) {
      broken = this.#laws.step({ service: cell.service.name, cause, heard, before, said, refused });
      this.#judged.set(stepKey, broken);
    }
    const fault = step.kind === "fault" ? `${cell.service.name} has no answer: ${step.message}` : undefined;
    const to = step.kind === "done" ? state.with(2 * index, step.to) : state;
    const ending = said.length > 0 ? ` → ${said.map(({ type }) => type).join(", ")}` : "";
    return [
      {
        to,
        told: told + ending,
        sure: how.sure === true,
        late: how.late === true,
        broken: how.broken ?? fault ?? broken[0],
      },
    ];
  }

  #step(key: string, work: () => Stepped): Stepped {
    const known = this.#steps.get(key);
    if (known) return known;
    const step = work();
    this.#steps.set(key, step);
    return step;
  }

  #judge(law: "always" | "calm" | "end", state: State): readonly string[] {
    const key =
      law === "always"
        ? `always ${keyOf(state.filter((_, i) => i % 2 === 0 || i === state.length - 1))}`
        : "";
    const known = law === "always" ? this.#judged.get(key) : undefined;
    if (known) return known;
    const broken = this.#laws[law](this.#view(state));
    if (law === "always") this.#judged.set(key, broken);
    return broken;
  }

  #view(state: State): View<World> {
    const index = (service: string) => this.#cells.findIndex((cell) => cell.service.name === service);
    const at = (service: string) => this.#cells[index(service)]!.states[state[2 * index(service)]!]!;
    return {
      said: this.#cells.flatMap((cell, one) => cell.states[state[2 * one]!]!.outbox),
      stream: [...this.#streams.values[state.at(-2)!]!.values()],
      world: this.#arounds.values[state.at(-1)!]!.world,
      rows: (service, table) => this.#cells[index(service)]!.rows(state[2 * index(service)]!, table),
      waits: (service) => at(service).waits.map(({ key }) => key),
    };
  }

  #store(stream: number, event: Event): number {
    const events = this.#streams.values[stream]!;
    if (events.has(event.id)) return stream;
    const next = new Map(
      [...events, [event.id, event] as const].sort(([one], [two]) => (one < two ? -1 : 1)),
    );
    return this.#streams.of([...next.values()].map((one) => this.#textOf(one)).join("\n"), () => next);
  }

  /** Tells events apart: in one story the gateway declines, in another the deadline does, and both have one id. */
  #textOf(event: Event): string {
    const known = this.#texts.get(event);
    if (known) return known;
    const text = event.id + JSON.stringify(event.data);
    this.#texts.set(event, text);
    return text;
  }

  #around(around: Around<World>): number {
    return this.#arounds.of(JSON.stringify(around), () => around);
  }

  /** The moves that led to a state, from the beginning. */
  async #tell(keys: readonly string[], parents: readonly number[], at: number): Promise<string[]> {
    const moves: string[] = [];
    for (let here = at; parents[here]! >= 0; here = parents[here]!) {
      const from = stateOf(keys[parents[here]!]!);
      const move = (await this.#moves(from)).find(({ to }) => keyOf(to) === keys[here]);
      moves.unshift(move!.told);
    }
    return [...this.#scenario.setup.map(({ who, does }) => `${who} ${does}`), ...moves];
  }
}

interface Called {
  readonly reaction: Extract<Stepped, { kind: "asks" }>["reaction"];
  readonly outcome?: unknown;
  readonly around: number;
  readonly told: string;
}

/** A text for a state. Throws where numbers are too large for it: two states must never be taken for one. */
function keyOf(state: State): string {
  if (state.some((number) => number > LARGEST))
    throw new RangeError("a part of the flow has too many states");
  return String.fromCharCode(...state);
}

function stateOf(key: string): State {
  return Array.from(key, (_, index) => key.charCodeAt(index));
}
