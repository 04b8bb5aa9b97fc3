// Sees to it that one process of a service runs on a folder: what a service has under way is known to that process alone.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import { StartRefusedError } from "./start-refused.ts";

/** How long the process before this one may take to end. */
const PATIENCE_MS = 5_000;

/** A folder that one process has. */
export interface Alone {
  letGo(): void;
}

/**
 * Takes the folder, which is made if it is missing, until it is let go or the process ends in whatever way. Throws
 * {@link StartRefusedError} when another process has it, and goes on to have it for `patienceMs`, or when it can't be written to.
 */
export function takeAlone(service: string, folder: string, patienceMs = PATIENCE_MS): Alone {
  try {
    mkdirSync(folder, { recursive: true });
    const lock = new BetterSqlite(join(folder, "lock.db"), { timeout: patienceMs });
    lock.exec("BEGIN EXCLUSIVE");
    return { letGo: () => lock.close() };
  } catch (cause) {
    const { code, message } = cause as { code?: string; message: string };
    const why = code?.startsWith("SQLITE_BUSY")
      ? `another process of ${service} runs on ${folder}, and two would not know of each other's calls: stop that one first`
      : `${folder} can't be locked: ${message}`;
    throw new StartRefusedError(why, { cause });
  }
}
