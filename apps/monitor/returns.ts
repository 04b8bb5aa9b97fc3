// How many events come back to a service for each that it handles: the stories of some orders tell it, a few more at each look.

import type { FactType } from "../../shared/contracts/events.ts";
import type { StreamStand } from "../../shared/nats/observer.ts";
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

/** How the stream is asked: which subject a message has, and how many messages there are of a key, by subject. */
export interface Stories {
  subjectAt(seq: number): Promise<string | undefined>;
  subjectsOf(key: string): Promise<Readonly<Record<string, number>>>;
}

/** How long the stream is. */
type Span = Pick<StreamStand, "firstSeq" | "lastSeq">;

/** How far a consumer is. */
type Stand = Pick<ConsumerStand, "status" | "lag" | "floorSeq">;

/** How many stories are kept, and the most that are read at once, for two requests each. */
const KEPT = 64;
const AT_ONCE = 8;
/** What is behind the point of its multiples is spread evenly, however many there are. */
const GOLDEN = (Math.sqrt(5) - 1) / 2;

/** What is known of the stories in one stream. */
export class Returns {
  #stories: Story[] = [];
  /** Up to here all was handled when nobody was behind: it has led to what it leads to. At first, what was handled at all. */
  #settledSeq: number | undefined;
  /** How many stories are to be read, as so much of the stream is new. */
  #owed = 0;
  #drawn = 0;

  /** Reads some of the stories that are told by now; fewer of them the less is new. */
  async learn(stream: Span, consumers: readonly Stand[], stories: Stories): Promise<void> {
    const firstSeq = Math.max(1, stream.firstSeq);
    const before = this.#settledSeq ?? firstSeq - 1;
    if (this.#settledSeq === undefined || consumers.every(({ status }) => status === "OK"))
      this.#settledSeq = settled(stream, consumers);
    const known = this.#settledSeq - firstSeq + 1;
    if (known <= 0) return;
    const isNew = Math.min(1, Math.abs(this.#settledSeq - before) / known);
    this.#owed = Math.min(KEPT, this.#owed + KEPT * isNew);
    const count = Math.min(AT_ONCE, Math.floor(this.#owed));
    this.#owed -= count;
    const read = await Promise.all(
      Array.from({ length: count }, () => {
        const place = (++this.#drawn * GOLDEN) % 1;
        return storyAt(firstSeq + Math.floor(place * known), stories);
      }),
    );
    this.#stories = [...this.#stories, ...read.flat()].slice(-KEPT);
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

/** Up to where everybody has handled all that they hear. */
function settled({ lastSeq }: Span, consumers: readonly Stand[]): number {
  return Math.min(...consumers.map(({ lag, floorSeq }) => (lag === 0 ? lastSeq : floorSeq)));
}

async function storyAt(seq: number, { subjectAt, subjectsOf }: Stories): Promise<Story[]> {
  const subject = await subjectAt(seq);
  if (subject === undefined) return [];
  const story = new Map<string, number>();
  const subjects = await subjectsOf(subject.slice(subject.lastIndexOf(".") + 1));
  for (const [one, count] of Object.entries(subjects))
    story.set(typeOf(one), (story.get(typeOf(one)) ?? 0) + count);
  return story.size > 0 ? [story] : [];
}
