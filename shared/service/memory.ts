// Whether a service's database remembers what the service has done. An empty one would let it do everything again.

import type { Database } from "better-sqlite3";
import { StartRefusedError } from "./start-refused.ts";

/** Whether nothing was ever handled or said with this database. The kit's tables have to be there. */
export function isBlank(db: Database): boolean {
  return !db.prepare("SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM outbox)").pluck().get();
}

/**
 * Makes sure, before the first delivery is taken, that a new database belongs to a new service: `delivered` tells how
 * many deliveries NATS has made to it. Throws {@link StartRefusedError} when the database of an old one is gone.
 */
export async function expectMemory(
  service: string,
  db: Database,
  delivered: () => Promise<number>,
): Promise<void> {
  if (isTrusted(db)) return;
  const deliveries = isBlank(db) ? await delivered() : 0;
  if (deliveries > 0) {
    throw new StartRefusedError(
      `its database is empty, and NATS has made ${deliveries} deliveries to it: it would do again what it has done. ` +
        `Put the database back, or have it rebuilt from the stream: npm run -s rebuild -- ${service}`,
    );
  }
  trust(db);
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
