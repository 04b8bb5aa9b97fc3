// A report as workflow commands of GitHub Actions, which shows each finding at its line of the change.
// https://docs.github.com/en/actions/reference/workflow-commands-for-github-actions

import type { Report } from "../check.ts";
import type { Finding } from "../finding.ts";
import { summary } from "./text.ts";

/** One annotation for each finding, and one line that sums up. */
export function github(report: Report): string {
  return [...report.findings.map(annotation), summary(report)].join("\n");
}

function annotation({ rule, path, cause, mend, at }: Finding): string {
  const properties = Object.entries({ file: at.file, line: at.line, col: at.column, title: rule })
    .filter(([, value]) => value !== undefined)
    .map(
      ([name, value]) => `${name}=${escaped(String(value)).replaceAll(":", "%3A").replaceAll(",", "%2C")}`,
    );
  return `::error ${properties.join(",")}::${escaped(`${path}: ${cause}\nMend: ${mend}`)}`;
}

/** A line break would end the command, and a percent sign begins an escape. */
function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
