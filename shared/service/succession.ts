// A new database of a service beside the old one, which is locked meanwhile, and how the new one takes its place.

import { closeSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from "node:fs";
import { dirname } from "node:path";
import BetterSqlite, { type Database } from "better-sqlite3";
import { openDatabase } from "./database.ts";
import type { AnyService } from "./define.ts";
import { Engine, type OutboxRow } from "./engine.ts";
import { factOf } from "./fact.ts";
import { isBlank, trust } from "./memory.ts";
import type { Replay } from "./replay.ts";

/** An empty database, with the one that it is to succeed attached as `old`. */
export interface Successor {
  readonly db: Database;
  readonly file: string;
  /** Whether there is anything in the old one. */
  readonly hasOld: boolean;
}

/** What the stream does not tell of a service. */
const CARRIED = ["replies", "attempts", "agreed_schemas"];

/** What was redriven is under way, and what has ended is at an end, though PARKED may not say so yet. */
const MOVED_LANES = `
  UPDATE main.parked SET state = was.state FROM old.parked AS was
  WHERE was.place = main.parked.place AND was.state IN ('redriven', 'ended')`;

/** As SQLite takes it: 128 MB. */
const CACHE = -128 * 1024;

/**
 * Opens an empty database beside `file`, and locks that one, so that no process of the service can begin with it. What
 * can't be read is put aside, as if there were none. Throws when a process has it open.
 */
export function openSuccessor(service: AnyService, file: string): Successor {
  try {
    if (existsSync(file) && !isReadable(file)) setAside(file, `${file}.unreadable-${stamp()}`);
    const hasOld = bringUpToDate(service, file);
    const next = `${file}.rebuilt`;
    const db = openEmpty(next);
    db.pragma("busy_timeout = 0"); // Who has the old one open does not close it soon.
    db.prepare("ATTACH ? AS old").run(file);
    db.pragma(`old.cache_size = ${CACHE}`);
    db.pragma("old.locking_mode = EXCLUSIVE");
    db.exec("BEGIN EXCLUSIVE; COMMIT");
    return { db, file: next, hasOld };
  } catch (error) {
    if (!hasCode(error, /^SQLITE_BUSY/)) throw error;
    throw new Error(`${service.name} is running: its database is in use. Stop it first.`, { cause: error });
  }
}

/** Opens a new database at `file`, whatever was there. It is filled fast, and is good for nothing if that fails. */
export function openEmpty(file: string): Database {
  for (const suffix of ["", "-wal", "-shm", "-journal"]) rmSync(`${file}${suffix}`, { force: true });
  const db = openDatabase(file);
  db.pragma("synchronous = OFF");
  db.pragma(`cache_size = ${CACHE}`); // Keys come in any order.
  return db;
}

/**
 * Begins with all that the old database holds, but for what it has put aside, which PARKED tells, and for the facts that wait in its
 * outbox: `carryOver` brings those of them that are not in the stream. Returns the ids of these facts, which its store has recorded.
 */
export function beginWithOld({ db }: Successor): ReadonlySet<string> {
  const tables = db.prepare(
    "SELECT name, sql FROM old.sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'",
  );
  // Generated columns are not to be written.
  const columns = db.prepare("SELECT name FROM pragma_table_xinfo(?, 'old') WHERE hidden = 0").pluck();
  for (const { name, sql } of tables.all() as { name: string; sql: string }[]) {
    const stored = columns.all(name).map((column) => `"${column}"`);
    db.exec(sql);
    db.exec(`INSERT INTO main."${name}" (${stored}) SELECT ${stored} FROM old."${name}"`);
  }
  db.exec("DELETE FROM main.parked");
  const waiting = db.prepare(
    "DELETE FROM main.outbox WHERE id > (SELECT through FROM main.published) RETURNING event_id",
  );
  return new Set(waiting.pluck().all() as string[]);
}

/**
 * Takes over what only the old database knows: facts that wait in its outbox, answers, tries, agreements. What it has published and is
 * not in the stream either is said again where the stream `isWhole`: else it has had its time.
 */
export function carryOver({ db }: Successor, replay: Replay, service: AnyService, isWhole: boolean): void {
  const through = isWhole ? "0" : "(SELECT through FROM old.published)";
  const unpublished = db.prepare(`SELECT * FROM old.outbox
    WHERE id > ${through} AND event_id NOT IN (SELECT event_id FROM main.outbox) ORDER BY id`);
  for (const row of unpublished.all() as OutboxRow[]) replay.said(factOf(row, service.name), row.payload);
  const tableOf = db.prepare("SELECT sql FROM old.sqlite_schema WHERE name = ?").pluck();
  for (const table of CARRIED) {
    const sql = tableOf.get(table) as string | undefined;
    if (!sql) continue;
    db.exec(sql.replace("CREATE TABLE", "CREATE TABLE IF NOT EXISTS"));
    db.exec(`INSERT OR REPLACE INTO main.${table} SELECT * FROM old.${table}`);
  }
  db.exec(MOVED_LANES);
}

/**
 * Puts the new database in the place of the old one, which is kept under another name if `keepsOld`. Returns that name.
 * At no moment, not even after a power cut, is there none.
 */
export function takePlace({ db, file: next }: Successor, file: string, keepsOld: boolean): string | null {
  trust(db);
  db.pragma("journal_mode = DELETE"); // Of both: what is in their logs goes into the files.
  const kept = keepsOld ? `${file}.before-${stamp()}` : null;
  if (kept) linkSync(file, kept);
  sync(next);
  renameSync(next, file);
  sync(dirname(file));
  return kept;
}

/** Waits until the file, or what a folder says of its files, is on disk. */
function sync(path: string): void {
  const open = openSync(path, "r");
  fsyncSync(open);
  closeSync(open);
}

/** Gives the old database the tables that this build declares, as its next start would; says whether it holds anything. */
function bringUpToDate(service: AnyService, file: string): boolean {
  const db = openDatabase(file);
  try {
    db.pragma("busy_timeout = 0");
    db.pragma("locking_mode = EXCLUSIVE");
    new Engine(service, db);
    return !isBlank(db);
  } finally {
    db.close();
  }
}

function isReadable(file: string): boolean {
  try {
    const db = new BetterSqlite(file);
    try {
      return db.pragma("quick_check(1)", { simple: true }) === "ok";
    } finally {
      db.close();
    }
  } catch (error) {
    if (hasCode(error, /^SQLITE_(CORRUPT|NOTADB)/)) return false;
    throw error;
  }
}

function setAside(file: string, name: string): void {
  for (const suffix of ["", "-wal", "-shm"]) {
    if (existsSync(`${file}${suffix}`)) renameSync(`${file}${suffix}`, `${name}${suffix}`);
  }
}

function hasCode(error: unknown, code: RegExp): boolean {
  return error instanceof BetterSqlite.SqliteError && code.test(error.code);
}

/** A time as a part of a file's name. */
export function stamp(time = new Date()): string {
  return time.toISOString().replaceAll(":", "");
}
