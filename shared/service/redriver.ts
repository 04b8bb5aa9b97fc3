// Has PARKED say what the lanes say, and messages that were put aside tried again, once an operator wants it: each lane in its
// order, one at a time.

import type { Event } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { type Clock, realClock } from "./clock.ts";
import type { Delivery } from "./delivery.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Kept, Origin, Parked, ParkedLanes } from "./parked.ts";

/** What PARKED has of a message: its bytes, why it is there, and its number. */
export interface Found {
  readonly message: Uint8Array;
  readonly parked: Parked;
  readonly number: number;
}

/** Where operators see what is put aside, as its service sees it. All of it but `read` rejects while the broker is away. */
export interface Parking {
  /** Which PARKED it is: one that was made anew is another one. */
  stream(): Promise<string>;
  /** What is there of a message; undefined when there is nothing, or only a note that it is put aside no more. */
  find(origin: Origin): Promise<Found | undefined>;
  /**
   * Puts a message there, in place of what is there of it, and says under which number: that is a higher one each time. Rejects
   * when it is not certain that it is there, and when the broker may have been put back since it was asked.
   */
  put(origin: Origin, message: Uint8Array, parked: Parked): Promise<number>;
  /** Leaves of a message only a note that it is put aside no more. */
  end(origin: Origin): Promise<void>;
  /** The event in a message's bytes. Throws when they can't be read. */
  read(message: Uint8Array): Event;
}

const RETRY_MS = 5_000;
/** What is under way, when that is the look at PARKED. No message has such a place. */
const STREAM = "PARKED";

/** What a redriver works with. */
export interface RedriverParts {
  readonly lanes: ParkedLanes;
  readonly parking: Parking;
  readonly commits: GroupCommit;
  /** Takes what is tried again. */
  readonly take: (delivery: Delivery) => void;
  readonly log: Log;
  readonly clock?: Clock | undefined;
}

/** The messages that one service has put aside, as they are told of and redriven. */
export class Redriver {
  readonly #parts: RedriverParts;
  readonly #clock: Clock;
  /** The places of what is under way, and what PARKED is being told. */
  readonly #underWay = new Set<string>();
  readonly #telling = new Map<string, Promise<void>>();
  /** The PARKED that was there at the last look, and whether it may have lost something since. */
  #stream = "";
  #inDoubt = true;
  #checking: Promise<void> | undefined;
  #stopped = false;
  #isToLook = false;

  constructor(parts: RedriverParts) {
    this.#parts = parts;
    this.#clock = parts.clock ?? realClock;
  }

  /** Says that the lanes may have changed: they are looked through once in a turn. */
  kick(): void {
    if (this.#isToLook) return;
    this.#isToLook = true;
    this.#clock.soon(() => this.#look());
  }

  /** Says that PARKED may be there again, or may have lost something: what it lacks is put there again. */
  doubt(): void {
    this.#inDoubt = true;
    this.kick();
  }

  /** Begins nothing any more: what is not done goes on after the next start. */
  stop(): void {
    this.#stopped = true;
  }

  /** Resolves once PARKED says of a message what its lane says. Rejects when that is not certain: it is told later then. */
  tell({ place }: Origin): Promise<void> {
    const telling = this.#telling.get(place) ?? this.#tell(place).finally(() => this.#telling.delete(place));
    this.#telling.set(place, telling);
    return telling;
  }

  #look(): void {
    this.#isToLook = false;
    if (this.#stopped) return;
    const { lanes } = this.#parts;
    for (const origin of lanes.due()) this.#once(origin.place, () => this.#redrive(origin));
    const untold = lanes.untold();
    if (!this.#inDoubt) for (const origin of untold) this.#once(origin.place, () => this.#tellNow(origin));
    else if (untold.length > 0 || lanes.newest()) this.#once(STREAM, () => this.#checkNow());
  }

  /** Begins something that is not under way; tries again later when it fails. */
  #once(place: string, begin: () => Promise<void>): void {
    if (this.#underWay.has(place)) return;
    this.#underWay.add(place);
    begin().catch(({ message: cause }: Error) => {
      this.#parts.log.warn({ place, cause }, "what is parked can't be told of, or moved; trying again");
      this.#later(place, RETRY_MS);
    });
  }

  async #tellNow(origin: Origin): Promise<void> {
    await this.tell(origin);
    this.#over(origin.place);
  }

  async #checkNow(): Promise<void> {
    await this.#certain();
    this.#over(STREAM);
  }

