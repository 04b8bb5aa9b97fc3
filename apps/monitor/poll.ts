// Looks at every consumer, again and again: the one place that asks NATS how the flow stands.

import { type NatsObserver, pausedUntil } from "../../shared/nats/observer.ts";
import { FLOW_STREAM, filterSubjects } from "../../shared/nats/topology.ts";
import { type AnyService, emits } from "../../shared/service/define.ts";
import { type Arrivals, arrivals, NO_ARRIVALS, typeOf } from "./arrivals.ts";
import { type Course, goOn, UNKNOWN } from "./eta.ts";
import { Returns, returning } from "./returns.ts";
import { type Judgement, judge } from "./status.ts";
import { extend, follow, type Look, lagOf, nobodyListens } from "./window.ts";

/** How one consumer stands. Times are milliseconds since 1970. */
export interface ConsumerStand extends Judgement, Omit<Look, "at" | "cameIn" | "cameBack"> {
  readonly name: string;
  /** The time of the oldest event that is not handled, and where it is in the stream. */
  readonly oldest: { readonly seq: number; readonly at: number } | null;
  readonly lagSeconds: number;
  /** Up to this delivery all are acknowledged. */
  readonly floorDelivery: number;
}

/** How the flow stood at one look. */
export interface Snapshot {
  readonly at: number;
  /** Whether it could look; if not, whether NATS is there all the same, and what is in the way. */
  readonly nats: { readonly isConnected: boolean; readonly isThere?: boolean; readonly cause?: string };
  readonly stream: { readonly messages: number; readonly lastSeq: number };
  /** Facts a second, by type. */
  readonly perSecond: Readonly<Record<string, number>>;
  readonly consumers: readonly ConsumerStand[];
  /** What the look has cost. */
  readonly cost: { readonly requests: number; readonly ms: number };
}

const SMOOTHED_OVER = 5;

/** The looks of one monitor, or of one terminal. */
export class Poll {
  readonly #observer: NatsObserver;
  readonly #services: readonly AnyService[];
  readonly #windows = new Map<string, Look[]>();
  readonly #tracks = new Map<string, Look[]>();
  readonly #courses = new Map<string, Course>();
  readonly #returns = new Returns();
  readonly #returning: ReadonlyMap<string, ReadonlySet<string>>;
  readonly #oldest = new Map<string, { floor: number; seq: number; at: number }>();
  #came: { at: number; arrivals: Arrivals }[] = [];
  #lastSeq: number | undefined;

  constructor(observer: NatsObserver, services: readonly AnyService[]) {
    this.#observer = observer;
    this.#services = services;
    this.#returning = new Map(services.map((one) => [one.name, returning(one, services)]));
  }

