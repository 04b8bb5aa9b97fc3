// How many events come back to a service for each that it handles: the stories of some orders tell it, a few more at each look.

import { ENDS } from "../../shared/contracts/ends.ts";
import type { FactType } from "../../shared/contracts/events.ts";
import type { NatsObserver, StreamStand } from "../../shared/nats/observer.ts";
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

/** How many stories are kept, and at how many places one is looked for at once, by two requests each. */
const KEPT = 64;
const AT_ONCE = 8;
/** What is behind the point of its multiples is spread evenly, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** What is known of the stories in the flow's stream. */
export class Returns {
  #stories: Story[] = [];
  /** So far in the stream stories are looked for. */
  #upTo = 0;
  /** At how many places one is to be looked for, as so much of the stream is new; and at how many one was. */
  #owed = 0;
  #drawn = 0;

  /**
   * Reads some of the stories that have ended, among what all `speakers` have handled: where one of them is behind, what has
   * ended is no fair choice. It is an estimate, so it goes without what it was not answered.
   */
  async learn(
    stream: Pick<StreamStand, "firstSeq" | "lastSeq">,
    speakers: readonly Pick<ConsumerStand, "lag" | "floorSeq">[],
    observer: Pick<NatsObserver, "messages" | "subjectsOf">,
  ): Promise<void> {
    const firstSeq = Math.max(1, stream.firstSeq);
    const before = this.#upTo > stream.lastSeq ? 0 : this.#upTo;
    // One that has acknowledged nothing may be gone from NATS, and come again.
    const floors = speakers.map(({ lag, floorSeq }) =>
      lag === 0 && floorSeq > 0 ? stream.lastSeq : floorSeq,
    );
    this.#upTo = Math.max(before, Math.min(...floors));
    const known = this.#upTo - firstSeq + 1;
    if (known <= 0) return;
    this.#owed = Math.min(KEPT, this.#owed + KEPT * Math.min(1, (this.#upTo - before) / known));
    const places = Array.from({ length: Math.min(AT_ONCE, Math.floor(this.#owed)) }, () =>
      Math.floor(firstSeq + ((this.#drawn++ * GOLDEN) % 1) * known),
    );
    const read = await Promise.allSettled(places.map((seq) => storyAt(seq, observer)));
    const answered = read.filter((one) => one.status === "fulfilled");
    this.#owed -= answered.length;
    const ended = answered.flatMap(({ value }) => (ENDS.some((type) => value.has(type)) ? [value] : []));
    this.#stories = [...this.#stories, ...ended].slice(-KEPT);
  }

  /** How many of `returning` there are for each other one of `heard`; 0 where nobody knows yet. */
  share(heard: readonly string[], returning: ReadonlySet<string>): number {
    let [outside, back] = [0, 0];
    for (const story of this.#stories) {
      const size = [...story.values()].reduce((sum, count) => sum + count, 0);
      for (const type of heard) {
        // A long story goes through more places, and is met so much more often.
        const weighed = (story.get(type) ?? 0) / size;
        if (returning.has(type)) back += weighed;
        else outside += weighed;
      }
    }
    return outside > 0 ? back / outside : 0;
  }
}

async function storyAt(seq: number, observer: Pick<NatsObserver, "messages" | "subjectsOf">): Promise<Story> {
  const story = new Map<string, number>();
  const [message] = await observer.messages(FLOW_STREAM, seq, 1);
  if (!message) return story;
  const key = message.subject.slice(message.subject.lastIndexOf(".") + 1);
  for (const [subject, count] of Object.entries(await observer.subjectsOf(key)))
    story.set(typeOf(subject), count);
  return story;
}
