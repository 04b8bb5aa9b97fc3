// Whether a service's database remembers what the service has done. An empty one would let it do everything again, and an older
// copy lacks what was done since.

import type { Database } from "better-sqlite3";
import { StartRefusedError } from "./start-refused.ts";

/** Whether nothing was ever handled or said with this database. The kit's tables have to be there. */
export function isBlank(db: Database): boolean {
  return !db.prepare("SELECT EXISTS (SELECT 1 FROM inbox) OR EXISTS (SELECT 1 FROM outbox)").pluck().get();
}

/** The database is not the one that the service had last. */
export class ForgetfulError extends StartRefusedError {
  override name = "ForgetfulError";
}

/** What NATS knows of a service's past; each is asked for when it matters, and rejects while NATS is away. */
export interface KnownPast {
  /** The ids of the newest facts that the service has said, one of each type, as far as the stream has them. */
  said(): Promise<readonly string[]>;
  /** What has come to the service, as far as its consumer knows: it may have been made anew. */
  heard(): Promise<Heard>;
}

/** What has come to a service. */
export interface Heard {
  /** How many deliveries were made. */
  readonly deliveries: number;
  /** The message of the stream after which the consumer began when it was made anew; 0 when it began with the stream. */
  readonly resumedAfter: number;
}

/**
 * Makes sure, before the first delivery is taken, that the database is the one that the service had last, or a new one of a new
 * service. Throws {@link ForgetfulError} when it is empty and there is a past, or when a newest fact is not in its outbox.
 */
export async function expectMemory(service: string, db: Database, past: KnownPast): Promise<void> {
  const rebuild = `have it rebuilt from the stream: npm run -s rebuild -- ${service}`;
  const said = await past.said();
  if (!isTrusted(db) && isBlank(db)) {
    const known = knownOf(said, await past.heard());
    if (known)
      throw new ForgetfulError(
        `its database is empty, and NATS ${known}: it would do again what it has done. Put the database back, or ${rebuild}`,
      );
  }
  const isSaid = db.prepare("SELECT EXISTS (SELECT 1 FROM outbox WHERE event_id = ?)").pluck();
  const forgotten = said.find((id) => !isSaid.get(id));
  if (forgotten) {
    db.pragma(`user_version = ${DOUBTED}`); // From now on no command is taken with it.
    throw new ForgetfulError(
      `its database is an older copy: the stream has ${forgotten}, which this service has said, and the copy does not know of it. ` +
        `Put the newest one back, or ${rebuild}`,
    );
  }
  trust(db);
}

function knownOf([said]: readonly string[], { deliveries, resumedAfter }: Heard): string | undefined {
  if (said) return `has ${said} of it`;
  if (deliveries > 0) return `has made ${deliveries} deliveries to it`;
  return resumedAfter > 0 ? `knows that it had come to message ${resumedAfter}` : undefined;
}

/** Notes in the file that it is the service's memory, be it empty. */
export function trust(db: Database): void {
  db.pragma(`user_version = ${TRUSTED}`);
}

const [DOUBTED, TRUSTED] = [0, 1];

/** Whether the file was noted to be the service's memory. */
export function isTrusted(db: Database): boolean {
  return db.pragma("user_version", { simple: true }) === TRUSTED;
}
