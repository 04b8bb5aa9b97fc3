// The versioned folder: schemas/<event>/vN.avsc, each event with its settings, and nothing else.

import { createHash } from "node:crypto";
import { type Dirent, readdirSync } from "node:fs";
import { join, posix } from "node:path";
import { CannotRun } from "../cannot-run.ts";
import { DEFAULT_SETTINGS, type Settings } from "./event.ts";
import type { Finding } from "./finding.ts";
import { isEventName, LOCK, parseName, SETTINGS } from "./names.ts";
import type { JsonText } from "./position.ts";
import { readSettings } from "./settings.ts";
import { readSchema, type SchemaSource } from "./source.ts";

/** All that is in the folder. */
export interface Folder {
  /** As findings call it. */
  readonly shown: string;
  /** In alphabetical order. */
  readonly events: readonly EventFolder[];
  /** Things that don't belong at its top. */
  readonly findings: readonly Finding[];
  /** The text of every file that findings may point into, by what they call it. */
  readonly texts: ReadonlyMap<string, JsonText>;
}

export interface EventFolder {
  readonly event: string;
  /** Oldest first. */
  readonly versions: readonly VersionFile[];
  readonly settings: Settings;
  /** Of its files, not of its evolution. */
  readonly findings: readonly Finding[];
}

/** One version of an event. */
export interface VersionFile extends SchemaSource {
  readonly event: string;
  readonly version: number;
  /** Within the folder: `order.created/v1.avsc`. */
  readonly name: string;
  /** Of its bytes, in hexadecimal digits. */
  readonly sha256: string;
}

/** Reads the folder at `path`, which findings call `shown`. Throws `CannotRun` when it can't be read. */
export function readFolder(path: string, shown: string): Folder {
  const texts = new Map<string, JsonText>();
  const events: EventFolder[] = [];
  const findings: Finding[] = [];
  for (const entry of list(path, shown)) {
    if (entry.isDirectory() && isEventName(entry.name))
      events.push(readEvent(path, shown, entry.name, texts));
    else if (!entry.isFile() || entry.name !== LOCK) findings.push(strayAtTop(shown, entry));
  }
  return { shown, events, findings, texts };
}

/** Findings for the versions that are missing below the highest of `numbers`: one for each hole. */
export function versionGaps(event: string, numbers: readonly number[], shown: string): Finding[] {
  const sorted = numbers.toSorted((a, b) => a - b);
  return sorted.flatMap((version, index): Finding[] => {
    const first = (sorted[index - 1] ?? 0) + 1;
    const last = version - 1;
    if (first > last) return [];
    const missing = first === last ? `v${first} is` : `v${first} to v${last} are`;
    return [
      {
        rule: "version-gap",
        event,
        path: "(folder)",
        cause: `There is v${version}, and ${missing} missing.`,
        mend: `Add what is missing, or rename v${version}.avsc to v${first}.avsc if it was never released.`,
        at: { file: posix.join(shown, event, `v${version}.avsc`), version, pointer: "" },
      },
    ];
  });
}

function readEvent(path: string, shown: string, event: string, texts: Map<string, JsonText>): EventFolder {
  const versions: VersionFile[] = [];
  const findings: Finding[] = [];
  let settings = DEFAULT_SETTINGS;

  for (const entry of list(join(path, event), posix.join(shown, event))) {
    const name = posix.join(event, entry.name);
    const file = posix.join(shown, name);
    const parsed = parseName(name);
    if (entry.isFile() && parsed) {
      const source = readSchema(join(path, name), file, parsed);
      versions.push({ ...source, ...parsed, name, sha256: sha256(source.bytes) });
      findings.push(...source.findings);
      texts.set(file, source.text);
    } else if (entry.isFile() && entry.name === SETTINGS) {
      const read = readSettings(join(path, name), file, event);
      settings = read.settings;
      findings.push(...read.findings);
      texts.set(file, read.text);
    } else {
      findings.push(strayInEvent(file, event, entry));
    }
  }
  if (versions.length === 0) findings.push(noVersion(posix.join(shown, event), event));
  return { event, versions: versions.sort((a, b) => a.version - b.version), settings, findings };
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** What is in a folder, in alphabetical order, but for what is hidden. */
function list(path: string, shown: string): Dirent[] {
  try {
    return readdirSync(path, { withFileTypes: true })
      .filter(({ name }) => !name.startsWith("."))
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  } catch (error) {
    throw new CannotRun(`The folder ${shown} can't be read: ${(error as Error).message}.`);
  }
}

function strayAtTop(shown: string, entry: Dirent): Finding {
  const file = posix.join(shown, entry.name);
  return entry.isDirectory()
    ? stray(
        file,
        undefined,
        `${entry.name} is not an event's name.`,
        "Name the folder as in order.created: letters, digits, dashes and underscores, with dots between the words.",
      )
    : stray(
        file,
        undefined,
        `${entry.name} is neither an event's folder nor ${LOCK}.`,
        "Move it out of here.",
      );
}

function strayInEvent(file: string, event: string, { name }: Dirent): Finding {
  const cause = `${name} is neither a version nor ${SETTINGS}.`;
  const mend = "Call a version vN.avsc, with N from 1 and no zero before it; move anything else out of here.";
  return stray(file, event, cause, mend);
}

function noVersion(file: string, event: string): Finding {
  return stray(file, event, "The folder holds no version.", "Add v1.avsc, or remove the folder.");
}

function stray(file: string, event: string | undefined, cause: string, mend: string): Finding {
  return {
    rule: "stray-file",
    ...(event !== undefined && { event }),
    path: "(folder)",
    cause,
    mend,
    at: { file, pointer: "" },
  };
}
