// A simulated JetStream: one stream in one order, and one durable consumer for each service.

import type { Event } from "../../contracts/events.ts";
import type { AnyService } from "../../service/define.ts";
import type { Delivery } from "../../service/delivery.ts";
import type { OutboxRow } from "../../service/engine.ts";
import { factOf } from "../../service/fact.ts";
import { Durable } from "./durable.ts";
import type { Setting } from "./setting.ts";

/** As `npm run provision` has it. */
const DUPLICATE_WINDOW_MS = 120_000;
/** How many acks a broker may forget when it goes down, of each consumer. */
const FORGOTTEN_ACKS = 20;
/** How many facts are lost with the end of its store. */
const LOST = [1, 500] as const;

/** The stream, and who hears of what is in it. */
export class Broker {
  /** All that was stored. What is stored again after the duplicate window is there twice. */
  readonly stream: Event[] = [];
  /** Where in the stream each id is to be found. */
  readonly places = new Map<string, number>();
  /** How many ids had been stored before each was for the first time, whether the stream still has it or not. */
  readonly firstStored = new Map<string, number>();
  readonly durables: ReadonlyMap<string, Durable>;
  /** How far its clock is ahead of virtual time, in milliseconds. */
  ahead = 0;
  /** How often it went down. */
  falls = 0;
  readonly name = "the broker";
  readonly #setting: Setting;
  /** When and where it has stored what, by its own ids. */
  readonly #window = new Map<string, { readonly at: number; readonly place: number }>();
  #isUp = true;

  constructor(services: readonly AnyService[], setting: Setting) {
    this.#setting = setting;
    this.durables = new Map(services.map((service) => [service.name, new Durable(service, this, setting)]));
  }

  get isUp(): boolean {
    return this.#isUp;
  }

  /** Whether all that is in the stream was heard of, and everyone said so. */
  get isIdle(): boolean {
    for (const durable of this.durables.values()) if (!durable.isIdle) return false;
    return true;
  }

  /** The stream, with each id once. */
  distinct(): Event[] {
    return [...this.places.values()].map((place) => this.stream[place]!);
  }

  /** Connects a service: from now on its deliveries go to `take`. */
  connect(service: string, take: (delivery: Delivery) => void): void {
    const durable = this.durables.get(service)!;
    durable.take = take;
    if (this.#isUp) durable.pump();
  }

  /** Delivers nothing more to a service that is about to go. */
  stopDelivering(service: string): void {
    this.durables.get(service)!.take = undefined;
  }

  /** What the service has taken and not ended will come again, once the broker has waited long enough. */
  disconnect(service: string): void {
    this.stopDelivering(service);
    this.durables.get(service)!.lapse();
  }

  goDown(): void {
    this.#isUp = false;
    this.falls++;
    for (const durable of this.durables.values()) durable.isReachable = false;
    this.#setting.trace.tell("the broker goes down");
  }

  /** Comes back, having forgotten some of the latest acks, and perhaps the end of the stream. */
  comeUp(): void {
    const { chance, faults, trace } = this.#setting;
    this.#isUp = true;
    trace.tell("the broker is back");
    if (chance.is(faults.lostStore)) this.#lose(chance.spread(...LOST));
    for (const durable of this.durables.values()) {
      durable.isReachable = true;
      durable.forgetAcks(FORGOTTEN_ACKS);
      durable.lapse();
      durable.pump();
    }
  }

  get #clockTime(): number {
    return this.#setting.scheduler.now + this.ahead;
  }

  /** As a copy of its store has it that was made earlier. */
  #lose(count: number): void {
    const { trace } = this.#setting;
    const length = Math.max(0, this.stream.length - count);
    trace.count("facts that a broker lost", this.stream.length - length);
    trace.tell(`the broker has lost all from place ${length} on`);
    this.stream.length = length;
    for (const [id, place] of this.places) if (place >= length) this.places.delete(id);
    for (const [id, { place }] of this.#window) if (place >= length) this.#window.delete(id);
    for (const durable of this.durables.values()) durable.setBack(length);
  }

  /** The id of the newest fact with the subject of a row, if there is one. */
  newestLike({ type, key }: OutboxRow): string | undefined {
    return this.stream.findLast((event) => event.type === type && event.key === key)?.id;
  }

  /** Stores a fact, unless its id is known from the last two minutes; `again` makes another id of it. */
  store(row: OutboxRow, source: string, again = ""): void {
    const { trace } = this.#setting;
    const id = row.event_id + again;
    const known = this.#window.get(id);
    if (known && this.#clockTime - known.at < DUPLICATE_WINDOW_MS) {
      trace.count("publishes of what was stored before");
      return;
    }
    const place = this.stream.push(factOf(row, source)) - 1;
    this.#window.set(id, { at: this.#clockTime, place });
    if (!this.firstStored.has(row.event_id)) this.firstStored.set(row.event_id, this.firstStored.size);
    if (this.places.has(row.event_id)) trace.count("stored twice");
    else this.places.set(row.event_id, place);
    trace.tell(`${source} says ${row.type}, and it is stored`, row.key, `${row.event_id} ${row.time}`);
    for (const durable of this.durables.values()) durable.offer(place);
  }
}
