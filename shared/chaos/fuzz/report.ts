// What is told of a fuzz run: a table, and what is broken.

import { count, listed, row } from "../../layout.ts";
import { toldBroken } from "../report.ts";
import type { FuzzOptions, FuzzRun } from "./run.ts";

/** The command that deals the same messages and bodies again. */
function commandOf({ seed, messages, bodies }: FuzzOptions): string {
  return `npm run fuzz -- --seed ${seed} --messages ${messages} --bodies ${bodies}`;
}

/** The report of a run as a table. */
export function reportOf(run: FuzzRun): string {
  const [warm, end] = run.memory;
  const grown = Object.keys(end).map((name) => `${name} ${warm[name]} to ${end[name]}`);
  const { messages, bodies, seconds } = run;
  return [
    row("seed", `${run.seed}`),
    row("messages", `${count(messages)}: ${listed(run.kinds)}`),
    row("stream", `${count(run.stored)} stored, ${count(run.refused)} refused; ${count(run.parked)} parked`),
    row("left out", `${count(run.readable)} that can be read after all`),
    row("bodies", `${count(bodies)}: ${listed(run.requests)}`),
    row("answers", listed(run.answers)),
    row("good orders", `${count(run.orders)}, all ended: p50 ${run.p50} ms, p99 ${run.p99} ms`),
    row("memory", `MiB after a fifth and in the end: ${grown.join(", ")}`),
    row("time", `${seconds.toFixed(1)} s: ${count(Math.round(messages / seconds))} messages a second`),
    "",
    ...(run.broken.length > 0
      ? toldBroken(run, commandOf(run))
      : ["Nothing crashed, nothing grew, everything was parked or refused, and every good order has ended."]),
  ].join("\n");
}
