// Operators at work while things go wrong: they redrive what was parked, some of it twice, and discard what holds up orders.

import { setTimeout as sleep } from "node:timers/promises";
import { natsUrl } from "../config.ts";
import { Chance } from "../flow/simulate/chance.ts";
import { wishSubject } from "../nats/topology.ts";
import { type Entry, lanesOf } from "../parked/entries.ts";
import { Operator } from "../parked/operator.ts";
import { GARBAGE, garbageName, repeatWord } from "./mischief.ts";
import type { Site } from "./site.ts";

const LOOK_EVERY_MS = 1_000;
const BY = "chaos";
/** How many of their words are said once more, under another id of the broker. */
const TWICE = 0.3;

/** What is to become of an entry: garbage under a key of its own holds nobody up, and every other one of it stays. */
type Wanted = "redriven" | "discarded" | "kept";

/** How often operators have said what. */
export type Words = Record<"redriven" | "discarded" | "twice", number>;

/** The operators of a run. */
export class Operators {
  readonly words: Words = { redriven: 0, discarded: 0, twice: 0 };
  readonly #site: Site;
  readonly #operator: Operator;
  readonly #chance: Chance;

  private constructor(site: Site, operator: Operator, chance: Chance) {
    this.#site = site;
    this.#operator = operator;
    this.#chance = chance;
  }

  static async enter(site: Site, seed: number): Promise<Operators> {
    const { config, passwords } = site.stack;
    const operator = await Operator.connect(natsUrl(config), passwords.OPERATOR_PASSWORD!);
    return new Operators(site, operator, new Chance(seed));
  }

  /** Looks after everything that is parked until the signal says that it is enough. */
  async work(signal: AbortSignal): Promise<void> {
    for (; !signal.aborted; await sleep(LOOK_EVERY_MS)) {
      try {
        for (const entry of await this.#toDo()) await this.#say(entry);
      } catch {
        // NATS is away: they look again.
      }
    }
    await this.#operator.close();
  }

  /** What is parked and should not be, as sentences. */
  async unrest(): Promise<string[]> {
    try {
      return (await this.#toDo()).map(
        ({ service, key, state }) => `${key} is parked in ${service}: ${state}`,
      );
    } catch (error) {
      return [`NATS does not say what is parked: ${(error as Error).message}`];
    }
  }

  /** In the order of its lane: what has failed, and what waits though nothing is ahead of it. */
  async #toDo(): Promise<Entry[]> {
    const lanes = lanesOf(await this.#operator.entries());
    const due = lanes.flatMap((lane) => lane.filter(({ state }, index) => index === 0 || state === "failed"));
    return due.filter((entry) => wantedFor(entry) !== "kept");
  }

  async #say(entry: Entry): Promise<void> {
    const wanted = wantedFor(entry);
    if (wanted === "kept") return;
    await this.#operator.say(wanted, entry, BY, wanted === "discarded" ? "nobody can read it" : undefined);
    this.words[wanted]++;
    if (!this.#chance.is(TWICE)) return;
    const { service, key, id } = entry;
    const again = `again-${wanted}.${service}.${key}.${id}-${this.words.twice}`;
    await repeatWord(this.#site, wishSubject(wanted, service, key), again);
    this.words.twice++;
  }
}

function wantedFor(entry: Entry): Wanted {
  const name = garbageName(entry.key, entry.eventId);
  if (!name) return "redriven";
  if (name !== entry.key) return "discarded";
  const number = Number(name.slice(GARBAGE.length + 1));
  return number % 2 === 0 ? "kept" : "discarded";
}
