// What is parked, in words for a person at a terminal.

import { discreet } from "../contracts/shown.ts";
import { columns } from "../layout.ts";
import { type Entry, eventIn, type Group, lanesOf } from "./entries.ts";

const MAX_CAUSE = 100;

/** A line for each entry, and how many there are. */
export function listText(entries: readonly Entry[]): string {
  if (entries.length === 0) return "Nothing is parked.";
  const first = new Map(lanesOf(entries).flatMap((lane) => lane.map((entry) => [entry, lane[0]!] as const)));
  const rows = entries.map((entry) => [
    `${entry.id}`,
    entry.service,
    entry.key,
    entry.what,
    `${entry.attempts}`,
    entry.lastAttempt,
    short(causeOf(entry, first.get(entry)!)),
  ]);
  const waiting = entries.filter(({ state }) => state === "waiting").length;
  const sum = `${entries.length} parked: ${entries.length - waiting} failed, ${waiting} waiting behind them.`;
  return [columns([["ID", "SERVICE", "KEY", "WHAT", "TRIES", "LAST", "CAUSE"], ...rows]), "", sum].join("\n");
}

/** A line for each reason to fail. */
export function groupsText(groups: readonly Group[]): string {
  if (groups.length === 0) return "Nothing is parked.";
  const rows = groups.map(
    ({ fingerprint, service, whats, failed, waiting, firstAttempt, lastAttempt, cause }) => [
      fingerprint,
      service,
      `${failed}`,
      `${waiting}`,
      firstAttempt,
      lastAttempt,
      short(`${whats.join(", ")}: ${cause}`),
    ],
  );
  return columns([["GROUP", "SERVICE", "FAILED", "WAITING", "FIRST", "LAST", "CAUSE"], ...rows]);
}

/** All that is known of an entry, and its lane. */
export function entryText(entry: Entry, entries: readonly Entry[]): string {
  const lane = lanesOf(entries).find((some) => some.includes(entry))!;
  const event = eventIn(entry);
  const rows: [string, string][] = [
    ["message", `${entry.what} of ${entry.key}, at ${entry.sequence} of the stream`],
    ["event", event ? event.id : (entry.eventId ?? "none that can be read")],
    ["service", entry.service],
    ["cause", causeOf(entry, lane[0]!)],
    ["group", entry.fingerprint],
    ["attempts", `${entry.attempts}, from ${entry.firstAttempt} to ${entry.lastAttempt}`],
    ["redrives", `${entry.redrives} in vain`],
    ["lane", lane.map(({ id, what }) => `${id} ${what}`).join(", then ")],
    ["stack", entry.stack.replace(/ at (?=\S+ \(|async |file:)/g, "\n          at ")],
    ["data", event ? JSON.stringify(event.data, discreet, 2) : `${entry.message.data.length} bytes`],
  ];
  return rows.map(([name, value]) => `${name.padEnd(10)}${value}`).join("\n");
}

/** An entry in a few words. */
export function nameOf({ id, what, key, service }: Entry): string {
  return `${id} (${what} of ${key}, for ${service})`;
}

function causeOf({ state, redrives, cause }: Entry, first: Entry): string {
  if (state === "waiting") return `waits behind ${first.id}`;
  return redrives > 0
    ? `failed again, redriven ${redrives === 1 ? "once" : `${redrives} times`}: ${cause}`
    : cause;
}

function short(text: string): string {
  return text.length > MAX_CAUSE ? `${text.slice(0, MAX_CAUSE)}…` : text;
}
