// Lets faults begin when their time has come: some at once, but never two with the same victim.

import type { Fault } from "./plan.ts";

/** The most faults that are under way, or wait for their victim, at once. */
const AT_ONCE = 6;

/** Carries out a fault, and resolves when it is over. */
export type CarryOut = (fault: Fault) => Promise<void>;

/** The faults of a plan, and those of them that are under way. */
export class Strikes {
  readonly #waiting: Fault[];
  readonly #carryOut: CarryOut;
  readonly #victims: (fault: Fault) => readonly string[];
  readonly #busy = new Map<string, Promise<void>>();
  readonly #running = new Set<Promise<void>>();
  #turn = Promise.resolve();

  constructor(plan: readonly Fault[], carryOut: CarryOut, victims: (fault: Fault) => readonly string[]) {
    this.#waiting = [...plan];
    this.#carryOut = carryOut;
    this.#victims = victims;
  }

  /** Begins what is due when so many orders are placed; resolves when all of that has begun. */
  due(placed: number): Promise<void> {
    this.#turn = this.#turn.then(async () => {
      while (this.#waiting.length > 0 && this.#waiting[0]!.at <= placed) {
        while (this.#running.size >= AT_ONCE) await Promise.race(this.#running);
        this.#begin(this.#waiting.shift()!);
      }
    });
    return this.#turn;
  }

  /** Resolves when all that has begun is over. */
  async ended(): Promise<void> {
    await this.#turn;
    await Promise.all(this.#running);
  }

  #begin(fault: Fault): void {
    const victims = this.#victims(fault);
    const run = Promise.all(victims.map((victim) => this.#busy.get(victim))).then(() =>
      this.#carryOut(fault),
    );
    for (const victim of victims) this.#busy.set(victim, run);
    this.#running.add(run);
    run.then(
      () => this.#running.delete(run),
      () => {},
    ); // What fails stays: whoever waits next hears of it.
  }
}
