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
 * Takes the folder, until it is let go or the process ends in whatever way. Throws {@link StartRefusedError} when another
 * process has it, and goes on to have it for `patienceMs`.
 */
export function takeAlone(service: string, folder: string, patienceMs = PATIENCE_MS): Alone {
  mkdirSync(folder, { recursive: true });
  const lock = new BetterSqlite(join(folder, "lock.db"), { timeout: patienceMs });
  try {
    lock.exec("BEGIN EXCLUSIVE");
  } catch (cause) {
    lock.close();
    const isTaken = cause instanceof BetterSqlite.SqliteError && cause.code.startsWith("SQLITE_BUSY");
    if (!isTaken) throw cause;
    const message = `another process of ${service} runs on ${folder}, and two would not know of each other's calls: stop that one first`;
    throw new StartRefusedError(message, { cause });
  }
  return { letGo: () => lock.close() };
}
