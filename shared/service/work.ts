// What a service has to do and can't tell NATS: facts that wait in its outbox, tries in vain, lanes that are held up.

import type { Database } from "better-sqlite3";
import type { Store } from "./define.ts";
import type { Parked } from "./parked.ts";
import type { Runtime } from "./runtime.ts";

/** How a service's work stands. Times are milliseconds since 1970. */
export interface WorkStand {
  /** Facts that are not in the stream yet: how many, and since when. */
  readonly outbox: { readonly depth: number; readonly oldestAt: number | null };
  /** Until when no calls to the outside are made, since nobody outside answers; null when they are made. */
  readonly pausedUntil: number | null;
  readonly pausedFor: string | null;
}

/** What a service knows of its work on one key. */
export interface WorkOfKey extends WorkStand {
  /** The ids of events that were handled or given up, as far as ids begin with the key. */
  readonly handled: readonly string[];
  /** Events that were tried in vain so far. */
  readonly tries: readonly Tries[];
  readonly unpublished: readonly { readonly type: string; readonly at: number }[];
  readonly parked: readonly { readonly sequence: number; readonly state: string; readonly cause: string }[];
  /** Whether a call to the outside is under way. */
  readonly isBusy: boolean;
}

/** How often, and until when, an event was tried in vain, and why. */
export interface Tries {
  readonly eventId: string;
  readonly times: number;
  readonly firstAt: number;
  readonly lastAt: number;
  readonly cause: string;
}

/** The most of each that is listed. */
const LISTED = 200;

/** Reads a service's own database; it changes nothing. */
export class Work {
  readonly #runtime: Runtime<Store<unknown>, unknown>;
  readonly #statements: ReturnType<typeof prepare>;

  // biome-ignore lint/suspicious/noExplicitAny: whatever the service's store and port are.
  constructor(db: Database, runtime: Runtime<any, any>) {
    this.#runtime = runtime;
    this.#statements = prepare(db);
  }

  /** Costs one look-up by key. */
  stand(): WorkStand {
    const { unpublished, consumer } = this.#runtime;
    const { waiting, oldestAt = null } = unpublished;
    const { pause } = consumer;
    return {
      outbox: { depth: waiting, oldestAt },
      pausedUntil: pause?.until ?? null,
      pausedFor: pause?.cause ?? null,
    };
  }

  /** Costs five look-ups by key, and lists 200 rows of each at most. */
  of(key: string): WorkOfKey {
    const { outbox, consumer } = this.#runtime;
    const { handled, tries, unpublished, parked } = this.#statements;
    const lanes = parked.all(key) as { sequence: number; state: string; why: string }[];
    return {
      ...this.stand(),
      handled: handled.all(key, key) as string[],
      tries: tries.all(key, key) as Tries[],
      unpublished: unpublished.all(key, key, outbox.through) as WorkOfKey["unpublished"],
      parked: lanes.map(({ sequence, state, why }) => ({
        sequence,
        state,
        cause: (JSON.parse(why) as Parked).cause,
      })),
      isBusy: consumer.isBusy(key),
    };
  }
}

function prepare(db: Database) {
  // Ids of events begin with their key and a dot; the next character after a dot is a slash.
  const ofKey = "event_id > ? || '.' AND event_id < ? || '/'";
  return {
    handled: db.prepare(`SELECT event_id FROM inbox WHERE ${ofKey} LIMIT ${LISTED}`).pluck(),
    tries: db.prepare(`SELECT event_id AS eventId, times, first_at AS firstAt, last_at AS lastAt, cause
      FROM attempts WHERE ${ofKey} AND NOT EXISTS (SELECT 1 FROM inbox WHERE inbox.event_id = attempts.event_id) LIMIT ${LISTED}`),
    unpublished: db.prepare(`SELECT type, time AS at FROM outbox WHERE ${ofKey} AND id > ? LIMIT ${LISTED}`),
    parked: db.prepare(`SELECT sequence, state, why FROM parked WHERE key = ? AND state != 'ended'
      ORDER BY sequence LIMIT ${LISTED}`),
  };
}
