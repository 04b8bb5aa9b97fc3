// What is around the services: the world outside, and calls that were made, with all the ways in which they may go.

import type { Reaction } from "../../service/define.ts";
import type { Call } from "./move.ts";
import { Numbers } from "./numbers.ts";
import type { Outside, Request, Response, Scenario } from "./scenario.ts";

/** All that is not a service's own. */
export interface Around<World> {
  /** What the outside knows, by order. */
  readonly worlds: Readonly<Record<string, World>>;
  /** Requests on their way whose sender has stopped waiting. */
  readonly adrift: readonly (Request & { readonly key: string })[];
  /** Where the kit is not whole: facts that were published and then forgotten, by number. */
  readonly stray: readonly number[];
  /** Facts that were committed, and are never published. */
  readonly unsaid: readonly number[];
  /** Events that a service never hears, as `service event`. */
  readonly lost: readonly string[];
}

/** What a call rejects with where nobody answers. */
const NO_ANSWER = new Error("no answer");

/** One way in which the calls of a reaction may go. Without an `outcome` there was no answer. */
export interface Called {
  readonly outcome?: unknown;
  /** Why the call could not even be made. */
  readonly fault?: string;
  readonly around: number;
  readonly calls: readonly Call[];
}

/** Everything around, numbered: the same number for the same. */
export class Surroundings<World> {
  readonly #outside: Outside<World>;
  readonly #scenario: Scenario;
  readonly #numbers = new Numbers<Around<World>>();

  /** Number 0 is the beginning. */
  constructor(outside: Outside<World>, scenario: Scenario) {
    this.#outside = outside;
    this.#scenario = scenario;
    this.#number({ worlds: {}, adrift: [], stray: [], unsaid: [], lost: [] });
  }

  at(number: number): Around<World> {
    return this.#numbers.values[number]!;
  }

  /** What the outside knows of an order. */
  world(number: number, key: string): World {
    return this.at(number).worlds[key] ?? this.#outside.start;
  }

  /** The number of the same with a change. */
  change(number: number, change: Partial<Around<World>>): number {
    return this.#number({ ...this.at(number), ...change });
  }

  /** What may come of the requests that are adrift. */
  late(number: number): { readonly around: number; readonly told: string }[] {
    const { adrift } = this.at(number);
    return adrift.flatMap((request) =>
      this.#outside.respond(this.world(number, request.key), request, request.key).map(({ world, told }) => ({
        told,
        around: this.change(this.#put(number, request.key, world), {
          adrift: adrift.filter((other) => other !== request),
        }),
      })),
    );
  }

  /**
   * All the ways in which a reaction's calls about an order may go. A call without an answer drifts on, and may be
   * carried out later.
   */
  async call({ call }: Reaction<unknown, unknown>, request: unknown, key: string, before: number) {
    const found: Called[] = [];
    const scripts: number[][] = [[]];
    for (let script = scripts.pop(); script; script = scripts.pop()) {
      let around = before;
      let turn = 0;
      const calls: Call[] = [];
      const act = async (one: Request) => {
        const ways = this.#ways(around, key, one);
        if (turn === script.length) {
          for (let other = 1; other < ways.length; other++) scripts.push([...script, other]);
          script.push(0);
        }
        const way = ways[script[turn++]!];
        calls.push({ method: one.method, answer: way?.told });
        around = way ? this.#put(around, key, way.world) : this.#lose(around, key, one);
        if (!way) throw NO_ANSWER;
        return way.answer;
      };
      const port = new Proxy(
        {},
        { get: (_, method: string) => (asked: Request["request"]) => act({ method, request: asked }) },
      );
      const heard = await (async () => call!(port, request, new AbortController().signal))()
        .then((outcome) => ({ outcome }))
        .catch((error) => (error === NO_ANSWER ? {} : { fault: (error as Error).message }));
      found.push({ ...heard, around, calls });
    }
    return found;
  }

  /** Undefined stands for no answer. */
  #ways(around: number, key: string, request: Request): (Response<World> | undefined)[] {
    const { unanswered = [], losesCalls } = this.#scenario;
    if (unanswered.includes(request.method)) return [undefined];
    const ways = this.#outside.respond(this.world(around, key), request, key);
    return losesCalls ? [...ways, undefined] : [...ways];
  }

  #put(number: number, key: string, world: World): number {
    const worlds = Object.entries({ ...this.at(number).worlds, [key]: world });
    return this.change(number, { worlds: Object.fromEntries(worlds.sort(byName)) });
  }

  #lose(number: number, key: string, request: Request): number {
    const { adrift } = this.at(number);
    const text = JSON.stringify({ ...request, key });
    if (adrift.some((other) => JSON.stringify(other) === text)) return number;
    const all = [...adrift, { ...request, key }].map((one) => [JSON.stringify(one), one] as const);
    return this.change(number, { adrift: all.sort(byName).map(([, one]) => one) });
  }

  #number(around: Around<World>): number {
    return this.#numbers.of(JSON.stringify(around), () => around);
  }
}

function byName([one]: readonly [string, unknown], [other]: readonly [string, unknown]): number {
  return one < other ? -1 : 1;
}
