// What is wrong with the flow now, what somebody has to act on first: broker, services, what is parked, and orders that wait too
// long, each with the sentence that says why.

import { setTimeout as sleep } from "node:timers/promises";
import { parseSubject } from "../../shared/contracts/events.ts";
import { gathered } from "../../shared/gathered.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { adviceFor } from "./advice.ts";
import { askWorkOf, get, ORDERS } from "./ask.ts";
import type { Monitor } from "./monitor.ts";
import type { ConsumerStand } from "./poll.ts";
import { type Pending, placedAt, Suspects } from "./suspects.ts";
import { REMEDY, type Situation, type Why } from "./why.ts";
import { count, counted } from "./words.ts";

/** One thing that is wrong, or that somebody has to look after. */
export interface Trouble {
  readonly kind: "nats" | "service" | "parked" | "order";
  /** Which service, which group of parked messages, or which order. */
  readonly about: string;
  /** Whose order it is. */
  readonly customer?: string | null;
  readonly situation: Situation;
  readonly sentence: string;
  /** How many more there are like it. */
  readonly others: number;
  /** One command that harms nothing; null where the page itself shows what to do. */
  readonly command: string | null;
}

/** All that is wrong. */
export interface Troubles {
  readonly at: number;
  readonly troubles: readonly Trouble[];
  /** How many orders have waited for too long, as far as was counted, and whether there are more. */
  readonly late: number;
  readonly hasMore: boolean;
  /** How many orders were looked at. */
  readonly lookedAt: number;
  /** Whether orders are still being looked at for the first time. */
  readonly isLooking: boolean;
}

/** What a look at open orders has found. */
type Late = Pick<Troubles, "troubles" | "late" | "hasMore" | "lookedAt"> & { readonly isBlind: boolean };

const NONE_YET: Late = { troubles: [], late: 0, hasMore: false, isBlind: false, lookedAt: 0 };

/** The most reasons that are told for which messages are parked; those come first that have parked the most. */
const REASONS = 20;

/** An order that goes on by itself is told of only when it is older. */
const PATIENCE_MS = 30_000;
/** How many orders are looked at at once: each takes some twenty requests. */
const AT_ONCE = 12;
const FRESH_MS = 3_000;
/** What was found longer ago than this is no answer: nobody has asked meanwhile. */
const STALE_MS = 10_000;
/** Services that are down keep a look waiting: what is known is told without it. */
const AT_HAND_MS = 500;

