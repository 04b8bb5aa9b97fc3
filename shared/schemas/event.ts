// All versions of one event against each other, by the event's mode.

import { fingerprint } from "./canonical.ts";
import { evolutionMismatches } from "./evolution.ts";
import type { Direction, Fault, Finding, Mismatch, Place } from "./finding.ts";
import { versionFaults } from "./house.ts";
import { compareSchemas } from "./resolve.ts";
import type { RuleName } from "./rules.ts";
import { rootPath, type Schema } from "./schema.ts";

/** The modes of Confluent's registry: who must be able to read whom, among neighbours or (TRANSITIVE) among all. */
export const modes = [
  "BACKWARD",
  "BACKWARD_TRANSITIVE",
  "FORWARD",
  "FORWARD_TRANSITIVE",
  "FULL",
  "FULL_TRANSITIVE",
  "NONE",
] as const;

export type Mode = (typeof modes)[number];

/** A break that is wanted: the one that a version makes with all before it, or a house rule that it breaks alone. */
export interface Approval {
  readonly rule: RuleName;
  readonly version: number;
  /** As findings have it; without it, every path. */
  readonly path?: string | undefined;
  readonly reason: string;
}

/** What one event asks of its versions. */
export interface Settings {
  readonly mode: Mode;
  readonly approved: readonly Approval[];
  /** Where they come from. */
  readonly file?: string;
}

/** Services deploy in any order and the stream replays old events, so by default everyone must read everyone. */
export const DEFAULT_SETTINGS: Settings = { mode: "FULL_TRANSITIVE", approved: [] };

/** One version of an event. */
export interface Version {
  readonly version: number;
  /** A path, or what the schema is called. */
  readonly file: string;
  readonly schema: Schema;
}

/** All that is wrong with the versions of one event; empty when nothing is, or all of it is approved. */
export function checkEvent(event: string, versions: readonly Version[], settings: Settings): Finding[] {
  const sorted = versions.toSorted((a, b) => a.version - b.version);
  const found = [
    ...sorted.flatMap((version) => versionFaults(version.schema).map((fault) => ofVersion(version, fault))),
    ...pairs(sorted, settings.mode).flatMap(([newer, older]) => comparePair(newer, older, settings.mode)),
  ];
  const approves = (approval: Approval, { finding, newer, older }: Found) =>
    approval.rule === finding.rule &&
    (approval.path ?? finding.path) === finding.path &&
    (older === undefined
      ? approval.version === newer
      : older < approval.version && approval.version <= newer);

  const unused = settings.approved.flatMap((approval, index) =>
    found.some((each) => approves(approval, each))
      ? []
      : unusedApproval(approval, index, settings.file ?? event),
  );
  const faults = found.filter((each) => !settings.approved.some((approval) => approves(approval, each)));
  // A version with a fault of its own is to be changed anyway: that says more than that its fingerprint did not.
  const sound = sorted.filter(({ version }) => !faults.some(({ newer }) => newer === version));
  return [...faults.map(({ finding }) => finding), ...sameFingerprints(sorted, sound), ...unused].map(
    (finding) => ({ ...finding, event }),
  );
}

/** A finding and the versions that an approval must name to cover it. */
interface Found {
  readonly finding: Finding;
  readonly newer: number;
  readonly older?: number;
}

function pairs(sorted: readonly Version[], mode: Mode): [newer: Version, older: Version][] {
  if (mode === "NONE") return [];
  const transitive = mode.endsWith("_TRANSITIVE");
  return sorted.flatMap((newer, index) =>
    sorted
      .slice(transitive ? 0 : Math.max(0, index - 1), index)
      .map((older): [Version, Version] => [newer, older]),
  );
}

function comparePair(newer: Version, older: Version, mode: Mode): Found[] {
  const found: Finding[] = [];
  const backward = !mode.startsWith("FORWARD");
  const forward = !mode.startsWith("BACKWARD");
  const note = (direction: Direction, mismatches: readonly Mismatch[]) => {
    found.push(...mismatches.map((mismatch) => ofPair(newer, older, direction, mismatch)));
  };
  if (backward) note("BACKWARD", compareSchemas(newer.schema, older.schema));
  if (forward) note("FORWARD", compareSchemas(older.schema, newer.schema));

  // House rules look the same from either side, unless only one side's alias brings two fields together.
  const isSaid = (mismatch: Mismatch) => {
    const places = [mismatch.reader, mismatch.writer].sort().join();
    return found.some(
      ({ rule, reader, writer }) =>
        rule === mismatch.rule && [reader!.pointer, writer!.pointer].sort().join() === places,
    );
  };
  const noteNew = (direction: Direction, mismatches: readonly Mismatch[]) =>
    note(
      direction,
      mismatches.filter((mismatch) => !isSaid(mismatch)),
    );
  if (backward) noteNew("BACKWARD", evolutionMismatches(newer.schema, older.schema));
  if (forward) noteNew("FORWARD", evolutionMismatches(older.schema, newer.schema));
  return found.map((finding) => ({ finding, newer: newer.version, older: older.version }));
}

function ofVersion(version: Version, { rule, path, cause, mend, pointer }: Fault): Found {
  return { finding: { rule, path, cause, mend, at: place(version, pointer) }, newer: version.version };
}

function ofPair(newer: Version, older: Version, direction: Direction, mismatch: Mismatch): Finding {
  const [reads, writes] = direction === "BACKWARD" ? [newer, older] : [older, newer];
  const reader = place(reads, mismatch.reader);
  const writer = place(writes, mismatch.writer);
  const { rule, path, cause, candidates } = mismatch;
  return {
    rule,
    path,
    cause,
    mend: direction === "BACKWARD" ? mismatch.mend.reader : mismatch.mend.writer,
    at: direction === "BACKWARD" ? reader : writer,
    direction,
    reader,
    writer,
    ...(candidates && { candidates }),
  };
}

function sameFingerprints(sorted: readonly Version[], sound: readonly Version[]): Finding[] {
  return sound.flatMap((version): Finding[] => {
    const print = fingerprint(version.schema);
    const twin = sorted.find(
      (other) => other.version < version.version && fingerprint(other.schema) === print,
    );
    if (!twin) return [];
    const cause = `v${version.version} and v${twin.version} have one fingerprint, ${print}: their messages can't be told apart.`;
    const mend = `Keep v${twin.version} as it is, or change something that its bytes show, such as a new field with a default.`;
    return [
      { rule: "same-fingerprint", path: rootPath(version.schema), cause, mend, at: place(version, "") },
    ];
  });
}

function unusedApproval({ rule, version }: Approval, index: number, file: string): Finding[] {
  const cause = `There is no ${rule} in v${version} to approve.`;
  const mend = "Remove the approval, or correct its rule, version or path.";
  return [
    {
      rule: "unused-approval",
      path: `v${version}`,
      cause,
      mend,
      at: { file, pointer: `/approved/${index}` },
    },
  ];
}

function place({ file, version }: Version, pointer: string): Place {
  return { file, version, pointer };
}
