// released.lock: one line for each released version, which no later change may touch.
//
//     order.created/v1.avsc sha256:<64 hexadecimal digits> crc64-avro:<16 hexadecimal digits>

import { existsSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { CannotRun } from "../cannot-run.ts";
import { fingerprint } from "./canonical.ts";
import type { Finding } from "./finding.ts";
import type { VersionFile } from "./folder.ts";
import { LOCK, parseName } from "./names.ts";

/** The lock, parsed. */
export interface Lock {
  /** By the version's name within the folder. */
  readonly lines: ReadonlyMap<string, LockLine>;
  readonly faults: readonly LockFault[];
}

/** One released version. */
export interface LockLine {
  /** `order.created/v1.avsc`. */
  readonly name: string;
  /** Of the file's bytes. */
  readonly sha256: string;
  /** CRC-64-AVRO, in the order of the bytes on the wire. */
  readonly fingerprint: string;
  /** From 1. */
  readonly line: number;
}

/** A line that can't be used. */
export interface LockFault {
  readonly line: number;
  /** The version that it seems to be about. */
  readonly name: string;
  readonly cause: string;
}

const LINE = /^(\S+) sha256:([0-9a-f]{64}) crc64-avro:([0-9a-f]{16})$/;

/** The text of the lock in a folder; empty if there is none. */
export function readLock(path: string, shown: string): string {
  const file = join(path, LOCK);
  try {
    return existsSync(file) ? readFileSync(file, "utf8") : "";
  } catch (error) {
    throw new CannotRun(`${posix.join(shown, LOCK)} can't be read: ${(error as Error).message}.`);
  }
}

/** Parses the text of a lock; strictly, since nobody but `release` writes it. */
export function parseLock(text: string): Lock {
  const lines = new Map<string, LockLine>();
  const faults: LockFault[] = [];
  for (const [index, content] of text.replace(/\n$/, "").split("\n").entries()) {
    if (text === "") break;
    const line = index + 1;
    const [, name, sha256, fingerprint] = LINE.exec(content) ?? [];
    if (!name || !sha256 || !fingerprint || !parseName(name)) {
      faults.push({ line, name: content.split(" ")[0]!, cause: `Line ${line} is not one of a lock.` });
    } else if (lines.has(name)) {
      faults.push({ line, name, cause: `${name} is there twice: first in line ${lines.get(name)!.line}.` });
    } else {
      lines.set(name, { name, sha256, fingerprint, line });
    }
  }
  return { lines, faults };
}

/** The line of a version that is being released. */
export function lockLine({ name, sha256, schema }: VersionFile): string {
  if (!schema) throw new Error(`${name} is not a valid schema, and can't be released`);
  return `${name} sha256:${sha256} crc64-avro:${fingerprint(schema)}`;
}

/** Findings for lines that can't be used, and for fingerprints that are not those of the files. */
export function lockFaults(lock: Lock, files: ReadonlyMap<string, VersionFile>, shown: string): Finding[] {
  const wrong = [...lock.lines.values()].flatMap((line): LockFault[] => {
    const file = files.get(line.name);
    if (!file?.schema || file.sha256 !== line.sha256) return [];
    const actual = fingerprint(file.schema);
    if (actual === line.fingerprint) return [];
    return [
      {
        ...line,
        cause: `${line.name} has the fingerprint ${actual}, and the lock says ${line.fingerprint}.`,
      },
    ];
  });
  return [...lock.faults, ...wrong].map((fault) => lockChanged(fault, shown));
}

/** Findings for lines of an earlier lock, as it was at `commit`, that this one has no more, or not as they were. */
export function lockChanges(earlier: Lock, lock: Lock, commit: string, shown: string): Finding[] {
  const reported = new Set(lock.faults.map(({ name }) => name));
  return [...earlier.lines.values()].flatMap((before): Finding[] => {
    const { name } = before;
    const now = lock.lines.get(name);
    if (!now && !reported.has(name)) {
      return [lockChanged({ name, cause: `The line of ${name} is gone; it was there at ${commit}.` }, shown)];
    }
    if (!now || (now.sha256 === before.sha256 && now.fingerprint === before.fingerprint)) return [];
    return [lockChanged({ ...now, cause: `The line of ${name} is not what it was at ${commit}.` }, shown)];
  });
}

function lockChanged(
  { name, cause, line }: Omit<LockFault, "line"> & { line?: number },
  shown: string,
): Finding {
  const of = parseName(name);
  return {
    rule: "lock-changed",
    ...(of && { event: of.event }),
    path: "(lock)",
    cause,
    mend: "Put the lock back as it was; only `npm run -s schemas -- release` writes it, and only by adding lines.",
    at: {
      file: posix.join(shown, LOCK),
      pointer: "",
      ...(line !== undefined && { line, column: 1 }),
      ...(of && { version: of.version }),
    },
  };
}
