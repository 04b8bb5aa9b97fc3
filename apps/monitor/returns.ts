// How many events come back to a service for each that it handles: the stories of some orders tell it, a few more at each look.

import { ENDS } from "../../shared/contracts/ends.ts";
import { type FactType, parseSubject } from "../../shared/contracts/events.ts";
import { isAway, type NatsObserver, type StreamStand } from "../../shared/nats/observer.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { type AnyService, consumes } from "../../shared/service/define.ts";
import { typeOf } from "./arrivals.ts";
import type { ConsumerStand } from "./poll.ts";

/** The facts that a service hears, and that what it hears may lead to: it says something, and others answer. */
export function returning(service: AnyService, services: readonly AnyService[]): Set<FactType> {
  const led = new Set<FactType>(service.reactions.flatMap(({ emits }) => emits));
  const reactions = services.flatMap((one) => one.reactions);
  for (let known = -1; known < led.size; ) {
    known = led.size;
    for (const { on, emits } of reactions)
      if (on.some((type) => led.has(type))) for (const type of emits) led.add(type);
  }
  return new Set(consumes(service).filter((type) => led.has(type)));
}

/** How often each type of fact is in the story of one key. */
type Story = ReadonlyMap<string, number>;

/** How many stories are kept, and how many are looked for at once, by two requests each. */
const KEPT = 64;
const AT_ONCE = 8;
/** Where every story begins. */
const BEGINNINGS = ["order.created.*"];

type Eyes = Pick<NatsObserver, "first" | "subjectsOf">;

/** What is known of the stories in the flow's stream. */
export class Returns {
  readonly #random: () => number;
  #stories: Story[] = [];
  /** So far in the stream stories are looked for, and in which life of it. */
  #upTo = 0;
  #life: string | undefined;
  /** How many are to be looked for, as so much of the stream is new. */
  #owed = 0;

  /** `random` chooses the orders: from 0 up to 1, without it. */
  constructor(random: () => number = Math.random) {
    this.#random = random;
  }

  /**
   * Reads some of the stories that have ended, of orders that all `speakers` have heard of: where one of them is behind, the
   * others that have ended are no fair choice. It is an estimate, so it goes without what it was not answered.
   */
  async learn(
    stream: Pick<StreamStand, "firstSeq" | "lastSeq" | "life">,
    speakers: readonly Pick<ConsumerStand, "lag" | "floorSeq">[],
    observer: Eyes,
  ): Promise<void> {
    const firstSeq = Math.max(1, stream.firstSeq);
    const before = this.#life === stream.life ? this.#upTo : 0;
    this.#life = stream.life;
    // One that has acknowledged nothing may be gone from NATS, and come again.
    const floors = speakers.map(({ lag, floorSeq }) =>
      lag === 0 && floorSeq > 0 ? stream.lastSeq : floorSeq,
    );
    this.#upTo = Math.max(before, Math.min(stream.lastSeq, ...floors));
    const known = this.#upTo - firstSeq + 1;
    if (known <= 0) return;
    this.#owed = Math.min(KEPT, this.#owed + (KEPT * (this.#upTo - before)) / known);
    const places = Array.from({ length: Math.min(AT_ONCE, Math.floor(this.#owed)) }, () =>
      Math.floor(firstSeq + this.#random() * known),
    );
    const read = await Promise.all(places.map((seq) => storyFrom(seq, this.#upTo, observer)));
    const answered = read.filter((story) => story !== undefined);
    this.#owed -= answered.length;
    const ended = answered.filter((story) => ENDS.some((type) => story.has(type)));
    this.#stories = [...this.#stories, ...ended].slice(-KEPT);
  }

  /** How many of `returning` there are for each other one of `heard`; 0 where nobody knows yet. */
  share(heard: readonly string[], returning: ReadonlySet<string>): number {
    let [outside, back] = [0, 0];
    for (const story of this.#stories) {
      for (const type of heard) {
        if (returning.has(type)) back += story.get(type) ?? 0;
        else outside += story.get(type) ?? 0;
      }
    }
    return outside > 0 ? back / outside : 0;
  }
}

/** The story of the first order that begins in this part of the stream, empty where none does; undefined while NATS is away. */
async function storyFrom(seq: number, upTo: number, observer: Eyes): Promise<Story | undefined> {
  const story = new Map<string, number>();
  try {
    const beginning = await observer.first(FLOW_STREAM, seq, BEGINNINGS);
    if (!beginning || beginning.seq > upTo) return story;
    const { key } = parseSubject(beginning.subject)!;
    for (const [subject, count] of Object.entries(await observer.subjectsOf(key)))
      story.set(typeOf(subject), count);
    return story;
  } catch (error) {
    if (isAway(error)) return undefined;
    throw error;
  }
}
