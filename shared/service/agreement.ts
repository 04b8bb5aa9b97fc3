// Agrees with NATS, before a service says anything, on the schemas that it will write.

import type { Database } from "better-sqlite3";
import { type FactType, knownVersions, settingsOf } from "../contracts/events.ts";
import type { Log } from "../observability/log.ts";
import { entryText, readEntry, type SchemaEntry } from "../schemas/bucket-entry.ts";
import { refusals } from "./refusals.ts";
import { StartRefusedError } from "./start-refused.ts";

/** A schema as the bucket keeps it: under its event and fingerprint, for good. */
export interface KeptSchema {
  readonly fingerprint: string;
  readonly text: string;
}

/** The bucket SCHEMAS: every schema that anybody ever wrote with. Nothing in it can be changed or removed. */
export interface SchemaBucket {
  /** All schemas of an event, in the order in which they were put there. */
  all(event: string): Promise<readonly KeptSchema[]>;
  find(event: string, fingerprint: string): Promise<string | undefined>;
  /** Puts a schema there, unless there is one under its event and fingerprint already. */
  create(event: string, schema: KeptSchema): Promise<void>;
}

/** This build's schemas don't go with those in the bucket; the message says why, line by line, and what to do. */
export class SchemaRefusedError extends StartRefusedError {
  override name = "SchemaRefusedError";
}

/** What the bucket has of each event, in its order. */
type InBucket = ReadonlyMap<FactType, readonly SchemaEntry[]>;

/** What one build of a service writes, and whether NATS has ever agreed to it. */
export class Agreement {
  readonly #types: readonly FactType[];
  readonly #log: Log;
  readonly #notes: ReturnType<typeof openNotes>;
  #isReached: boolean;

  /** For a service that says facts of these `types`, and keeps what was agreed on in its own database. */
  constructor(types: readonly FactType[], db: Database, log: Log) {
    this.#types = types;
    this.#log = log;
    this.#notes = openNotes(db);
    this.#isReached = types.every((type) => this.#notes.has(type, newest(type).fingerprint));
  }

  /**
   * Whether all that this build writes was agreed on, now or by an earlier process. What it writes before that might
   * be for nobody to read.
   */
  get isReached(): boolean {
    return this.#isReached;
  }

  /**
   * Puts this build's schemas into the bucket. Throws {@link SchemaRefusedError} when they don't go with those that
   * are there; any other error may be gone at the next try. Safe to repeat, by any number of processes at once.
   */
  async reach(bucket: SchemaBucket): Promise<void> {
    const before = await this.#entries(bucket);
    this.#judge(before, false);
    const added = await this.#put(bucket, before);
    if (added > 0) {
      this.#judge(await this.#entries(bucket), true); // Others may have been quicker with something else.
      this.#log.info({ added }, "put new schemas into the bucket");
    }
    for (const type of this.#types) this.#notes.add(type, newest(type).fingerprint);
    this.#isReached = true;
  }

  /** Whether the bucket still has the schemas that were put there; one of them tells, since none can be removed. */
  async holds(bucket: SchemaBucket): Promise<boolean> {
    const [type] = this.#types;
    return !type || (await bucket.find(type, newest(type).fingerprint)) !== undefined;
  }

  #judge(kept: InBucket, isPut: boolean): void {
    const reasons = this.#types.flatMap((type) =>
      refusals(type, ownEntries(type), kept.get(type)!, settingsOf(type), isPut),
    );
    if (reasons.length === 0) return;
    throw new SchemaRefusedError(
      `the schemas that this build writes don't go with those in the bucket SCHEMAS\n${reasons.join("\n")}`,
    );
  }

  /** Adds what is missing, oldest version first: a version answers to those that were there before it. */
  async #put(bucket: SchemaBucket, kept: InBucket): Promise<number> {
    let added = 0;
    for (const type of this.#types) {
      const there = new Set(kept.get(type)!.map(({ fingerprint }) => fingerprint));
      for (const entry of ownEntries(type)) {
        if (there.has(entry.fingerprint)) continue;
        await bucket.create(type, { fingerprint: entry.fingerprint, text: entryText(entry) });
        added++;
      }
    }
    return added;
  }

  async #entries(bucket: SchemaBucket): Promise<InBucket> {
    const kept = this.#types.map(async (type) => [type, await this.#entriesOf(bucket, type)] as const);
    return new Map(await Promise.all(kept));
  }

  /** What the bucket has of an event, but for what is not what its key says: nobody can have written with that. */
  async #entriesOf(bucket: SchemaBucket, type: FactType): Promise<SchemaEntry[]> {
    return (await bucket.all(type)).flatMap(({ fingerprint, text }) => {
      try {
        return readEntry(type, fingerprint, text);
      } catch (error) {
        const key = `${type}.${fingerprint}`;
        this.#log.warn({ key, cause: (error as Error).message }, "a schema in the bucket is left out");
        return [];
      }
    });
  }
}

function newest(type: FactType) {
  return knownVersions(type).at(-1)!;
}

/** The versions of this build, oldest first, as the bucket would have them. */
function ownEntries(type: FactType): SchemaEntry[] {
  return knownVersions(type).map(({ version, fingerprint, schema }) =>
    readEntry(type, fingerprint, entryText({ event: type, version, json: schema })),
  );
}

function openNotes(db: Database) {
  db.exec(`
    CREATE TABLE IF NOT EXISTS agreed_schemas (
      type        TEXT NOT NULL,
      fingerprint TEXT NOT NULL,
      PRIMARY KEY (type, fingerprint)
    ) WITHOUT ROWID`);
  const select = db.prepare("SELECT 1 FROM agreed_schemas WHERE type = ? AND fingerprint = ?");
  const insert = db.prepare("INSERT OR IGNORE INTO agreed_schemas VALUES (?, ?)");
  return {
    has: (type: string, fingerprint: string) => select.get(type, fingerprint) !== undefined,
    add: (type: string, fingerprint: string) => insert.run(type, fingerprint),
  };
}
