// Whether a service's database remembers what the service has done. An empty one would let it do everything again.

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
  /** The id of a fact that the service has said, if the stream has one. */
  readonly said: string | undefined;
}

/**
 * Makes sure, before the first delivery is taken, that a new database belongs to a new service. Throws
 * {@link StartRefusedError} when the database of an old one is gone.
 */
export async function expectMemory(
  service: string,
  db: Database,
  knownPast: () => Promise<KnownPast>,
): Promise<void> {
  if (isTrusted(db)) return;
  const past = isBlank(db) ? await knownPast() : undefined;
  const known = past && knownOf(past);
  if (known) {
    throw new StartRefusedError(
      `its database is empty, and NATS ${known}: it would do again what it has done. ` +
        `Put the database back, or have it rebuilt from the stream: npm run -s rebuild -- ${service}`,
    );
  }
  trust(db);
}

function knownOf({ deliveries, resumedAfter, said }: KnownPast): string | undefined {
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
