// What a redrive would do: the entry is handled by the service's own code on a copy of its database.

import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import BetterSqlite from "better-sqlite3";
import { decode } from "../contracts/events.ts";
import { discreet } from "../contracts/shown.ts";
import { isDatabaseFault, openDatabase } from "../service/database.ts";
import type { AnyService } from "../service/define.ts";
import { Engine } from "../service/engine.ts";
import { type Entry, eventIn } from "./entries.ts";

/**
 * What handling the entries would come to, one sentence for each; one after the other, so that what an earlier one does
 * is there for the next. Nobody outside is asked: where an answer is needed, the sentence says what would be asked. The
 * service may run meanwhile: its database is only read. Throws when there is no room for a copy of it.
 */
export function foresee(service: AnyService, file: string, entries: readonly Entry[]): string[] {
  if (!existsSync(file))
    return entries.map(() => `nobody knows: the database of ${service.name} is not here`);
  const folder = mkdtempSync(join(tmpdir(), "quadrille-dry-run-"));
  try {
    const copy = join(folder, "state.db");
    copyAsItIs(file, copy);
    return onCopy(service, copy, entries);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Copies a database as it is at this moment, and keeps nobody from writing to it. */
function copyAsItIs(file: string, copy: string): void {
  const db = new BetterSqlite(file, { readonly: true });
  try {
    db.prepare("VACUUM INTO ?").run(copy);
  } finally {
    db.close();
  }
}

function onCopy(service: AnyService, copy: string, entries: readonly Entry[]): string[] {
  const db = openDatabase(copy, "relaxed");
  try {
    const engine = new Engine(service, db);
    const blocked = new Set<string>();
    let foreseen: string[] = [];
    engine.transaction(() => {
      foreseen = entries.map((entry) => {
        if (blocked.has(entry.key)) return "goes on waiting";
        const { sentence, fails } = foreseeOne(engine, entry);
        if (fails) blocked.add(entry.key);
        return sentence;
      });
      return false;
    });
    return foreseen;
  } finally {
    db.close();
  }
}

// biome-ignore lint/suspicious/noExplicitAny: any service at all.
function foreseeOne(engine: Engine<any>, entry: Entry): { sentence: string; fails?: boolean } {
  const event = eventIn(entry);
  if (!event) return { sentence: `fails again: ${entry.cause}`, fails: true };
  const before = engine.lastRow;
  try {
    const verdict = engine.handle(event);
    if (verdict.outcome === "asks") {
      const request = JSON.stringify(verdict.request, discreet);
      return { sentence: `asks the outside for ${request}, and decides on the answer` };
    }
    if (verdict.outcome === "duplicate") return { sentence: "was handled before: nothing happens" };
    const said = engine
      .outboxAfter(before)
      .map(({ type, payload }) => `${type} ${JSON.stringify(decode(type, payload).data, discreet)}`);
    return { sentence: said.length > 0 ? `says ${said.join(" and ")}` : "is noted, and nothing is said" };
  } catch (error) {
    if (isDatabaseFault(error)) throw error;
    return { sentence: `fails again: ${(error as Error).message}`, fails: true };
  }
}
