// What is wrong with the flow now, worst first: broker, services, what is parked, and orders that wait too long, each with the
// sentence that says why.

import { setTimeout as sleep } from "node:timers/promises";
import { groupsOf } from "../../shared/parked/entries.ts";
import { adviceFor } from "./advice.ts";
import { get } from "./ask.ts";
import type { Monitor } from "./monitor.ts";
import type { Situation } from "./why.ts";

/** One thing that is wrong, or that somebody has to look after. */
export interface Trouble {
  readonly kind: "nats" | "service" | "parked" | "order";
  /** Which service, which group of parked messages, or which order. */
  readonly about: string;
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
  /** Whether orders are still being looked at for the first time. */
  readonly isLooking: boolean;
}

/** What a look at the oldest open orders has found. */
interface Late {
  readonly troubles: readonly Trouble[];
  readonly count: number;
  readonly hasMore: boolean;
}

const NONE_YET: Late = { troubles: [], count: 0, hasMore: false };

/** An order that is younger is on its way. */
const YOUNG_MS = 5_000;
/** An order that goes on by itself is told of only when it is older. */
const PATIENCE_MS = 30_000;
/** The most orders that are looked at, oldest first: each takes some twenty requests. */
const LOOKED_AT = 12;
const FRESH_MS = 3_000;
/** Services that are down keep a look waiting: what is known is told without it. */
const AT_HAND_MS = 500;

/** Finds what is wrong. */
export class Watch {
  readonly #monitor: Monitor;
  #looking: Promise<Late> | undefined;
  #lookedAt = Number.NEGATIVE_INFINITY;
  #latest: Late | undefined;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  /** What is wrong now; of orders, what the last look has found, which began within three seconds or is under way. */
  async troubles(): Promise<Troubles> {
    const looking = this.#look();
    const patience = new AbortController();
    const soon = sleep(AT_HAND_MS, undefined, { signal: patience.signal }).catch(() => {});
    const late = (await Promise.race([looking, soon.then(() => this.#latest)])) ?? NONE_YET;
    patience.abort();
    const troubles = [...this.#nats(), ...this.#services(), ...this.#parked(), ...late.troubles];
    const { count, hasMore } = late;
    return { at: Date.now(), troubles, late: count, hasMore, isLooking: late === NONE_YET };
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
    const { ids, hasMore } = await this.#oldest();
    this.#latest = { troubles: await this.#ordersIn(ids), count: ids.length, hasMore };
    return this.#latest;
  }

  #nats(): Trouble[] {
    const { latest, config } = this.#monitor;
    if (latest?.nats.isConnected) return [];
    const sentence = "NATS is not reachable: nothing goes on until it is back, and nothing is lost.";
    const command = adviceFor(config).startNats();
    return [{ kind: "nats", about: "NATS", situation: "stuck", sentence, others: 0, command }];
  }

  #services(): Trouble[] {
    const { latest, config } = this.#monitor;
    if (!latest?.nats.isConnected) return [];
    const advice = adviceFor(config);
    return latest.consumers
      .filter(({ status }) => status === "NOBODY LISTENING" || status === "STALLED" || status === "SLOW")
      .toSorted((a, b) => b.lag - a.lag)
      .map(({ name, status, why }): Trouble => {
        const isSlow = status === "SLOW";
        return {
          kind: "service",
          about: name,
          situation: isSlow ? "waiting" : "stuck",
          sentence: `${name}: ${why}.`,
          others: 0,
          command: isSlow ? null : advice.restart(name),
        };
      });
  }

  /** By the reason: one message may be parked by several services. */
  #parked(): Trouble[] {
    const groups = groupsOf(this.#monitor.sight?.board.notes ?? []);
    const byReason = grouped(groups, ({ fingerprint }) => fingerprint);
    return [...byReason].map(([about, [first, ...more]]): Trouble => {
      const all = [first!, ...more];
      const sum = (of: "failed" | "waiting") => all.reduce((total, group) => total + group[of], 0);
      const [failed, waiting] = [sum("failed"), sum("waiting")];
      const what = failed === 1 ? "a message" : `${failed} messages`;
      const behind = waiting > 0 ? ` ${waiting} more ${waiting === 1 ? "waits" : "wait"} behind.` : "";
      const who = all.map(({ service }) => service).join(", ");
      const sentence = `${who}: ${what} parked (${first!.what}): ${first!.cause}.${behind}`;
      return { kind: "parked", about, situation: "stuck", sentence, others: 0, command: null };
    });
  }

  /** The oldest orders that have not ended and wait for no person, as the service orders has them. */
  async #oldest(): Promise<{ ids: string[]; hasMore: boolean }> {
    const query = new URLSearchParams({ status: "pending", order: "oldest", limit: `${LOOKED_AT}` });
    const answer = await get(this.#monitor.config, "orders", `/orders?${query}`);
    if (answer?.status !== 200) return { ids: [], hasMore: false };
    const { orders, next } = answer.body as { orders: Pending[]; next?: string };
    const before = Date.now() - YOUNG_MS;
    const late = orders.filter(({ placedAt }) => Date.parse(placedAt) < before);
    return {
      ids: late.map(({ orderId }) => orderId),
      hasMore: next !== undefined && late.length === orders.length,
    };
  }

  /** Why orders wait, those first for which somebody has to act; one stands for all that wait for the same reason. */
  async #ordersIn(late: readonly string[]): Promise<Trouble[]> {
    const { inspector, latest } = this.#monitor;
    const answers = await Promise.all(late.map((id) => inspector.why(id, latest?.consumers ?? [])));
    const wanted = answers.filter(
      ({ orderId, situation }) => situation !== "ended" && !(situation === "moving" && isYoung(orderId)),
    );
    const byReason = grouped(wanted, ({ sentence }) =>
      sentence.replaceAll(/\d+( (ms|s|min|h|d)\b)?( \d+ (s|min|h)\b)?/g, "0"),
    );
    const troubles = [...byReason.values()].map(([first, ...more]): Trouble => {
      const { orderId, situation, sentence, command } = first!;
      return { kind: "order", about: orderId, situation, sentence, others: more.length, command };
    });
    return troubles.toSorted((a, b) => RANKS.indexOf(a.situation) - RANKS.indexOf(b.situation));
  }
}

interface Pending {
  readonly orderId: string;
  readonly placedAt: string;
}

const RANKS: readonly Situation[] = ["stuck", "waiting", "unknown", "moving"];

/** The time in the id of an order, which is a UUID of version 7. */
function isYoung(orderId: string): boolean {
  const placedAt = Number.parseInt(orderId.replaceAll("-", "").slice(0, 12), 16);
  return Date.now() - placedAt < PATIENCE_MS;
}

function grouped<Item>(items: readonly Item[], by: (item: Item) => string): Map<string, Item[]> {
  const groups = new Map<string, Item[]>();
  for (const item of items) groups.set(by(item), [...(groups.get(by(item)) ?? []), item]);
  return groups;
}
