// What is told of a chaos run: a line for each fault, and a table in the end.

import { count, listed, row } from "../layout.ts";
import { streamOf } from "./faults.ts";
import { type Fault, isKill, type Kind } from "./plan.ts";
import type { ChaosOptions, ChaosRun } from "./run.ts";
import { FSYNC_MS } from "./slow-disk.ts";

const SHOWN = 20;

/** A fault in a line. */
export function toldOf(fault: Fault): string {
  const { kind, service, ms } = fault;
  const seconds = `${(Math.abs(ms) / 1_000).toFixed(1)} s`;
  switch (kind) {
    case "service killed":
      return `${service} is killed`;
    case "service frozen":
      return `${service} is frozen for ${seconds}`;
    case "NATS frozen":
      return `NATS is frozen for ${seconds}`;
    case "service's disk slow":
      return `every fsync of ${service} takes ${FSYNC_MS} ms for ${seconds}`;
    case "NATS's disk slow":
      return `every fsync of NATS takes ${FSYNC_MS} ms for ${seconds}`;
    case "orders refused":
      return `${service} fails at one order in four for ${seconds}`;
    case "consumer deleted":
      return `the consumer of ${service} is deleted`;
    case "stream deleted":
      return `the stream ${streamOf(fault)} is deleted`;
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
export function commandOf({ seed, orders, kills }: ChaosOptions): string {
  return `npm run chaos -- --seed ${seed} --orders ${orders} --kills ${kills}`;
}

/** The report of a run as a table. */
export function reportOf(run: ChaosRun): string {
  const { seed, orders, kills, others, ends, kinds, leftOut, facts, storedAgain, parked, words } = run;
  const those = (kill: boolean) =>
    listed(Object.fromEntries(Object.entries(kinds).filter(([kind]) => isKill(kind as Kind) === kill)));
  return [
    row("seed", `${seed}`),
    row("orders", `${count(orders)}: ${listed(ends)}`),
    row("kills", `${count(kills)}: ${those(true)}`),
    row("other faults", `${count(others)}: ${those(false)}`),
    ...(leftOut.length > 0
      ? [row("left out", `${leftOut.join(", ")}: this machine or this build can't do it`)]
      : []),
    row(
      "stream",
      `${count(facts)} facts, ${count(storedAgain)} of them stored again, ${count(parked)} parked`,
    ),
    row(
      "operators",
      `${count(words.redriven)} redriven, ${count(words.discarded)} discarded; ${count(words.twice)} of it said twice`,
    ),
    row("lost", `${count(run.lostAndHealed)} messages that NATS had stored, and that were said again`),
    row("mails", `${count(run.repeatedMails)} came again, under the same Message-ID`),
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
