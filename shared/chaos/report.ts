// What is told of a chaos run: a line for each fault, and a table in the end.

import type { Fault } from "./plan.ts";
import type { ChaosOptions, ChaosRun } from "./run.ts";

const MARGIN = 16;
const SHOWN = 20;

/** A fault in a line. */
export function toldOf({ kind, service, ms }: Fault): string {
  const seconds = `${(Math.abs(ms) / 1_000).toFixed(1)} s`;
  switch (kind) {
    case "service killed":
      return `${service} is killed`;
    case "service frozen":
      return `${service} is frozen for ${seconds}`;
    case "NATS frozen":
      return `NATS is frozen for ${seconds}`;
    case "disk full":
      return `the disk of ${service} is full for ${seconds}`;
    case "clock set":
      return `the clock of ${service} is ${seconds} ${ms > 0 ? "fast" : "slow"}`;
    case "database deleted":
      return `the database of ${service} is deleted`;
    case "store rolled back":
      return `NATS loses what it will have stored in the next ${seconds}`;
    default:
      return kind;
  }
}

/** The command that makes the same plan again; how processes meet is not up to it. */
export function commandOf({ seed, orders, faults }: ChaosOptions): string {
  return `npm run chaos -- --seed ${seed} --orders ${orders} --kills ${faults}`;
}

/** The report of a run as a table. */
export function reportOf(run: ChaosRun): string {
  const { seed, orders, faults, ends, kinds, leftOut, facts, storedAgain, parked, repeatedMails } = run;
  return [
    row("seed", `${seed}`),
    row("orders", `${number(orders)}: ${listed(ends)}`),
    row("faults", `${number(faults)}: ${listed(kinds)}`),
    ...(leftOut.length > 0
      ? [row("left out", `${leftOut.join(", ")}: this machine or this build can't do it`)]
      : []),
    row(
      "stream",
      `${number(facts)} facts, ${number(storedAgain)} of them stored again, ${number(parked)} parked`,
    ),
    row("rolled back", `${number(run.lostAndHealed)} messages that NATS had stored`),
    row("mails", `${number(repeatedMails)} came again, under the same Message-ID`),
    row("time", `${run.seconds.toFixed(1)} s: ${run.perSecond.toFixed(1)} orders a second`),
    "",
    ...(run.broken.length > 0
      ? toldBroken(run, commandOf(run))
      : ["Nothing is lost, nothing is stuck, nothing happened twice."]),
  ].join("\n");
}

/** What is broken, where to look, and the command that does the same again. */
export function toldBroken(
  { broken, folder }: Pick<ChaosRun, "broken" | "folder">,
  command: string,
): string[] {
  const left = broken.length - SHOWN;
  return [
    ...broken.slice(0, SHOWN).map((sentence) => `Broken: ${sentence}`),
    ...(left > 0 ? [`… ${left} more …`] : []),
    "",
    `What it left behind: ${folder}`,
    `The same plan again: ${command}`,
  ];
}

/** A row of the table. */
export function row(name: string, text: string): string {
  return `${name.padEnd(MARGIN)}${text}`;
}

/** Numbers with what they count. */
export function listed(counts: Readonly<Record<string, number>>): string {
  return Object.entries(counts)
    .map(([name, count]) => `${number(count)} ${name}`)
    .join(", ");
}

/** A number with its thousands apart. */
export function number(value: number): string {
  return value.toLocaleString("en-GB");
}
