// The whole of `check`: the folder, the lock, git, and every event's versions against each other.

import { relative } from "node:path/posix";
import { CannotRun } from "../cannot-run.ts";
import { checkEvent } from "./event.ts";
import type { Finding, Place } from "./finding.ts";
import { type EventFolder, type Folder, readFolder, type VersionFile, versionGaps } from "./folder.ts";
import { readBase } from "./git.ts";
import { type Lock, lockChanges, lockFaults, parseLock, readLock } from "./lock.ts";
import { LOCK, parseName } from "./names.ts";
import { checkReleased, releasedByCommit, releasedByLock } from "./released.ts";
import { rules } from "./rules.ts";

/** What to check. */
export interface Request {
  /** The path of the folder of schemas. */
  readonly folder: string;
  /** What findings call it. */
  readonly shown: string;
  /** Only these events; none for all. */
  readonly events?: readonly string[];
  /** The commit to compare with; HEAD and the one before it by default, if they are there. */
  readonly base?: string | undefined;
}

/** What came of it. */
export interface Report {
  /** By event, version and position. */
  readonly findings: readonly Finding[];
  /** Versions that the lock does not have, in the order of their release. */
  readonly unreleased: readonly VersionFile[];
  /** What was checked. */
  readonly events: readonly EventFolder[];
}

/** Checks the folder. Throws `CannotRun` when that can't be done at all. */
export function check({ folder: path, shown, events: wanted = [], base: ref }: Request): Report {
  const folder = readFolder(path, shown);
  const lock = parseLock(readLock(path, shown));
  expectKnown(wanted, folder, lock);

  const isWanted = (event: string | undefined) =>
    wanted.length === 0 || (event !== undefined && wanted.includes(event));
  const events = folder.events.filter(({ event }) => isWanted(event));
  const released = releaseFindings(path, folder, lock, ref);
  const findings = [
    ...folder.findings,
    ...released,
    ...events.flatMap((event) => eventFindings(event, released, shown)),
  ];

  return {
    findings: findings
      // A file that was released as another event's concerns both.
      .filter(({ event, at }) => isWanted(event) || isWanted(parseName(relative(shown, at.file))?.event))
      .map((finding) => located(finding, folder))
      .sort(byPlace),
    unreleased: events.flatMap(({ versions }) => versions).filter(({ name }) => !lock.lines.has(name)),
    events,
  };
}

/** 0 for no findings, 1 for some, 2 if some schema is not a valid Avro schema. */
export function exitCode(findings: readonly Finding[]): number {
  if (findings.some(({ rule }) => rules[rule].kind === "avro")) return 2;
  return findings.length === 0 ? 0 : 1;
}

function expectKnown(wanted: readonly string[], { events }: Folder, lock: Lock): void {
  const locked = [...lock.lines.keys()].map((name) => name.slice(0, name.indexOf("/")));
  const known = new Set([...events.map(({ event }) => event), ...locked]);
  const unknown = wanted.find((event) => !known.has(event));
  if (unknown === undefined) return;
  throw new CannotRun(`There is no event "${unknown}". The events are: ${[...known].sort().join(", ")}.`);
}

/** What the lock and git have to say. */
function releaseFindings(path: string, folder: Folder, lock: Lock, ref: string | undefined): Finding[] {
  const files = new Map(folder.events.flatMap(({ versions }) => versions).map((file) => [file.name, file]));
  // Without a word, the last commit and the one before it: on CI, the last one is what is to be judged.
  const bases =
    ref === undefined ? [readBase(path, "HEAD"), readBase(path, "HEAD^")] : [readBase(path, ref, true)];
  const records = bases.flatMap((base) =>
    base ? [{ base, earlier: base.lock === undefined ? undefined : parseLock(base.lock) }] : [],
  );
  return unique([
    ...lockFaults(lock, files, folder.shown),
    ...records.flatMap(({ base, earlier }) =>
      earlier ? lockChanges(earlier, lock, base.commit, folder.shown) : [],
    ),
    ...checkReleased(
      [
        ...releasedByLock(lock, LOCK),
        ...records.flatMap(({ base, earlier }) =>
          earlier ? releasedByLock(earlier, `${LOCK} at ${base.commit}`) : releasedByCommit(base),
        ),
      ],
      files,
      lock,
      folder.shown,
    ),
  ]);
}

/** Of findings of one rule at one place, whatever commit shows them, the first. */
function unique(findings: readonly Finding[]): Finding[] {
  const key = ({ rule, at }: Finding) => [rule, at.file, at.version, at.line].join(" ");
  return [...new Map(findings.toReversed().map((finding) => [key(finding), finding])).values()].toReversed();
}

/** What is wrong with an event's files, and between its versions that can be compared. */
function eventFindings(event: EventFolder, released: readonly Finding[], shown: string): Finding[] {
  // A gap that a deleted or renamed version leaves is no fault of its own.
  const lost = released.filter(({ rule }) => rule === "released-deleted" || rule === "released-renamed");
  const numbers = [
    ...event.versions.map(({ version }) => version),
    ...lost.flatMap((finding) => (finding.event === event.event ? (finding.at.version ?? []) : [])),
  ];
  const comparable = event.versions.flatMap(({ version, file, draft }) =>
    draft ? { version, file, schema: draft } : [],
  );
  const evolution = checkEvent(event.event, comparable, event.settings).filter(
    // Whether an approval is unused can't be said while a version can't be read.
    ({ rule }) => rule !== "unused-approval" || comparable.length === event.versions.length,
  );
  // What is no default at all need not be one that is supported.
  const isSaid = ({ rule, at }: Finding) =>
    rule === "unsupported" &&
    event.findings.some((said) => said.at.file === at.file && said.at.pointer === at.pointer);
  return [
    ...event.findings,
    ...versionGaps(event.event, [...new Set(numbers)], shown),
    ...evolution.filter((finding) => !isSaid(finding)),
  ];
}

/** With the line and column of each place that is in a file. */
function located(finding: Finding, { texts }: Folder): Finding {
  const locate = (place: Place): Place => {
    const text = place.line === undefined && texts.get(place.file);
    return text ? { ...place, ...text.position(place.pointer) } : place;
  };
  const { at, reader, writer } = finding;
  return {
    ...finding,
    at: locate(at),
    ...(reader && { reader: locate(reader) }),
    ...(writer && { writer: locate(writer) }),
  };
}

function byPlace(a: Finding, b: Finding): number {
  return (
    compare(a.event ?? "", b.event ?? "") ||
    compare(a.at.version ?? 0, b.at.version ?? 0) ||
    compare(a.at.file, b.at.file) ||
    compare(a.at.line ?? 0, b.at.line ?? 0) ||
    compare(a.at.column ?? 0, b.at.column ?? 0)
  );
}

function compare<Key extends string | number>(a: Key, b: Key): number {
  return a < b ? -1 : Number(a > b);
}
