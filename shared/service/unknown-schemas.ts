// Looks up the schemas of messages that were written with one that this service was not built with.

import { type FactType, learn, type UnknownSchemaError } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { readEntry } from "../schemas/bucket-entry.ts";
import type { SchemaBucket } from "./agreement.ts";
import { Lanes } from "./lanes.ts";

/** Fetches what the bucket SCHEMAS keeps of an event under a fingerprint; rejects when the bucket can't be asked. */
export type FindSchema = (event: string, fingerprint: string) => Promise<string | undefined>;

/** What to do with a delivery whose schema was looked up. */
export type Advice =
  | { readonly do: "read again" }
  | { readonly do: "retry"; readonly inMs: number; readonly cause: Error }
  | { readonly do: "park"; readonly cause: Error };

const LOOKUPS_AT_ONCE = 16;
/** The most fingerprints remembered that can't be read. */
const REMEMBERED = 1_000;
/** The most fingerprints waited for: what waits takes room from all other deliveries. */
export const WAITS_AT_ONCE = 100;
const ASK_AGAIN_AFTER_MS = 1_000;
const RETRY_FROM_MS = 200;
const RETRY_UP_TO_MS = 5_000;

/** In milliseconds, since whenever: a clock that is set changes nothing about how long something is waited for. */
const now = () => performance.now();

/** What came of a look-up. What is in the bucket stays as it is: only what is missing is worth another. */
type Answer =
  | { readonly outcome: "learned" }
  | { readonly outcome: "unreadable"; readonly cause: string }
  | { readonly outcome: "missing"; readonly cause: string };

interface Lookup {
  readonly answer: Promise<Answer>;
  /** When the schema was first looked for. */
  readonly since: number;
  /** When an answer has to be asked for anew. */
  until: number;
}

/** The look-ups of one service: one at a time for each fingerprint, {@link LOOKUPS_AT_ONCE} in all. */
export class UnknownSchemas {
  readonly #find: FindSchema;
  readonly #waitMs: number;
  /** The attempt at which a message is given up, whatever the clock says: a restart forgets when it was first missed. */
  readonly #attempts: number;
  readonly #lookups = new Map<string, Lookup>();
  readonly #turns = new Lanes(LOOKUPS_AT_ONCE);
  /** The schemas that are waited for, and until when. */
  readonly #waits = new Map<string, number>();

  /**
   * A schema that is not there is waited for as long as `waitMs`, from when it was first missed; of more than
   * {@link WAITS_AT_ONCE} at a time, the last ones are not.
   */
  constructor(find: FindSchema, waitMs: number) {
    this.#find = find;
    this.#waitMs = waitMs;
    this.#attempts = attemptsWithin(waitMs);
  }

  /** Looks the schema up and says what to do with the delivery that needs it, the message's `attempt`th. */
  async advise(unknown: UnknownSchemaError, attempt: number): Promise<Advice> {
    const { since, answer } = this.#lookup(unknown);
    const found = await answer;
    if (found.outcome === "learned") return { do: "read again" };
    if (found.outcome === "unreadable") return { do: "park", cause: new Error(found.cause) };

    const waitedMs = now() - since;
    const cause = new Error(
      `${unknown.message}; looked for in the bucket SCHEMAS for ${Math.round(waitedMs / 1_000)} s, ` +
        `this being attempt ${attempt}: ${found.cause}`,
    );
    const isHopeless = waitedMs >= this.#waitMs || attempt >= this.#attempts;
    if (isHopeless) return { do: "park", cause };
    if (this.#mayWait(keyOf(unknown), since)) return { do: "retry", inMs: retryDelay(attempt), cause };
    const crowd = `${cause.message}; ${WAITS_AT_ONCE} other schemas are waited for already`;
    return { do: "park", cause: new Error(crowd) };
  }

  /** Whether a schema may be waited for, as it is or as there is room for one more. */
  #mayWait(key: string, since: number): boolean {
    for (const [waited, until] of this.#waits) if (until <= now()) this.#waits.delete(waited);
    if (!this.#waits.has(key) && this.#waits.size >= WAITS_AT_ONCE) return false;
    this.#waits.set(key, since + this.#waitMs);
    return true;
  }

  #lookup(unknown: UnknownSchemaError): Lookup {
    const { type, fingerprint } = unknown;
    const key = keyOf(unknown);
    const earlier = this.#lookups.get(key);
    if (earlier && now() < earlier.until) return earlier;

    // Whoever was waiting has been given up by then: the next one waits anew.
    const isForgotten = earlier && now() > earlier.until + this.#waitMs;
    const since = !earlier || isForgotten ? now() : earlier.since;
    const answer = this.#turns.call(() => this.#ask(type, fingerprint));
    const lookup: Lookup = { since, answer, until: Number.POSITIVE_INFINITY };
    this.#lookups.delete(key); // The newest goes last, so that the oldest is the first to be forgotten.
    this.#lookups.set(key, lookup);
    if (this.#lookups.size > REMEMBERED) this.#lookups.delete(this.#lookups.keys().next().value!);
    answer.then(({ outcome }) => {
      if (outcome !== "missing") this.#waits.delete(key);
      if (outcome === "learned") this.#lookups.delete(key);
      else if (outcome === "missing") lookup.until = now() + ASK_AGAIN_AFTER_MS;
    });
    return lookup;
  }

  async #ask(type: FactType, fingerprint: string): Promise<Answer> {
    let text: string | undefined;
    try {
      text = await this.#find(type, fingerprint);
    } catch (error) {
      return { outcome: "missing", cause: (error as Error).message };
    }
    if (text === undefined) return { outcome: "missing", cause: "it is not there" };
    try {
      learn(type, readEntry(type, fingerprint, text).json);
      return { outcome: "learned" };
    } catch (error) {
      const cause = `can't read ${type} of the schema ${fingerprint}: ${(error as Error).message}`;
      return { outcome: "unreadable", cause };
    }
  }
}

/**
 * Learns all schemas that the bucket has of these events: what this build can't read is said before the first message
 * comes, which is then parked. Rejects when the bucket can't be asked.
 */
export async function learnKept(types: readonly FactType[], bucket: SchemaBucket, log: Log): Promise<void> {
  for (const type of types) {
    for (const { fingerprint, text } of await bucket.all(type)) {
      try {
        learn(type, readEntry(type, fingerprint, text).json);
      } catch (error) {
        const key = `${type}.${fingerprint}`;
        log.warn({ key, cause: (error as Error).message }, "events of a schema in the bucket can't be read");
      }
    }
  }
}

function keyOf({ type, fingerprint }: UnknownSchemaError): string {
  return `${type}.${fingerprint}`;
}

/** In milliseconds: 0.2 s at first, then twice as much each time, 5 s at most. */
function retryDelay(attempt: number): number {
  return Math.min(RETRY_FROM_MS * 2 ** (attempt - 1), RETRY_UP_TO_MS);
}

/** The attempt before which retries have waited for as long as `milliseconds`. */
function attemptsWithin(milliseconds: number): number {
  let attempt = 1;
  for (let waited = 0; waited < milliseconds; attempt++) waited += retryDelay(attempt);
  return attempt;
}
