// A simulated durable consumer: explicit acks, delayed naks, and redelivery of what nobody said anything about.

import type { Event, FactType } from "../../contracts/events.ts";
import { type AnyService, consumes } from "../../service/define.ts";
import type { Delivery } from "../../service/delivery.ts";
import type { Broker } from "./broker.ts";
import type { Setting } from "./setting.ts";

/** As `npm run provision` has them. */
const ACK_WAIT_MS = 10_000;
const MAX_ACK_PENDING = 2_000;

const LATE_MS = [20, 5_000] as const;
const REPEAT_MS = [1, 10_000] as const;

/** A message that was delivered and not acked. */
interface Pending {
  attempt: number;
  /** Somebody has it, or it is on its way. */
  isOut: boolean;
}

/** One service's consumer. */
export class Durable {
  readonly name: string;
  /** How many ids had been stored when each was first acked. */
  readonly ackedAt = new Map<string, number>();
  /** The places of all messages for this consumer. */
  readonly places: number[] = [];
  isReachable = true;
  take: ((delivery: Delivery) => void) | undefined;
  readonly #filter: ReadonlySet<FactType>;
  readonly #broker: Pick<Broker, "stream" | "firstStored">;
  readonly #setting: Setting;
  readonly #pending = new Map<number, Pending>();
  #next = 0;
  #again: number[] = [];
  /** The places of the latest acks. */
  #acked: number[] = [];
  /** How often it was set back. */
  #age = 0;

  constructor(service: AnyService, broker: Pick<Broker, "stream" | "firstStored">, setting: Setting) {
    this.name = service.name;
    this.#filter = new Set(consumes(service));
    this.#broker = broker;
    this.#setting = setting;
  }

  get isIdle(): boolean {
    return this.#pending.size === 0 && this.#next === this.places.length;
  }

  /** What was delivered and not acked, and how many messages were not delivered yet. */
  get backlog(): { readonly pending: readonly Event[]; readonly waiting: number } {
    const pending = [...this.#pending.keys()].map((place) => this.#broker.stream[place]!);
    return { pending, waiting: this.places.length - this.#next };
  }

  /** Takes note of a message in the stream. */
  offer(place: number): void {
    if (!this.#filter.has(this.#broker.stream[place]!.type)) return;
    this.places.push(place);
    this.pump();
  }

  /** Sends off what may be delivered. */
  pump(): void {
    if (!this.take || !this.isReachable) return;
    const again = this.#again;
    this.#again = [];
    for (const place of again) {
      const pending = this.#pending.get(place);
      if (pending && !pending.isOut) this.#send(place, pending);
    }
    while (this.#next < this.places.length && this.#pending.size < MAX_ACK_PENDING) {
      const place = this.places[this.#next++]!;
      const pending = { attempt: 0, isOut: false };
      this.#pending.set(place, pending);
      this.#send(place, pending);
    }
  }

  /** Whatever somebody has, or is on its way, comes again after a while unless it is ended before. */
  lapse(): void {
    const out = [...this.#pending].filter(([, { isOut }]) => isOut);
    for (const [place, { attempt }] of out) this.#comeAgain(place, attempt, ACK_WAIT_MS);
  }

  /** Forgets, by chance, some of the latest `most` acks. */
  forgetAcks(most: number): void {
    const { chance, trace, faults } = this.#setting;
    for (const place of this.#acked.splice(0).slice(-most)) {
      if (faults.lostAck === 0 || !chance.is(0.5) || this.#pending.has(place)) continue;
      trace.count("acks that a broker forgot");
      this.#pending.set(place, { attempt: 1, isOut: false });
      this.#again.push(place);
    }
  }

  /** Goes on as if nothing had been stored from a place on. What anybody still has was given by a consumer that is gone. */
  setBack(place: number): void {
    const isThere = (one: number) => one < place;
    this.#age++;
    this.places.length = this.places.filter(isThere).length;
    this.#next = Math.min(this.#next, this.places.length);
    this.#again = this.#again.filter(isThere);
    this.#acked = this.#acked.filter(isThere);
    for (const one of this.#pending.keys()) if (!isThere(one)) this.#pending.delete(one);
  }

  #send(place: number, pending: Pending): void {
    const { scheduler, chance, faults, trace } = this.#setting;
    const { take } = this;
    const age = this.#age;
    const attempt = ++pending.attempt;
    pending.isOut = true;
    const isLate = chance.is(faults.lateDelivery);
    if (isLate) trace.count("late deliveries");
    const inMs = isLate ? chance.spread(...LATE_MS) : chance.between(1, 3);
    scheduler.after(inMs, () => {
      if (this.take !== take || !this.isReachable || this.#age !== age) return; // It went to a connection that is gone.
      const event = this.#broker.stream[place]!;
      trace.tell(`${this.name} takes ${event.type}, attempt ${attempt}`, event.key, event.id);
      take!(this.#delivery(place, event, attempt));
    });
    if (chance.is(faults.repeatedDelivery)) {
      trace.count("repeated deliveries");
      this.#comeAgain(place, attempt, chance.spread(...REPEAT_MS));
    }
  }

  #delivery(place: number, event: Event, attempt: number): Delivery {
    const { broken, chance, trace } = this.#setting;
    const age = this.#age;
    let isEnded = false;
    const end = (how: string, effect: () => void) => {
      if (isEnded) broken.push(`${this.name} ends a delivery of ${event.type} of ${event.key} twice`);
      isEnded = true;
      if (this.#age !== age) return; // As `Held` has it.
      trace.tell(`${this.name} ${how} ${event.type}`, event.key, event.id);
      if (this.isReachable && !chance.is(this.#setting.faults.lostAck)) return effect();
      trace.count("lost acks");
      this.#comeAgain(place, attempt, ACK_WAIT_MS);
    };
    return {
      attempt,
      cameAt: this.#setting.scheduler.now,
      origin: { place: `${place}`, sequence: place, key: event.key },
      read: () => event,
      ack: () => {
        const { ackedAt } = this;
        if (!ackedAt.has(event.id)) ackedAt.set(event.id, this.#broker.firstStored.size);
        end("acks", () => this.#ack(place));
      },
      retry: (delayMs) => end(`puts off for ${delayMs} ms`, () => this.#comeAgain(place, attempt, delayMs)),
      message: () => new Uint8Array(),
      park: () => end("parks", () => this.#ack(place)),
    };
  }

  #ack(place: number): void {
    if (this.#pending.delete(place)) this.#acked.push(place);
    this.pump();
  }

  /** Delivers it again after a while, unless it was acked by then, or delivered for another reason. */
  #comeAgain(place: number, attempt: number, inMs: number): void {
    this.#setting.scheduler.after(inMs, () => {
      const pending = this.#pending.get(place);
      if (pending?.attempt !== attempt) return;
      pending.isOut = false;
      this.#again.push(place);
      this.pump();
    });
  }
}
