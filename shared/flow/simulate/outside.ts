// The world outside in a simulation: requests get lost, are late, or are carried out without anyone hearing of it.

import type { Outside } from "../check/scenario.ts";
import type { Setting } from "./setting.ts";

/** A call of a service, made for the event of this key. */
export interface Call {
  readonly service: string;
  readonly method: string;
  readonly request: object;
  readonly key: string;
  /** Whether whoever calls is still there to hear the answer. */
  readonly isAlive: () => boolean;
}

export type CallOutside = (call: Call) => Promise<unknown>;

/** Longer than any call waits for its answer. */
const TOO_LATE_MS = [16_000, 600_000] as const;
/** How often the outside does what comes first of all that it may do. */
const USUAL = 0.6;
const THERE_MS = [1, 50] as const;
const BACK_MS = [1, 50] as const;

/** The state of the outside, order by order. */
export class Surroundings<World> {
  readonly #outside: Outside<World>;
  readonly #setting: Setting;
  readonly #worlds = new Map<string, World>();
  /** Until when what a service calls is out of order, in virtual time. */
  readonly #outages = new Map<string, number>();

  constructor(outside: Outside<World>, setting: Setting) {
    this.#outside = outside;
    this.#setting = setting;
  }

  world(key: string): World {
    return this.#worlds.get(key) ?? this.#outside.start;
  }

  /** For so long nobody answers what the service asks. */
  breakDown(service: string, forMs: number): void {
    this.#outages.set(service, this.#setting.scheduler.now + forMs);
    this.#setting.trace.tell(`nobody answers ${service} for ${forMs} ms`);
  }

  mend(): void {
    this.#outages.clear();
  }

  /** Carries out a call, or not, and answers, or not. */
  call: CallOutside = (call) => {
    const { scheduler, chance, faults, trace } = this.#setting;
    const there = chance.between(...THERE_MS);
    const back = chance.between(...BACK_MS);
    const isOut = (this.#outages.get(call.service) ?? 0) > scheduler.now;
    return new Promise((resolve, reject) => {
      const fail = (inMs: number) => {
        if (chance.is(0.5)) return; // Nobody says anything: the caller stops waiting by itself.
        scheduler.errand(inMs, () => call.isAlive() && reject(new Error("the connection is reset")));
      };
      const lose = (kind: string, told: string) => {
        trace.count(kind);
        trace.tell(`${call.service} calls ${call.method}: ${told}`, call.key);
      };
      const carryOut = (inMs: number, then: (answer: unknown) => void) =>
        scheduler.errand(inMs, () => then(this.#respond(call)));
      if (chance.is(faults.lateCall)) {
        lose("late calls", "it takes for ever to arrive");
        carryOut(chance.spread(...TOO_LATE_MS), () => {});
      } else if (isOut ? chance.is(0.5) : chance.is(faults.lostCall)) {
        lose("lost calls", "it never arrives");
        fail(there);
      } else if (isOut || chance.is(faults.lostAnswer)) {
        carryOut(there, () => {
          lose("lost answers", "the answer is lost");
          fail(back);
        });
      } else {
        carryOut(there, (answer) => {
          const isSlow = chance.is(faults.slowAnswer);
          if (isSlow) lose("slow answers", "the answer comes too late");
          const inMs = isSlow ? chance.spread(...TOO_LATE_MS) : back;
          scheduler.errand(inMs, () => call.isAlive() && resolve(answer));
        });
      }
    });
  };

  #respond({ method, request, key, service }: Call): unknown {
    const { chance, trace } = this.#setting;
    const ways = this.#outside.respond(this.world(key), { method, request }, key);
    const { world, answer, told } = chance.is(USUAL) ? ways[0]! : chance.of(ways);
    this.#worlds.set(key, world);
    trace.count("calls carried out");
    trace.tell(`${service} calls ${method}: ${told}`, key);
    return answer;
  }
}
