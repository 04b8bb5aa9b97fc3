// What is expected next of an order, from whom and by when: each service's own code says it, on the past of the order alone.

import { type Event, type FactType, fact } from "../../shared/contracts/events.ts";
import { nameOf } from "../../shared/flow/table.ts";
import { words } from "../../shared/flow/words.ts";
import { type AnyService, consumes, type Reaction } from "../../shared/service/define.ts";
import { type Foreseen, type Past, Rehearsal, type Unmet } from "../../shared/service/rehearsal.ts";
import { endOf, type Told } from "./timeline.ts";

/** What the monitor knows of how far a service has come. */
export interface Progress {
  /** Up to here in the stream all is acknowledged, and up to there all was delivered. */
  readonly floorSeq: number;
  readonly deliveredSeq: number;
  readonly ackPending: number;
  /** The ids of events that it says are handled; undefined when it does not answer. */
  readonly handled: readonly string[] | undefined;
}

/** A parked message of the order. */
export interface ParkedOf {
  readonly service: string;
  readonly sequence: number;
  /** The fact, or the whole subject where no fact has such a one. */
  readonly what: string;
  readonly eventId: string | undefined;
}

/** Something that is to happen next. Times are milliseconds since 1970. */
export interface Expected {
  readonly service: string;
  /** `parked`: an operator has to act first; `waits`: a person may decide, and a deadline will. */
  readonly kind: "decides" | "performs" | "waits" | "parked";
  /** What it does, in words: `authorization`; the deadline's name where it waits. */
  readonly what: string | null;
  /** The event that it is about; null where a deadline is waited for. */
  readonly on: {
    readonly type: string;
    readonly seq: number;
    readonly id: string;
    readonly at: number;
  } | null;
  /** Any of these may be said. */
  readonly says: readonly FactType[];
  /** When it is decided without an answer, and what is said then. */
  readonly by: number | null;
  readonly otherwise: readonly FactType[];
  /** The commands by which a person may end a wait. */
  readonly commands: readonly string[];
}

/** A service that waits for facts that nobody is expected to say now: for all of them, or it would have begun. */
export interface Waiting {
  readonly service: string;
  readonly missing: readonly FactType[];
  /** What does not hold yet: the names of the row's conditions, in words. */
  readonly until: readonly string[];
}

/** What is ahead of an order. Once it has ended, what is missing never comes, and nobody waits for it. */
export interface Outlook {
  readonly expected: readonly Expected[];
  readonly waiting: readonly Waiting[];
}

/** Looks ahead for orders. It keeps a database in memory for each service. */
export class Lookahead {
  readonly #services: readonly AnyService[];
  readonly #rehearsals = new Map<string, Rehearsal>();

  constructor(services: readonly AnyService[]) {
    this.#services = services;
  }

  /** What is expected of an order that has this past; a service without an entry in `progress` has heard nothing. */
  look(told: readonly Told[], progress: ReadonlyMap<string, Progress>, parked: readonly ParkedOf[]): Outlook {
    const looks = this.#services.map((service) => this.#lookAt(service, told, progress, parked));
    return {
      expected: looks.flatMap(({ expected }) => expected),
      waiting: endOf(told) ? [] : looks.flatMap(({ waiting }) => waiting),
    };
  }

  #lookAt(
    service: AnyService,
    told: readonly Told[],
    progress: ReadonlyMap<string, Progress>,
    parked: readonly ParkedOf[],
  ): Outlook {
    const { name } = service;
    const heard = consumes(service);
    const past = told.flatMap((one): Past[] => {
      const { event, payload } = one;
      if (!event) return [];
      const said: Past[] = event.source === name ? [{ as: "said", event, payload }] : [];
      if (!heard.includes(event.type)) return said;
      const fate = fateOf(one, event, name, told, progress.get(name), parked);
      return fate === "parked" ? said : [...said, { as: fate, event }];
    });
    const seqOf = new Map(told.flatMap((one) => (one.event ? [[one.event.id, one] as const] : [])));
    const aside = parked.filter((one) => one.service === name).map((one) => parkedOne(service, one, told));
    const ahead = this.#rehearse(service, past);
    return {
      expected: [
        ...aside,
        ...ahead.open.flatMap((foreseen) => opened(name, foreseen, seqOf.get(foreseen.event.id)!)),
        ...ahead.waits.map(({ deadline, at, says }) => waited(service, deadline, at, says)),
      ],
      waiting: ahead.unmet.map((unmet) => unmetOf(name, unmet)),
    };
  }

  #rehearse(service: AnyService, past: readonly Past[]) {
    const known = this.#rehearsals.get(service.name) ?? new Rehearsal(service);
    this.#rehearsals.set(service.name, known);
    return known.play([...goods(service, past), ...past]);
  }
}

