// `npm run bench`: measures this machine's ceiling and what the services make of it, in one run. `npm run bench -- overhead`
// measures what monitoring and tracing cost instead, and `npm run bench -- backlog [EVENTS]` how each service catches up as the
// monitor sees it.

import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { CannotRun } from "../cannot-run.ts";
import { understood, whole as wholeIn } from "./arguments.ts";
import { type BacklogRun, measureBacklog } from "./bench/backlog.ts";
import { placeWaiting, startBroker } from "./bench/broker.ts";
import { measureCatchUp } from "./bench/catch-up.ts";
import { measureDecoding } from "./bench/contracts.ts";
import { measureCheck } from "./bench/many-schemas.ts";
import { measureOrders, type OrdersRun, stockUp } from "./bench/orders.ts";
import { measureOverhead, WATCHED } from "./bench/overhead.ts";
import { measureRaw } from "./bench/raw.ts";
import { isolatedEnv } from "./ports.ts";
import { projectRoot } from "./project.ts";
import { Stack } from "./stack.ts";

const WAITING = 40_000;
const RAW = 10_000;
const WARM_UP = 5_000;
const BACKLOG = 20_000;
const MOST_EVENTS = 1_000_000;
const EVENTS = 200;
const VERSIONS = 20;
const NEAR = 0.3;
const TURNS = { turns: 12, orders: 2_000 };

const { part, events } = understood(wantedIn);

// Whatever was started ends with this process.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => process.exit(2));

const folder = join(projectRoot, ".cache", "bench");
const results: Record<string, unknown> = {
  machine: { cpu: cpus()[0]?.model, cores: cpus().length, node: process.version },
};

try {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  if (part === "overhead") await overhead();
  else if (part === "backlog") await backlogs(events);
  else {
    await contracts();
    await rawAndCatchUp();
    await wholeOrders();
  }
  writeFileSync(join(projectRoot, "bench.json"), `${JSON.stringify(results, null, 2)}\n`);
  console.log("\nWritten to bench.json.");
} finally {
  rmSync(folder, { recursive: true, force: true });
}

/** What is measured. Throws `CannotRun`. */
function wantedIn([part, events, ...extra]: string[]): { part?: string | undefined; events: number } {
  const isPart = part === undefined || part === "overhead" || part === "backlog";
  if (!isPart || extra.length > 0 || (events !== undefined && part !== "backlog"))
    throw new CannotRun("bench takes overhead, or backlog and a number of events.");
  return { part, events: events === undefined ? BACKLOG : wholeIn("backlog", events, 1, MOST_EVENTS) };
}

async function contracts(): Promise<void> {
  const decoding = await measureDecoding();
  for (const { written, avscNs, codecNs, codecRatio } of decoding) {
    say(
      `decoding ${written}, against avsc alone`,
      `${codecRatio.toFixed(2)} (${whole(codecNs)} / ${whole(avscNs)} ns)`,
    );
  }
  const checkSeconds = measureCheck(join(folder, "schemas"), EVENTS, VERSIONS);
  say(`schemas check of ${EVENTS} events, ${VERSIONS} versions each`, `${checkSeconds.toFixed(2)} s`);
  Object.assign(results, { contracts: { decoding, checkSeconds } });
}

async function rawAndCatchUp(): Promise<void> {
  const raw = async (durability: "strict" | "relaxed", count: number) => {
    const broker = await startBroker(join(folder, `raw-${durability}`), durability);
    await placeWaiting(broker.connection, count);
    const seconds = await measureRaw(broker, count);
    await broker.stop();
    return count / seconds;
  };
  const strict = await raw("strict", RAW);
  say("raw ceiling, single publishes, fsync each", `${whole(strict)} events/s`);
  const relaxed = await raw("relaxed", WAITING);
  say("raw ceiling, single publishes, no fsync", `${whole(relaxed)} events/s`);

  const broker = await startBroker(join(folder, "catch-up"), "strict");
  await placeWaiting(broker.connection, WAITING);
  const { seconds, withStartSeconds } = await measureCatchUp(broker, WAITING);
  await broker.stop();
  const rate = WAITING / seconds;
  say(`catch-up of ${WAITING} events, strict durability`, `${seconds.toFixed(2)} s, ${whole(rate)} events/s`);
  say("  with the start of the process", `${withStartSeconds.toFixed(2)} s`);
  say(
    "  against the raw ceiling with fsync / without",
    `${(rate / strict).toFixed(2)} / ${(rate / relaxed).toFixed(2)}`,
  );
  Object.assign(results, {
    rawStrictPerSecond: strict,
    rawRelaxedPerSecond: relaxed,
    catchUp: {
      events: WAITING,
      seconds,
      withStartSeconds,
      perSecond: rate,
      ratioStrict: rate / strict,
      ratioRelaxed: rate / relaxed,
    },
  });
}

