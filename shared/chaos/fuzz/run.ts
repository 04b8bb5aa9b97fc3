// One fuzz run: what can't be read comes over NATS and HTTP while good orders are placed; then all is judged.

import { Chance } from "../../flow/simulate/chance.ts";
import { untilCalm } from "../calm.ts";
import { stockUp } from "../load.ts";
import { Site } from "../site.ts";
import { testimony } from "../testimony.ts";
import { type Shaken, verdict } from "../verdict.ts";
import { Customers } from "./customers.ts";
import { Flood } from "./flood.ts";
import { knock, refuses } from "./knock.ts";
import { memory } from "./memory.ts";
import { Messages } from "./messages.ts";
import { badRequest } from "./requests.ts";
import { room } from "./room.ts";

/** What is asked for. */
export interface FuzzOptions {
  readonly seed: number;
  readonly messages: number;
  readonly bodies: number;
}

/** What a run came to. */
export interface FuzzRun extends FuzzOptions {
  /** How many messages there were of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
  readonly stored: number;
  /** How many the stream has refused. */
  readonly refused: number;
  /** How many were dealt besides that can be read after all: they are events, and were left out. */
  readonly readable: number;
  readonly parked: number;
  /** How many requests of each kind there were. */
  readonly requests: Readonly<Record<string, number>>;
  /** How many requests were answered with each status, or cut off without one that came through. */
  readonly answers: Readonly<Record<string, number>>;
  readonly orders: number;
  /** From POST to the order's end, in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /** Resident set of each process in MiB, when a fifth was sent and in the end. */
  readonly memory: readonly [warm: Readonly<Record<string, number>>, end: Readonly<Record<string, number>>];
  /** Until the last message is parked, without the pauses. */
  readonly seconds: number;
  /** What is broken, as sentences. */
  readonly broken: readonly string[];
  /** Where the databases, the stream and the log are, if something is broken. */
  readonly folder: string | undefined;
}

/** The share that is sent before memory is measured for the first time. */
const WARM_UP = 0.2;
/** So many messages, then an order. */
const BURST = 250;
const KNOCKS_AT_ONCE = 8;
const CALM_WITHIN_MS = 120_000;
/** nats-server lets its garbage grow with its heap: so what it holds is told from what it has not cleared away yet. */
const TIDY = { GOMEMLIMIT: "256MiB" };
/** How much the resident set of a process may grow after the warm-up, in MiB: a heap of at most 256 fills up at leisure. */
const GROWTH = 96;

/** Fuzzes the flow. `say` is told what happens, line by line. Rejects when it can't run, and when it is to end early. */
export async function runFuzz<World>(
  flow: Shaken<World>,
  options: FuzzOptions,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<FuzzRun> {
  return Site.during({ services: flow.services, more: TIDY, signal }, (site) =>
    new Fuzz(site, options, say).run(flow),
  );
}

class Fuzz {
  readonly #site: Site;
  readonly #options: FuzzOptions;
  readonly #say: (line: string) => void;
  readonly #messages: Messages;
  readonly #chance: Chance;
  readonly #customers: Customers;
  readonly #kinds: Record<string, number> = {};
  readonly #requests: Record<string, number> = {};
  readonly #answers: Record<string, number> = {};
  #toBeRefused = 0;

  constructor(site: Site, options: FuzzOptions, say: (line: string) => void) {
    this.#site = site;
    this.#options = options;
    this.#say = say;
    this.#messages = new Messages(new Chance(options.seed));
    this.#chance = new Chance(options.seed);
    this.#customers = new Customers(site);
  }

  async run<World>(flow: Shaken<World>): Promise<FuzzRun> {
    const { messages, bodies } = this.#options;
    const site = this.#site;
    await stockUp(site, messages);
    const flood = await Flood.open(site);
    const warm = { messages: Math.ceil(messages * WARM_UP), bodies: Math.ceil(bodies * WARM_UP) };
    const rest = { messages: messages - warm.messages, bodies: bodies - warm.bodies };
    const first = await this.#leg(flood, warm.messages, warm.bodies);
    const second = await this.#leg(flood, rest.messages, rest.bodies);
    flood.close();

    const found = await testimony(site.connection);
    if (flood.refused !== this.#toBeRefused)
      site.broken.push(`the stream has refused ${flood.refused} messages, not ${this.#toBeRefused}`);
    this.#judgeProcesses(first.memory, second.memory);
    await Promise.all(site.services.map(({ name }) => site.program(name).stop()));
    site.broken.push(...verdict(flow, found, site.folder, site.mails, this.#customers.ids));
    const times = this.#customers.times.toSorted((one, other) => one - other);
    const percentile = (share: number) => Math.round(times[Math.ceil(times.length * share) - 1] ?? 0);
    return {
      ...this.#options,
      kinds: this.#kinds,
      stored: flood.stored,
      refused: flood.refused,
      readable: this.#messages.readable,
      parked: found.parked.length,
      requests: this.#requests,
      answers: this.#answers,
      orders: times.length,
      p50: percentile(0.5),
      p99: percentile(0.99),
      memory: [first.memory, second.memory],
      seconds: first.seconds + second.seconds,
      broken: [...site.broken],
      folder: site.broken.length > 0 ? site.folder : undefined,
    };
  }

  /** Sends so much, and waits until all of it is dealt with. */
  async #leg(flood: Flood, messages: number, bodies: number) {
    const begun = performance.now();
    await Promise.all([this.#flood(flood, messages), this.#knock(bodies)]);
    await this.#customers.served();
    this.#site.broken.push(...(await untilCalm(this.#site, CALM_WITHIN_MS)));
    const seconds = (performance.now() - begun) / 1_000;
    this.#say(`${messages} messages and ${bodies} bodies are dealt with after ${seconds.toFixed(1)} s`);
    return { seconds, memory: await memory(this.#site) };
  }

  async #flood(flood: Flood, messages: number): Promise<void> {
    for (let sent = 0; sent < messages; sent++) {
      if (sent % BURST === 0) {
        await room(this.#site);
        this.#customers.order();
      }
      const message = this.#messages.next();
      count(this.#kinds, message.kind);
      if (message.isRefused) this.#toBeRefused++;
      await flood.send(message);
    }
    await flood.answered();
  }

  async #knock(bodies: number): Promise<void> {
    let left = bodies;
    const knocking = async () => {
      while (left-- > 0) {
        const request = badRequest(this.#chance);
        const answer = await knock(this.#site.url(request.service), request);
        count(this.#requests, request.kind);
        count(this.#answers, answer.status === 0 ? "cut off" : `${answer.status}`);
        if (!refuses(request, answer))
          this.#site.broken.push(
            `POST ${request.path} (${request.kind}) is answered ${answer.status} ${answer.type ?? ""}`,
          );
      }
    };
    await Promise.all(Array.from({ length: KNOCKS_AT_ONCE }, knocking));
  }

  #judgeProcesses(warm: Record<string, number>, end: Record<string, number>): void {
    const { broken } = this.#site;
    for (const name of Object.keys(end)) {
      const { deaths } = this.#site.program(name);
      const grown = end[name]! - warm[name]!;
      if (deaths > 0) broken.push(`${name} has died ${deaths} times`);
      if (grown > GROWTH) broken.push(`${name} has grown by ${grown} MiB`);
    }
  }
}

function count(counts: Record<string, number>, name: string): void {
  counts[name] = (counts[name] ?? 0) + 1;
}