/** Finds what is wrong. */
export class Watch {
  readonly #monitor: Monitor;
  readonly #suspects = new Suspects({
    pending: (limit, after) => this.#pending(limit, after),
    keyAt: (seq) => this.#keyAt(seq),
  });
  #looking: Promise<Late> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #latest: Late | undefined;
  /** Why those who do not get on try again in vain, so that a restart would not help; undefined where that is not why. */
  #inVain: ReadonlyMap<string, string | undefined> = new Map();

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  /** What is wrong now; of orders, what a look has found that ended within ten seconds, if the next one takes its time. */
  async troubles(): Promise<Troubles> {
    const looking = this.#look();
    const patience = new AbortController();
    const soon = sleep(AT_HAND_MS, undefined, { signal: patience.signal }).catch(() => {});
    const isStale = performance.now() - this.#lookedAt > STALE_MS;
    const atHand = soon.then(() => (isStale ? undefined : this.#latest));
    const found = (await Promise.race([looking, atHand])) ?? NONE_YET;
    patience.abort();
    const { isBlind, ...late } = found;
    const services = this.#services();
    const blind = isBlind && !services.some(({ about }) => about === ORDERS) ? [this.#blind()] : [];
    const troubles = [...this.#nats(), ...services, ...blind, ...this.#parked(), ...late.troubles];
    return { ...late, at: Date.now(), troubles: byUrgency(troubles), isLooking: found === NONE_YET };
  }

  /** Looks at orders, one look at a time. */
  #look(): Promise<Late> {
    if (performance.now() - this.#lookedAt < FRESH_MS && this.#latest) return Promise.resolve(this.#latest);
    this.#looking ??= this.#lookAtOrders().finally(() => {
      this.#lookedAt = performance.now();
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #lookAtOrders(): Promise<Late> {
    const { latest, sight } = this.#monitor;
    const { ids, late, hasMore, isBlind } = await this.#suspects.choose(
      sight?.board.notes ?? [],
      latest?.consumers ?? [],
    );
    const [troubles, inVain] = await Promise.all([this.#ordersIn(ids), this.#triesInVain()]);
    this.#inVain = inVain;
    this.#latest = { troubles, late, hasMore, isBlind, lookedAt: ids.length };
    return this.#latest;
  }

  #nats(): Trouble[] {
    const { latest, config } = this.#monitor;
    if (latest?.nats.isConnected) return [];
    if (latest?.nats.isThere) {
      const sentence = `NATS is up, but can't be looked at: ${latest.nats.cause}. The monitor tries again.`;
      return [{ kind: "nats", about: "NATS", situation: "unknown", sentence, others: 0, command: null }];
    }
    const sentence = "NATS is not reachable: nothing goes on until it is back, but nothing is lost.";
    const command = adviceFor(config).startNats();
    return [{ kind: "nats", about: "NATS", situation: "stuck", sentence, others: 0, command }];
  }

  #services(): Trouble[] {
    const { latest } = this.#monitor;
    if (!latest?.nats.isConnected) return [];
    return latest.consumers
      .filter(({ status }) => status === "NOBODY LISTENING" || status === "STALLED" || status === "SLOW")
      .toSorted((a, b) => b.lag - a.lag)
      .map((consumer) => this.#service(consumer));
  }

  #service({ name, status, why, pausedUntil }: ConsumerStand): Trouble {
    const advice = adviceFor(this.#monitor.config);
    const trouble = { kind: "service", about: name, sentence: `${name}: ${why}.`, others: 0 } as const;
    if (status === "SLOW") return { ...trouble, situation: "waiting", command: null };
    if (status === "NOBODY LISTENING")
      return { ...trouble, situation: "stuck", command: advice.restart(name) };
    if (pausedUntil !== undefined) return { ...trouble, situation: "stuck", command: advice.resume(name) };
    // It was not asked yet what it is held up at.
    if (!this.#inVain.has(name)) return { ...trouble, situation: "unknown", command: null };
    const cause = this.#inVain.get(name);
    if (cause === undefined) return { ...trouble, situation: "stuck", command: advice.restart(name) };
    const sentence = `${name}: ${why}: ${cause}. It goes on by itself.`;
    return { ...trouble, situation: "waiting", sentence, command: null };
  }

  /** Only the service orders knows which of them are open. */
  #blind(): Trouble {
    const sentence = `${ORDERS} does not answer: nobody can tell which orders have been waiting too long.`;
    const command = adviceFor(this.#monitor.config).restart(ORDERS);
    return { kind: "service", about: ORDERS, situation: "unknown", sentence, others: 0, command };
  }

  /** What those say who do not get on, of the event that they are held up at: whether calls for it fail, and why. */
  async #triesInVain(): Promise<Map<string, string | undefined>> {
    const { latest, config } = this.#monitor;
    const stalled = (latest?.consumers ?? []).filter(({ status }) => status === "STALLED");
    const asked = await Promise.all(
      stalled.map(async ({ name, oldest }) => {
        const key = oldest && (await this.#keyAt(oldest.seq).catch(() => undefined));
        const work = key ? await askWorkOf(config, name, key) : undefined;
        return [name, work?.tries[0]?.cause] as const;
      }),
    );
    return new Map(asked);
  }

  /** By the reason: one message may be parked by several services. */
  #parked(): Trouble[] {
    const byReason = gathered(this.#monitor.sight?.board.groups ?? [], ({ fingerprint }) => fingerprint);
    return [...byReason].slice(0, REASONS).map(([about, [first, ...more]]): Trouble => {
      const all = [first!, ...more];
      const sum = (of: "failed" | "waiting") => all.reduce((total, group) => total + group[of], 0);
      const [failed, waiting] = [sum("failed"), sum("waiting")];
      const what = failed === 1 ? "a message" : counted(failed, "message");
      const behind = waiting > 0 ? ` ${count(waiting)} more ${waiting === 1 ? "waits" : "wait"} behind.` : "";
      const who = all.map(({ service }) => service).join(", ");
      const facts = [...new Set(all.flatMap(({ whats }) => whats))].join(", ");
      const sentence = `${who}: ${what} parked (${facts}): ${first!.cause}.${behind} ${REMEDY}`;
      return { kind: "parked", about, situation: "stuck", sentence, others: 0, command: null };
    });
  }

  /** Orders that have not ended and wait for no person, oldest first, as the service orders has them. */
  async #pending(limit: number, after?: string) {
    const query = new URLSearchParams({ status: "pending", order: "oldest", limit: `${limit}` });
    if (after) query.set("cursor", after);
    const answer = await get(this.#monitor.config, ORDERS, `/orders?${query}`);
    return answer?.status === 200 ? (answer.body as { orders: Pending[]; next?: string }) : undefined;
  }

  async #keyAt(seq: number): Promise<string | undefined> {
    const found = await this.#monitor.sight?.observer.messages(FLOW_STREAM, seq, 1);
    const message = found?.find((one) => one.seq === seq);
    return message && parseSubject(message.subject)?.key;
  }

  /** Why orders wait, those first for which somebody has to act; one stands for all that wait for the same reason. */
  async #ordersIn(late: readonly string[]): Promise<Trouble[]> {
    const { inspector, latest } = this.#monitor;
    const answers: Why[] = [];
    for (let first = 0; first < late.length; first += AT_ONCE) {
      const some = late.slice(first, first + AT_ONCE);
      answers.push(...(await Promise.all(some.map((id) => inspector.why(id, latest?.consumers ?? [])))));
    }
    this.#suspects.keep(
      answers.filter(({ situation }) => situation === "stuck").map(({ orderId }) => orderId),
    );
    const wanted = answers.filter(
      // That NATS is away is told once.
      ({ orderId, situation, at }) =>
        situation !== "ended" && at !== "NATS" && !(situation === "moving" && isYoung(orderId)),
    );
    const byReason = gathered(wanted, ({ sentence }) =>
      sentence.replaceAll(/\d+(,\d{3})*( (ms|s|min|h|d)\b)?( \d+ (s|min|h)\b)?/g, "0"),
    );
    const troubles = [...byReason.values()].map(([first, ...more]): Trouble => {
      const { orderId, customer, situation, sentence, command } = first!;
      return { kind: "order", about: orderId, customer, situation, sentence, others: more.length, command };
    });
    return byUrgency(troubles);
  }
}

const RANKS: readonly Situation[] = ["stuck", "waiting", "unknown", "moving"];

/** Those first for which somebody has to act, else as they were. */
function byUrgency(troubles: readonly Trouble[]): Trouble[] {
  return troubles.toSorted((a, b) => RANKS.indexOf(a.situation) - RANKS.indexOf(b.situation));
}

function isYoung(orderId: string): boolean {
  return Date.now() - placedAt(orderId) < PATIENCE_MS;
}