/**
 * What has become of an event at a service. Its fate is looked up after NATS was asked how far the service is: what was
 * acknowledged by then has its facts in the stream.
 */
function fateOf(
  { seq }: Told,
  { id }: Event,
  service: string,
  told: readonly Told[],
  progress: Progress | undefined,
  parked: readonly ParkedOf[],
): "heard" | "given up" | "open" | "parked" {
  if (told.some(({ event }) => event?.source === service && event.causationId === id)) return "heard";
  const isDiscarded = told.some(
    ({ wish }) => wish?.said === "discarded" && wish.service === service && wish.eventId === id,
  );
  if (isDiscarded) return "given up";
  if (parked.some((one) => one.service === service && one.sequence === seq)) return "parked";
  if (!progress) return "open";
  const { floorSeq, deliveredSeq, ackPending, handled } = progress;
  if (seq <= floorSeq || handled?.includes(id)) return "heard";
  if (seq > deliveredSeq) return "open";
  return ackPending === 0 ? "heard" : "open";
}

/** One order can't tell how much is in stock: for its own past there is as much as anyone could want. */
function goods(service: AnyService, past: readonly Past[]): Past[] {
  if (!service.commands.some(({ emits }) => emits.includes("stock.adjusted"))) return [];
  const order = past.find(({ event }) => event.type === "order.created" || event.type === "stock.reserved");
  const lines = order && "lines" in order.event.data ? order.event.data.lines : [];
  return lines.map(({ sku }): Past => {
    const { data } = fact("stock.adjusted", { sku, delta: 1_000_000, reason: "rehearsal" });
    const attributes = { id: `rehearsal ${sku}`, source: service.name, key: sku, time: 0 };
    const event = {
      type: "stock.adjusted",
      data,
      ...attributes,
      causationId: "rehearsal",
      correlationId: sku,
    } as Event;
    return { as: "said", event, payload: Buffer.alloc(0) };
  });
}

function opened(service: string, foreseen: Foreseen, { seq, at }: Told): Expected[] {
  const { event, does, says, reaction, givesUp } = foreseen;
  if (does === "nothing") return [];
  return [
    {
      service,
      kind: reaction?.call ? "performs" : "decides",
      what: whatOf(reaction),
      on: { type: event.type, seq, id: event.id, at },
      says: does === "fails" ? (reaction?.emits ?? []) : says,
      by: givesUp?.at ?? null,
      otherwise: givesUp?.says ?? [],
      commands: [],
    },
  ];
}

function parkedOne(
  service: AnyService,
  { sequence: seq, what: type, eventId }: ParkedOf,
  told: readonly Told[],
): Expected {
  const reaction = service.reactions.find(({ on }) => (on as readonly string[]).includes(type));
  const at = told.find((one) => one.seq === seq)?.at ?? 0;
  return {
    service: service.name,
    kind: "parked",
    what: whatOf(reaction),
    on: { type, seq, id: eventId ?? "", at },
    says: reaction?.emits ?? [],
    by: null,
    otherwise: [],
    commands: [],
  };
}

function waited(service: AnyService, what: string, by: number, otherwise: readonly FactType[]): Expected {
  const ending = service.commands.filter(({ emits }) => otherwise.some((type) => emits.includes(type)));
  const says = [...new Set([...ending.flatMap(({ emits }) => emits), ...otherwise])] as FactType[];
  const commands = ending.map(({ name }) => name);
  return { service: service.name, kind: "waits", what, on: null, says, by, otherwise, commands };
}

function unmetOf(service: string, { missing, guards }: Unmet): Waiting {
  return { service, missing, until: guards.map(words) };
}

function whatOf(reaction: Reaction<unknown, unknown> | undefined): string | null {
  return (reaction && nameOf(reaction)) ?? null;
}
