// Gathers all that is known of one order: its story, what is expected next, and why it stands where it stands.

import type { Config } from "../../shared/config.ts";
import type { FactType } from "../../shared/contracts/events.ts";
import { isAway, type NatsObserver } from "../../shared/nats/observer.ts";
import type { Log } from "../../shared/observability/log.ts";
import { type Entry, entryOf } from "../../shared/parked/entries.ts";
import type { AnyService } from "../../shared/service/define.ts";
import type { WorkOfKey } from "../../shared/service/work.ts";
import { adviceFor } from "./advice.ts";
import { askTrouble, askWorkOf } from "./ask.ts";
import { Lookahead, type Outlook, type Progress } from "./expected.ts";
import type { ConsumerStand } from "./poll.ts";
import { Reader } from "./read.ts";
import { endOf, isOrder, type Step, type Told, timeline } from "./timeline.ts";
import { type Why, why } from "./why.ts";

/** One order, as the monitor shows it. */
export interface OrderStory {
  readonly orderId: string;
  /** The fact that has ended it; null as long as it is open. */
  readonly end: FactType | null;
  readonly steps: readonly Step[];
  readonly expected: Outlook["expected"];
  readonly waiting: Outlook["waiting"];
}

interface Gathered {
  readonly told: readonly Told[];
  readonly outlook: Outlook;
  readonly parked: readonly Entry[];
  readonly work: ReadonlyMap<string, WorkOfKey>;
}

/** Looks at single orders. */
export class Inspector {
  readonly #observer: NatsObserver | undefined;
  readonly #services: readonly AnyService[];
  readonly #config: Config;
  readonly #reader: Reader | undefined;
  readonly #lookahead: Lookahead;

  /** Without an observer NATS is not there. */
  constructor(observer: NatsObserver | undefined, services: readonly AnyService[], config: Config, log: Log) {
    this.#observer = observer;
    this.#services = services;
    this.#config = config;
    this.#reader = observer && new Reader(observer, log);
    this.#lookahead = new Lookahead(services);
  }

  /** The story of an order; undefined when nothing was ever said of it. Rejects when NATS does not answer. */
  async story(orderId: string): Promise<OrderStory | undefined> {
    const { told, outlook } = await this.#gather(orderId);
    if (!isOrder(told)) return undefined;
    const { expected, waiting } = outlook;
    const end = endOf(told)?.event?.type ?? null;
    return { orderId, end, steps: timeline(told, this.#services), expected, waiting };
  }

  /** Why an order stands where it stands; `consumers` as of the last look. Never rejects for the lack of NATS. */
  async why(orderId: string, consumers: readonly ConsumerStand[]): Promise<Why> {
    const advice = adviceFor(this.#config);
    const found = await this.#gather(orderId).catch((error: Error) => error);
    const work = found instanceof Error ? await this.#work(orderId) : found.work;
    const common = { orderId, now: Date.now(), consumers, work };
    if (found instanceof Error) {
      const isThere = this.#observer !== undefined && !isAway(found);
      const unseen = isThere ? found.message : undefined;
      return why({ ...common, ...NOTHING_SEEN, isNatsThere: isThere, unseen }, advice);
    }
    const { told, outlook, parked } = found;
    const troubles = await this.#troubles(outlook, consumers, work);
    return why({ ...common, isNatsThere: true, told, outlook, parked, troubles }, advice);
  }

  /**
   * First how far the services are, then what was said: whatever was acknowledged by then, and left nothing in an outbox, has
   * its facts in the stream.
   */
  async #gather(orderId: string): Promise<Gathered> {
    const observer = this.#observer;
    if (!observer) throw new Error("NATS is not reachable");
    const infos = await Promise.all(this.#services.map(({ name }) => observer.consumer(name)));
    const [work, stored] = await Promise.all([this.#work(orderId), observer.parkedOf(orderId)]);
    const told = await this.#reader!.about(orderId);
    const parked = stored.flatMap((message) => entryOf(message) ?? []);
    const progress = new Map<string, Progress>();
    for (const [index, { name }] of this.#services.entries()) {
      const info = infos[index];
      if (!info) continue;
      progress.set(name, {
        floorSeq: info.ack_floor.stream_seq,
        deliveredSeq: info.delivered.stream_seq,
        ackPending: info.num_ack_pending,
        handled: work.get(name)?.handled,
      });
    }
    return { told, outlook: this.#lookahead.look(told, progress, parked), parked, work };
  }

  async #work(orderId: string): Promise<Map<string, WorkOfKey>> {
    const asked = await Promise.all(
      this.#services.map(async ({ name }) => [name, await askWorkOf(this.#config, name, orderId)] as const),
    );
    return new Map(asked.filter((entry): entry is [string, WorkOfKey] => entry[1] !== undefined));
  }

  /** Why those are not ready, in their own words, that do not listen and are waited for, or can't say what they have decided. */
  async #troubles(
    { expected }: Outlook,
    consumers: readonly ConsumerStand[],
    work: ReadonlyMap<string, WorkOfKey>,
  ): Promise<Map<string, string>> {
    const silent = consumers.filter(({ status }) => status === "NOBODY LISTENING").map(({ name }) => name);
    const awaited = expected.map(({ service }) => service).filter((name) => silent.includes(name));
    const holding = [...work].flatMap(([name, { unpublished }]) => (unpublished.length > 0 ? [name] : []));
    const needed = [...new Set([...awaited, ...holding])];
    const asked = await Promise.all(
      needed.map(async (name) => [name, await askTrouble(this.#config, name)] as const),
    );
    return new Map(asked.filter((entry): entry is [string, string] => entry[1] !== undefined));
  }
}

const NOTHING_SEEN = {
  told: [],
  outlook: { expected: [], waiting: [] },
  parked: [],
  troubles: new Map<string, string>(),
};
