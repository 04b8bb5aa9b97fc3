// What is wrong with the flow now, worst first: broker, services, what is parked, and orders that wait too long, each with the
// sentence that says why.

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
}

/** An order that is younger is on its way. */
const YOUNG_MS = 5_000;
/** An order that goes on by itself is told of only when it is older. */
const PATIENCE_MS = 30_000;
/** The most orders that are looked at, oldest first, and how many at a time. */
const LOOKED_AT = 24;
const AT_ONCE = 4;
const FRESH_MS = 3_000;

/** Finds what is wrong; whoever asks within three seconds gets the same answer. */
export class Watch {
  readonly #monitor: Monitor;
  #found: Promise<Troubles> | undefined;
  #askedAt = 0;

  constructor(monitor: Monitor) {
    this.#monitor = monitor;
  }

  troubles(): Promise<Troubles> {
    if (this.#found && performance.now() - this.#askedAt < FRESH_MS) return this.#found;
    this.#askedAt = performance.now();
    this.#found = this.#look();
    this.#found.catch(() => {
      this.#found = undefined;
    });
    return this.#found;
  }

  async #look(): Promise<Troubles> {
    const { late, hasMore } = await this.#late();
    const orders = await this.#ordersIn(late);
    const troubles = [...this.#nats(), ...this.#services(), ...this.#parked(), ...orders];
    return { at: Date.now(), troubles, late: late.length, hasMore };
  }

  #nats(): Trouble[] {
    const { latest, config } = this.#monitor;
    if (latest?.nats.isConnected) return [];
    const sentence = "NATS is not reachable: nothing goes on until it is back, and nothing is lost.";
    const command = adviceFor(config).startNats();
    return [{ kind: "nats", about: "NATS", situation: "stuck", sentence, command }];
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
          command: isSlow ? null : advice.restart(name),
        };
      });
  }

  #parked(): Trouble[] {
    const groups = groupsOf(this.#monitor.sight?.board.notes ?? []);
    return groups.map(({ fingerprint, service, what, cause, failed, waiting }): Trouble => {
      const behind = waiting > 0 ? `; ${waiting} more ${waiting === 1 ? "waits" : "wait"} behind` : "";
      const sentence = `${service} has parked ${failed === 1 ? "one message" : `${failed} messages`} (${what}): ${cause}${behind}.`;
      return { kind: "parked", about: fingerprint, situation: "stuck", sentence, command: null };
    });
  }

  /** The oldest orders that have not ended and wait for no person, as the service orders has them. */
  async #late(): Promise<{ late: string[]; hasMore: boolean }> {
    const query = new URLSearchParams({ status: "pending", order: "oldest", limit: `${LOOKED_AT}` });
    const answer = await get(this.#monitor.config, "orders", `/orders?${query}`);
    if (answer?.status !== 200) return { late: [], hasMore: false };
    const { orders, next } = answer.body as { orders: Pending[]; next?: string };
    const before = Date.now() - YOUNG_MS;
    const late = orders.filter(({ placedAt }) => Date.parse(placedAt) < before);
    return {
      late: late.map(({ orderId }) => orderId),
      hasMore: next !== undefined && late.length === orders.length,
    };
  }

  async #ordersIn(late: readonly string[]): Promise<Trouble[]> {
    const { inspector, latest } = this.#monitor;
    const found: Trouble[] = [];
    for (let from = 0; from < late.length; from += AT_ONCE) {
      const some = late.slice(from, from + AT_ONCE);
      const asked = some.map((orderId) => inspector.why(orderId, latest?.consumers ?? []));
      for (const { orderId, situation, sentence, command } of await Promise.all(asked)) {
        if (situation === "ended" || (situation === "moving" && isYoung(orderId))) continue;
        found.push({ kind: "order", about: orderId, situation, sentence, command });
      }
    }
    return found.toSorted((a, b) => RANKS.indexOf(a.situation) - RANKS.indexOf(b.situation));
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