async function wholeOrders(): Promise<void> {
  const env = { ...(await isolatedEnv(join(folder, "stack"))), LOG_LEVEL: "warn" };
  const stack = await Stack.start(env, (line) => {
    if (line.startsWith("{")) console.error(line);
  });
  try {
    await stockUp(stack);
    await measureOrders(stack, { orders: WARM_UP, concurrency: 128 });
    const steady = await measureOrders(stack, { orders: 1_000, rate: 50 });
    say("whole orders at 50 a second", `p50 ${steady.p50.toFixed(1)} ms, p99 ${steady.p99.toFixed(1)} ms`);
    say("  CPU and memory", `${steady.cpuSecondsPer1000.toFixed(2)} CPU s per 1,000, ${memory(steady)}`);
    const full = await measureOrders(stack, { orders: 10_000, concurrency: 128 });
    say("whole orders, as many as go through", `${whole(full.perSecond)} orders/s`);
    say("  POST to terminal", `p50 ${whole(full.p50)} ms, p99 ${whole(full.p99)} ms`);
    say("  CPU and memory", `${full.cpuSecondsPer1000.toFixed(2)} CPU s per 1,000, ${memory(full)}`);
    const backlog = await measureBacklog(stack, "risk", WAITING);
    tellBacklog(backlog);
    Object.assign(results, { steady, full, backlog });
  } finally {
    await stack.stop();
  }
}

async function backlogs(events: number): Promise<void> {
  const env = { ...(await isolatedEnv(join(folder, "stack"))), LOG_LEVEL: "warn" };
  const stack = await Stack.start(env, (line) => {
    if (line.startsWith("{")) console.error(line);
  });
  try {
    await stockUp(stack);
    await measureOrders(stack, { orders: WARM_UP, concurrency: 128 });
    const runs: BacklogRun[] = [];
    // Without orders nobody can place any.
    for (const name of [...stack.services.keys()].filter((name) => name !== "orders")) {
      const run = await measureBacklog(stack, name, events);
      tellBacklog(run);
      runs.push(run);
    }
    Object.assign(results, { backlogs: runs });
  } finally {
    await stack.stop();
  }
}

function tellBacklog({ service, said, natsSaid, caughtUpSeconds, looks }: BacklogRun): void {
  const etas = looks.filter(({ said, took }) => said !== null && took > 0);
  const near = etas.filter(({ said, took }) => Math.abs(said! / took - 1) <= NEAR).length;
  say(
    `${service}, down: the monitor says, and NATS`,
    `${whole(said.lag)} ${said.status}, ${whole(natsSaid)}`,
  );
  say("  caught up, as NATS saw it", `${caughtUpSeconds.toFixed(1)} s`);
  say("  ETAs on the way that came true within 30 %", `${near} of ${etas.length}`);
}

async function overhead(): Promise<void> {
  const measured = await measureOverhead(join(folder, "overhead"), TURNS);
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  for (const watched of WATCHED) {
    const { perSecond, cpuSecondsPer1000, lost, moreCpu } = measured[watched];
    say(
      `whole orders, as many as go through, ${watched}`,
      `${whole(perSecond)} orders/s, ${cpuSecondsPer1000.toFixed(2)} CPU s per 1,000`,
    );
    say("  lost, and more CPU used", `${percent(lost)}, ${percent(moreCpu)}`);
  }
  Object.assign(results, { overhead: measured });
}

function memory({ residentMB, proportionalMB }: OrdersRun): string {
  return `${whole(residentMB)} MB resident (${whole(proportionalMB)} MB proportional)`;
}

function say(what: string, figure: string): void {
  console.log(`${what.padEnd(52)} ${figure}`);
}

function whole(n: number): string {
  return Math.round(n).toLocaleString("en");
}