  async #tell(place: string): Promise<void> {
    await this.#certain();
    const kept = this.#parts.lanes.get(place);
    if (!kept || kept.told_in !== null) return;
    try {
      if (kept.state === "ended") await this.#tellEnd(kept);
      else if (kept.message) await this.#put(kept, kept.message);
      else await this.#fetch(kept);
    } catch (error) {
      this.#inDoubt = true;
      throw error;
    }
  }

  async #tellEnd(kept: Kept): Promise<void> {
    const { lanes, parking } = this.#parts;
    await parking.end(kept);
    await this.#commit(() => lanes.forget(kept.place));
  }

  async #put(kept: Kept, message: Uint8Array): Promise<void> {
    const { lanes, parking } = this.#parts;
    const stream = this.#stream; // If it is another one by then, the next look finds out.
    const number = await parking.put(kept, message, JSON.parse(kept.why));
    await this.#commit(() => lanes.told(kept, stream, number));
  }

  /** The bytes of what an older build has put aside, or a rebuild has found, are only in PARKED; unless that has lost them. */
  async #fetch(kept: Kept): Promise<void> {
    const { lanes, parking } = this.#parts;
    const stream = this.#stream;
    const found = await parking.find(kept);
    const { lastAt }: Parked = JSON.parse(kept.why);
    await this.#commit(() => {
      if (found) lanes.keep(kept.place, found.message);
      if (!found) lanes.told(kept, stream, 0);
      else if (found.parked.lastAt === lastAt) lanes.told(kept, stream, found.number);
    });
  }

  /** Resolves when it is known what PARKED has lost. Rejects when it can't be asked. */
  #certain(): Promise<void> {
    if (!this.#inDoubt && !this.#checking) return Promise.resolve();
    this.#checking ??= this.#check().finally(() => {
      this.#checking = undefined;
    });
    return this.#checking;
  }

  /**
   * Finds out what PARKED has lost: all, when it was made anew, or the end, when it was put back to a copy. What was told last
   * vouches for all before it, so one look is enough when nothing is lost, and some log2(n) when n messages are.
   */
  async #check(): Promise<void> {
    const { lanes, parking, log } = this.#parts;
    let lost = 0;
    while (this.#inDoubt) {
      this.#inDoubt = false; // Who doubts meanwhile has it looked once more.
      try {
        const stream = await parking.stream();
        this.#stream = stream;
        if (lanes.newest()) {
          await this.#commit(() => {
            lost += lanes.untellOthers(stream);
          });
        }
        for (let many = 1; !(await this.#hasNewest()); many *= 2) {
          await this.#commit(() => {
            lost += lanes.untell(many);
          });
        }
      } catch (error) {
        this.#inDoubt = true;
        throw error;
      }
    }
    if (lost > 0) log.error({ messages: lost }, "PARKED has lost what was put aside; putting it there again");
  }

  async #hasNewest(): Promise<boolean> {
    const newest = this.#parts.lanes.newest();
    if (!newest) return true;
    const found = await this.#parts.parking.find(newest);
    return (found?.number ?? 0) === newest.told_as;
  }

  async #redrive(origin: Origin): Promise<void> {
    const { lanes, parking, take } = this.#parts;
    const message = lanes.get(origin.place)?.message ?? (await parking.find(origin))?.message;
    if (this.#stopped) return;
    if (!message) return this.#miss(origin);
    const over = (delayMs: number) => {
      if (delayMs > 0) this.#later(origin.place, delayMs);
      else this.#over(origin.place);
    };
    take(new Redelivery(origin, message, this.#clock.now(), () => parking.read(message), over));
  }

  /** What nobody has goes on without: it has ended before, or its service never had word that it was put aside. */
  async #miss(origin: Origin): Promise<void> {
    const { place } = origin;
    await this.#commit(() => this.#parts.lanes.end(origin));
    this.#parts.log.error({ place }, "what was to be redriven is nowhere: its lane goes on");
    this.#over(place);
  }

  /** Writes into the lanes, together with what others write; at once, since somebody waits for it. */
  #commit(write: () => void): Promise<void> {
    return new Promise((committed, failed) => {
      const run = () => {
        write();
        return true;
      };
      this.#parts.commits.add({ run, committed, failed });
      this.#parts.commits.hurry();
    });
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
  readonly cameAt: number;
  readonly isRedrive = true;
  readonly origin: Origin;
  readonly read: () => Event;
  readonly message: () => Uint8Array;
  readonly #over: (delayMs: number) => void;

  constructor(
    origin: Origin,
    message: Uint8Array,
    cameAt: number,
    read: () => Event,
    over: (delayMs: number) => void,
  ) {
    this.origin = origin;
    this.cameAt = cameAt;
    this.message = () => message;
    this.read = read;
    this.#over = over;
  }

  ack(): void {
    this.#over(0);
  }

  retry(delayMs: number): void {
    this.#over(delayMs);
  }

  park(): void {
    this.#over(0);
  }
}
