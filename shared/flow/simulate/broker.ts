// A simulated JetStream: one stream in one order, and one durable consumer for each service.

import { decode, type Event } from "../../contracts/events.ts";
import type { Delivery } from "../../service/consumer.ts";
import type { AnyService } from "../../service/define.ts";
import type { OutboxRow } from "../../service/engine.ts";
import { Durable } from "./durable.ts";
import type { Setting } from "./setting.ts";

/** As `npm run provision` has it. */
const DUPLICATE_WINDOW_MS = 120_000;
/** How many acks a broker may forget when it goes down, of each consumer. */
const FORGOTTEN_ACKS = 20;

/** The stream, and who hears of what is in it. */
export class Broker {
  /** All that was stored. What is stored again after the duplicate window is there twice. */
  readonly stream: Event[] = [];
  /** Where in the stream each id was stored first. */
  readonly places = new Map<string, number>();
  readonly durables: ReadonlyMap<string, Durable>;
  /** How far its clock is ahead of virtual time, in milliseconds. */
  ahead = 0;
  readonly name = "the broker";
  readonly #setting: Setting;
  readonly #storedAt = new Map<string, number>();
  #isUp = true;

  constructor(services: readonly AnyService[], setting: Setting) {
    this.#setting = setting;
    this.durables = new Map(
      services.map((service) => [service.name, new Durable(service, this.stream, setting)]),
    );
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
    for (const durable of this.durables.values()) durable.isReachable = false;
    this.#setting.trace.tell("the broker goes down");
  }

  /** Comes back, having forgotten some of the latest acks. */
  comeUp(): void {
    this.#isUp = true;
    this.#setting.trace.tell("the broker is back");
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

  /** Whether the row's id is known from the last two minutes. */
  #isDuplicate({ event_id }: OutboxRow): boolean {
    const at = this.#storedAt.get(event_id);
    return at !== undefined && this.#clockTime - at < DUPLICATE_WINDOW_MS;
  }

  /** Stores a fact, unless it is known from the last two minutes. */
  store(row: OutboxRow, source: string): void {
    const { trace } = this.#setting;
    if (this.#isDuplicate(row)) {
      trace.count("publishes of what was stored before");
      return;
    }
    this.#storedAt.set(row.event_id, this.#clockTime);
    const place = this.stream.push(toEvent(row, source)) - 1;
    if (this.places.has(row.event_id)) trace.count("stored twice");
    else this.places.set(row.event_id, place);
    trace.tell(`${source} says ${row.type}, and it is stored`, row.key, `${row.event_id} ${row.time}`);
    for (const durable of this.durables.values()) durable.offer(place);
  }
}

/** A row of an outbox as it is read by those who hear of it. */
function toEvent(row: OutboxRow, source: string): Event {
  return {
    type: row.type,
    data: decode(row.type, row.payload).data,
    id: row.event_id,
    source,
    key: row.key,
    time: row.time,
    causationId: row.causation_id,
    correlationId: row.correlation_id,
  } as Event;
}
