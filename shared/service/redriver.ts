// Has messages that were put aside tried again, once an operator wants it: each lane in its order, one at a time.

import type { Event } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { type Clock, realClock } from "./clock.ts";
import type { Delivery } from "./consumer.ts";
import type { Origin, Parked, ParkedLanes } from "./parked.ts";

/** Where messages are put aside, as their service sees it. All of it rejects while the broker is away. */
export interface Parking {
  /** A message that is there, to be read again; undefined when it is not there. */
  find(origin: Origin): Promise<Pick<Delivery, "read"> | undefined>;
  /** Says of a message that is there why it is put aside now. */
  update(origin: Origin, parked: Parked): Promise<void>;
  /** Leaves of a message only a note that it is put aside no more. */
  end(origin: Origin): Promise<void>;
}

const RETRY_MS = 5_000;

/** The redrives of one service. */
export class Redriver {
  readonly #lanes: ParkedLanes;
  readonly #parking: Parking;
  readonly #take: (delivery: Delivery) => void;
  readonly #log: Log;
  readonly #clock: Clock;
  /** The places of what is under way, and of what was looked for in vain. */
  readonly #underWay = new Set<string>();
  readonly #missed = new Set<string>();
  #stopped = false;
  #isToLook = false;

  constructor(
    lanes: ParkedLanes,
    parking: Parking,
    take: (delivery: Delivery) => void,
    log: Log,
    clock = realClock,
  ) {
    this.#lanes = lanes;
    this.#parking = parking;
    this.#take = take;
    this.#log = log;
    this.#clock = clock;
  }

  /** Says that the lanes may have changed, or that the broker may be back: they are looked through once in a turn. */
  kick(): void {
    if (this.#isToLook) return;
    this.#isToLook = true;
    this.#clock.soon(() => this.#look());
  }

  #look(): void {
    this.#isToLook = false;
    if (this.#stopped) return;
    for (const origin of this.#lanes.due()) this.#once(origin, () => this.#redrive(origin));
    for (const origin of this.#lanes.ended()) this.#once(origin, () => this.#end(origin));
  }

  /** Begins nothing any more: what is not done goes on after the next start. */
  stop(): void {
    this.#stopped = true;
  }

  /** Begins something that is not under way; tries again later when it fails. */
  #once({ place }: Origin, begin: () => Promise<void>): void {
    if (this.#underWay.has(place)) return;
    this.#underWay.add(place);
    begin().catch(({ message: cause }: Error) => {
      this.#log.warn({ place, cause }, "a parked message can't be moved; trying again");
      this.#later(place, RETRY_MS);
    });
  }

  async #redrive(origin: Origin): Promise<void> {
    const found = await this.#parking.find(origin);
    if (this.#stopped) return;
    if (!found) return this.#miss(origin);
    this.#missed.delete(origin.place);
    const over = (delayMs: number) => {
      if (delayMs > 0) this.#later(origin.place, delayMs);
      else this.#over(origin.place);
    };
    this.#take(new Redelivery(origin, this.#parking, () => found.read(), over));
  }

  /**
   * What is not there is looked for once more, since it may be on its way. Then its lane goes on without it: it has ended before,
   * or its service never had word that it was put aside, and it is delivered as ever.
   */
  #miss(origin: Origin): void {
    const { place } = origin;
    if (!this.#missed.delete(place)) {
      this.#missed.add(place);
      this.#later(place, RETRY_MS);
      return;
    }
    this.#log.error({ place }, "what was to be redriven is not in PARKED: its lane goes on");
    this.#lanes.end(origin);
    this.#over(place);
  }

  async #end(origin: Origin): Promise<void> {
    await this.#parking.end(origin);
    if (this.#stopped) return;
    this.#lanes.forget(origin.place);
    this.#over(origin.place);
  }

  #over(place: string): void {
    this.#underWay.delete(place);
    this.kick();
  }

  #later(place: string, delayMs: number): void {
    this.#clock.after(delayMs, () => this.#over(place));
  }
}

/** A message that was put aside, once more. */
class Redelivery implements Delivery {
  readonly attempt = 1;
  readonly isRedrive = true;
  readonly origin: Origin;
  readonly read: () => Event;
  readonly #parking: Parking;
  readonly #over: (delayMs: number) => void;

  constructor(origin: Origin, parking: Parking, read: () => Event, over: (delayMs: number) => void) {
    this.origin = origin;
    this.read = read;
    this.#parking = parking;
    this.#over = over;
  }

  ack(): void {
    this.#over(0);
  }

  retry(delayMs: number): void {
    this.#over(delayMs);
  }

  async park(parked: Parked): Promise<void> {
    try {
      await this.#parking.update(this.origin, parked);
    } finally {
      this.#over(0);
    }
  }
}
