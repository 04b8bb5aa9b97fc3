// A report as JUnit XML: a suite for each event, a case for each version, a failure for each finding.

import type { Report } from "../check.ts";
import type { Finding } from "../finding.ts";
import { findingText } from "./text.ts";

/** What is no version's own stands in a case of this name, and what is no event's in a suite of this one. */
const FOLDER = "folder";

/** One XML document. */
export function junit({ findings, events }: Report): string {
  const suites = new Map<string, Map<string, Finding[]>>();
  for (const { event, versions } of events) {
    suites.set(event, new Map(versions.map(({ version }) => [`v${version}`, []])));
  }
  for (const finding of findings) {
    const suite = entry(suites, finding.event ?? FOLDER, () => new Map<string, Finding[]>());
    entry(suite, finding.at.version === undefined ? FOLDER : `v${finding.at.version}`, () => []).push(
      finding,
    );
  }
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="schemas"${totals([...suites.values()])}>`,
    ...[...suites].flatMap(([name, cases]) => suiteXml(name, cases)),
    "</testsuites>",
  ].join("\n");
}

function suiteXml(name: string, cases: ReadonlyMap<string, readonly Finding[]>): string[] {
  return [
    `  <testsuite name="${escaped(name)}"${totals([cases])}>`,
    ...[...cases].flatMap(([version, findings]) => caseXml(name, version, findings)),
    "  </testsuite>",
  ];
}

function caseXml(event: string, version: string, findings: readonly Finding[]): string[] {
  const head = `    <testcase classname="${escaped(event)}" name="${version}"`;
  return findings.length === 0 ? [`${head}/>`] : [`${head}>`, ...findings.map(failureXml), "    </testcase>"];
}

function failureXml(finding: Finding): string {
  const { rule, cause } = finding;
  return `      <failure type="${rule}" message="${escaped(cause)}">${escaped(findingText(finding))}</failure>`;
}

/** The attributes that count cases and, of them, those that fail. */
function totals(suites: readonly ReadonlyMap<string, readonly Finding[]>[]): string {
  const cases = suites.flatMap((suite) => [...suite.values()]);
  return ` tests="${cases.length}" failures="${cases.filter((findings) => findings.length > 0).length}"`;
}

function entry<Value>(map: Map<string, Value>, key: string, create: () => Value): Value {
  const found = map.get(key) ?? create();
  map.set(key, found);
  return found;
}

const ENTITIES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
};

/** Text as XML takes it; what XML can't hold at all becomes a replacement character. */
function escaped(text: string): string {
  return (
    text
      // biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0 allows none of them.
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffe\uffff]/g, "\ufffd")
      .replace(/[&<>"]/g, (character) => ENTITIES[character]!)
  );
}
