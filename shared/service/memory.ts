// Whether a service's database remembers what the service has done. An empty one would let it do everything again, and an older
// copy lacks what was done since.

import type { Database } from "better-sqlite3";
import { StartRefusedError } from "./start-refused.ts";

/** Whether nothing was ever handled or said with this database. The kit's tables have to be there. */
export function isBlank(db: Database): boolean {
  return !db.prepare("SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM outbox)").pluck().get();
}

/** What NATS knows of a service's past. */
export interface KnownPast {
  /** How many deliveries it has made to the service, as far as its consumer knows: it may have been made anew. */
  readonly deliveries: number;
  /** The message of the stream after which its consumer began when it was made anew; 0 when it began with the stream. */
  readonly resumedAfter: number;
  /** The ids of the newest facts that the service has said, one of each type, as far as the stream has them. */
  readonly said: readonly string[];
}

/**
 * Makes sure, before the first delivery is taken, that the database is the one that the service had last, or a new one of a new
 * service. Throws {@link StartRefusedError} when it is empty and there is a past, or when a newest fact is not in its outbox.
 */
export async function expectMemory(
  service: string,
  db: Database,
  knownPast: () => Promise<KnownPast>,
): Promise<void> {
  const past = await knownPast();
  const rebuild = `have it rebuilt from the stream: npm run -s rebuild -- ${service}`;
  if (!isTrusted(db) && isBlank(db)) {
    const known = knownOf(past);
    if (known) {
      throw new StartRefusedError(
        `its database is empty, and NATS ${known}: it would do again what it has done. Put the database back, or ${rebuild}`,
      );
    }
  }
  const isSaid = db.prepare("SELECT EXISTS (SELECT 1 FROM outbox WHERE event_id = ?)").pluck();
  const forgotten = past.said.find((id) => !isSaid.get(id));
  if (forgotten) {
    throw new StartRefusedError(
      `its database is an older copy: NATS has ${forgotten} of it, which the copy does not know, nor what was done with it. ` +
        `Put the newest one back, or ${rebuild} --force`,
    );
  }
  trust(db);
}

function knownOf({ deliveries, resumedAfter, said: [said] }: KnownPast): string | undefined {
  if (said) return `has ${said} of it`;
  if (deliveries > 0) return `has made ${deliveries} deliveries to it`;
  return resumedAfter > 0 ? `knows that it had come to message ${resumedAfter}` : undefined;
}

/** Notes in the file that it is the service's memory, be it empty. */
export function trust(db: Database): void {
  db.pragma(`user_version = ${TRUSTED}`);
}

const TRUSTED = 1;

/** Whether the file was noted to be the service's memory. */
export function isTrusted(db: Database): boolean {
  return db.pragma("user_version", { simple: true }) === TRUSTED;
}