  /** Looks once. Rejects when NATS does not answer; what was seen before is kept. */
  async look(): Promise<Snapshot> {
    const begun = performance.now();
    const asked = this.#observer.requests;
    const stream = await this.#observer.stream(FLOW_STREAM);
    const came = await this.#arrivals(stream.lastSeq);
    const at = Date.now();
    this.#came = [...this.#came, { at, arrivals: came }].slice(-SMOOTHED_OVER - 1);
    const consumers = await Promise.all(this.#services.map((service) => this.#consumer(service, came)));
    const speakers = consumers.filter((_, n) => emits(this.#services[n]!).length > 0);
    await this.#returns.learn(stream, speakers, this.#observer);
    return {
      at,
      nats: { isConnected: true },
      stream: { messages: stream.messages, lastSeq: stream.lastSeq },
      perSecond: this.#perSecond(),
      consumers,
      cost: { requests: this.#observer.requests - asked, ms: Math.round(performance.now() - begun) },
    };
  }

  async #arrivals(lastSeq: number): Promise<Arrivals> {
    const before = this.#lastSeq;
    this.#lastSeq = lastSeq;
    if (before === undefined || lastSeq <= before) return NO_ARRIVALS;
    return arrivals(before, lastSeq, (seq, count) => this.#observer.messages(FLOW_STREAM, seq, count));
  }

  async #consumer(service: AnyService, came: Arrivals): Promise<ConsumerStand> {
    const { name } = service;
    const info = await this.#observer.consumer(name);
    if (!info) {
      this.#windows.delete(name);
      return gone(name);
    }
    const subjects = filterSubjects(service);
    const heard = subjects.map(typeOf);
    const returning = this.#returning.get(name)!;
    const sum = (types: readonly string[]) =>
      types.reduce((total, type) => total + (came.byType.get(type) ?? 0), 0);
    const look: Look = {
      at: Date.now(),
      pending: info.num_pending,
      ackPending: info.num_ack_pending,
      redelivered: info.num_redelivered,
      waiting: info.num_waiting,
      deliveries: info.delivered.consumer_seq,
      deliveredSeq: info.delivered.stream_seq,
      floorSeq: info.ack_floor.stream_seq,
      cameIn: sum(heard),
      cameBack: sum(heard.filter((type) => returning.has(type))),
      pausedUntil: pausedUntil(info),
    };
    const before = this.#windows.get(name)?.at(-1);
    const window = extend(this.#windows.get(name) ?? [], look);
    this.#windows.set(name, window);
    const track = follow(this.#tracks.get(name) ?? [], window);
    this.#tracks.set(name, track);
    const goesOn = window.length > 1 && !nobodyListens(window);
    const share = this.#returns.share(heard, returning);
    const known = { ...(this.#courses.get(name) ?? UNKNOWN), share };
    const course = goOn(known, goesOn ? before : undefined, look);
    this.#courses.set(name, course);
    const oldest = lagOf(look) > 0 ? await this.#oldestOf(name, look.floorSeq, subjects) : null;
    const { at, cameIn, cameBack, ...counts } = look;
    const lagSeconds = oldest ? Math.max(0, (at - oldest.at) / 1_000) : 0;
    return {
      name,
      ...judge(window, track, course),
      ...counts,
      oldest,
      lagSeconds: Math.round(lagSeconds * 10) / 10,
      floorDelivery: info.ack_floor.consumer_seq,
    };
  }

  /** The first event behind what is acknowledged; it stays the same as long as that does not move. */
  async #oldestOf(name: string, floor: number, subjects: readonly string[]) {
    const known = this.#oldest.get(name);
    if (known?.floor === floor) return { seq: known.seq, at: known.at };
    const patterns = new Set(subjects.map(typeOf));
    const near = await this.#observer.messages(FLOW_STREAM, floor + 1, NEAR);
    const message =
      near.find(({ subject }) => patterns.has(typeOf(subject))) ??
      (await this.#observer.first(FLOW_STREAM, (near.at(-1)?.seq ?? floor) + 1, subjects));
    if (!message) return null;
    const found = { seq: message.seq, at: message.time.getTime() };
    this.#oldest.set(name, { floor, ...found });
    return found;
  }

  #perSecond(): Record<string, number> {
    const [first, ...rest] = this.#came;
    const last = rest.at(-1);
    if (!first || !last) return {};
    const seconds = Math.max(1, last.at - first.at) / 1_000;
    const sums: Record<string, number> = {};
    for (const { arrivals } of rest)
      for (const [type, count] of arrivals.byType) sums[type] = (sums[type] ?? 0) + count / seconds;
    return sums;
  }
}

/** How many messages are looked through for the oldest event before NATS is asked for it by each of its subjects. */
const NEAR = 16;

/** A consumer that somebody has deleted. */
function gone(name: string): ConsumerStand {
  const none = {
    pending: 0,
    ackPending: 0,
    redelivered: 0,
    waiting: 0,
    deliveries: 0,
    deliveredSeq: 0,
    floorSeq: 0,
    floorDelivery: 0,
  };
  const why = "its consumer is gone from NATS; it is created again within seconds";
  const standing = {
    status: "NOBODY LISTENING",
    why,
    lag: 0,
    perSecondIn: null,
    perSecondOut: null,
  } as const;
  return { name, ...standing, ...none, etaSeconds: null, oldest: null, lagSeconds: 0 };
}
