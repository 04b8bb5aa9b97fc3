// A report for programs.

import type { Report } from "../check.ts";

/**
 * One JSON object: the findings, the versions that are not released yet, how much was checked, and the mode that each
 * event was checked by.
 */
export function json({ findings, unreleased, events }: Report): string {
  const report = {
    findings,
    unreleased: unreleased.map(({ event, version, file }) => ({ event, version, file })),
    events: events.length,
    versions: events.flatMap(({ versions }) => versions).length,
    modes: Object.fromEntries(events.map(({ event, settings }) => [event, settings.mode])),
  };
  return JSON.stringify(report, null, 2);
}
