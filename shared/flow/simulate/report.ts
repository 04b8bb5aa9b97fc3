// A simulation for a person: what came of it, and of a fault the sentences, the story, and how to see it again.

import { count, listed, row } from "../../layout.ts";
import type { Failure, Options, Simulation } from "./simulate.ts";

const OUTCOMES = ["reacted", "ignored", "duplicate", "retried", "parked"];

/** The most lines of a story that are told: the first and the last of them. */
const STORY_BEGINS = 40;
const STORY_ENDS = 80;

/** The command line that repeats a simulation. */
export function commandOf({ seed, orders, level }: Options): string {
  return `npm run -s flow -- simulate --seed ${seed} --orders ${orders} --faults ${level}`;
}

/** The report; `ms` is how long it took, in milliseconds of real time. */
export function reportOf(simulation: Simulation, ms: number): string {
  const { seed, orders, level, runs, facts, endings, counts, virtualMs, hash, failure } = simulation;
  const others = Object.keys(counts).filter((name) => !OUTCOMES.includes(name));
  const inRuns = runs > 1 ? `, in ${runs} runs` : "";
  return [
    row("seed", `${seed}, faults: ${level}`),
    row("orders", `${count(orders)}${inRuns}: ${listed(endings, Object.keys(endings).sort())}`),
    row("facts", count(facts)),
    row("deliveries", listed(counts, OUTCOMES)),
    row("on the way", listed(counts, others.sort())),
    row("virtual time", `${count(Math.round(virtualMs / 1_000))} s`),
    row("trace hash", hash),
    row(
      "real time",
      `${(ms / 1_000).toFixed(1)} s: ${count(Math.round((orders / ms) * 60_000))} orders a minute`,
    ),
    "",
    ...(failure
      ? told(failure)
      : ["All laws hold: every order ended well, and nothing was lost, doubled or parked."]),
  ].join("\n");
}

function told(failure: Failure): string[] {
  const { broken, story } = failure;
  const left = story.length - STORY_BEGINS - STORY_ENDS;
  const shown =
    left > 0
      ? [...story.slice(0, STORY_BEGINS), `      … ${left} more …`, ...story.slice(-STORY_ENDS)]
      : story;
  return [
    ...broken.map((sentence) => `Fault: ${sentence}`),
    ...(story.length > 0 ? ["", "How it came about:", ...shown] : []),
    "",
    `Again: ${commandOf(failure)}`,
  ];
}
