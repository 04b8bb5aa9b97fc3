// A report for people at a terminal.

import type { Report } from "../check.ts";
import type { Finding, Place } from "../finding.ts";
import { rules } from "../rules.ts";

/** So many unreleased versions are named. */
const MAX_NAMED = 10;

/** Every finding, then one line that sums up, then what waits for its release. */
export function text(report: Report): string {
  return [
    ...report.findings.map((finding) => `${findingText(finding)}\n`),
    summary(report),
    ...(report.findings.length === 0 ? waiting(report) : []),
  ].join("\n");
}

/** One finding: a headline with the place to edit, then what is wrong and what to do, indented. */
export function findingText(finding: Finding): string {
  const { rule, path, cause, mend, candidates = [] } = finding;
  const headline = [placeText(finding.at), rule, ...pairText(finding)].join("  ");
  const details = [
    path,
    cause,
    ...candidates.map(({ branch, causes }) => `- ${branch}: ${causes.join(" ")}`),
    `Mend: ${mend}`,
    ...otherSide(finding),
  ];
  return [headline, ...details.map((line) => `  ${line}`)].join("\n");
}

/** How much was found, in how much. */
export function summary({ findings, events }: Report): string {
  const versions = events.flatMap((event) => event.versions).length;
  if (findings.length === 0) {
    return `${count(events.length, "event")}, ${count(versions, "version")}: every reader reads every writer that its mode names.`;
  }
  const touched = new Set(findings.flatMap(({ event }) => event ?? [])).size;
  return `${count(findings.length, "finding")} in ${touched} of ${count(events.length, "event")}; \`npm run -s schemas -- explain RULE\` says more.`;
}

/** `3 events`. */
export function count(number: number, what: string): string {
  return `${number} ${what}${number === 1 ? "" : "s"}`;
}

/** `schemas/order.created/v2.avsc:41:5`. */
function placeText({ file, line, column }: Place): string {
  return [file, ...(line === undefined ? [] : [line, column])].join(":");
}

/** `v2 can't read v1 (BACKWARD)`; a house rule is about two versions that Avro lets read each other. */
function pairText({ rule, direction, reader, writer }: Finding): string[] {
  if (!direction) return [];
  const verb = rules[rule].kind === "compatibility" ? "can't read" : "reads";
  return [`v${reader?.version} ${verb} v${writer?.version} (${direction})`];
}

/** Where to look in the schema that is not the one to edit. */
function otherSide({ at, reader, writer }: Finding): string[] {
  if (!reader || !writer) return [];
  const readerIsEdited = at.file === reader.file && at.pointer === reader.pointer;
  const other = readerIsEdited ? writer : reader;
  const name = other.version === undefined ? (readerIsEdited ? "writer" : "reader") : `v${other.version}`;
  return [`${name}: ${placeText(other)} (${other.pointer || "the whole schema"})`];
}

function waiting({ unreleased }: Report): string[] {
  if (unreleased.length === 0) return [];
  const named = unreleased.slice(0, MAX_NAMED).map(({ event, version }) => `${event} v${version}`);
  const more = unreleased.length > MAX_NAMED ? [`${unreleased.length - MAX_NAMED} more`] : [];
  const it = unreleased.length === 1 ? "it" : "them";
  return [
    `${count(unreleased.length, "version")} not released yet: ${[...named, ...more].join(", ")}. Release ${it} with \`npm run -s schemas -- release\`.`,
  ];
}
