// What it costs to be watched: stacks that nobody watches, that the monitor and Prometheus read, and of which every order is
// traced, each under load in turn.

import { fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { isolatedEnv } from "../ports.ts";
import { projectRoot } from "../project.ts";
import { Stack } from "../stack.ts";
import { median } from "./median.ts";
import { measureOrders, type OrdersRun, stockUp } from "./orders.ts";

/** How a stack is watched. The last one is as the first: what differs between the two is chance, and their mean is the measure. */
export const WATCHED = ["unwatched", "scraped", "traced", "unwatched as well"] as const;
export type Watched = (typeof WATCHED)[number];

/** What one way of being watched showed: medians over all turns, and the ratios to the unwatched ones in the same turn. */
export interface Overhead {
  readonly perSecond: number;
  readonly cpuSecondsPer1000: number;
  /** The share of orders a second that is lost, and of CPU that is used more: medians of the ratios. */
  readonly lost: number;
  readonly moreCpu: number;
}

/** As shared/observability/prometheus/prometheus.yml has it. */
const SCRAPE_EVERY_MS = 5_000;
const AT_ONCE = 128;

/**
 * Measures whole orders, as many as go through, in `turns` turns of `orders` orders for each stack. A machine that others use
 * as well has good and bad minutes: only what is near in time is compared. The order stays the same, so that each
 * rests as long as the others.
 */
export async function measureOverhead(
  folder: string,
  { turns, orders }: { turns: number; orders: number },
): Promise<Record<Watched, Overhead>> {
  const receiver = fork(join(projectRoot, "dist", "shared", "stack", "bench", "receiver.js"));
  const [port] = (await once(receiver, "message")) as [number];
  const envs: Record<Watched, NodeJS.ProcessEnv> = {
    unwatched: { METRICS: "off" },
    scraped: {},
    traced: { METRICS: "off", OTEL_EXPORTER_OTLP_ENDPOINT: `http://127.0.0.1:${port}` },
    "unwatched as well": { METRICS: "off" },
  };
  const stacks: [Watched, Stack][] = [];
  try {
    for (const watched of WATCHED) {
      const env = {
        ...(await isolatedEnv(join(folder, watched.replaceAll(" ", "-")))),
        LOG_LEVEL: "warn",
        ...envs[watched],
      };
      const stack = await Stack.start(env, (line) => line.startsWith("{") && console.error(line));
      stacks.push([watched, stack]);
      if (watched !== "scraped") await stack.monitor.stop();
      await stockUp(stack);
      await measureOrders(stack, { orders, concurrency: AT_ONCE });
    }
    const runs = new Map(WATCHED.map((watched): [Watched, OrdersRun[]] => [watched, []]));
    for (let turn = 0; turn < turns; turn++) {
      for (const [watched, stack] of stacks) {
        const scraping = watched === "scraped" ? scrape(stack) : undefined;
        runs.get(watched)!.push(await measureOrders(stack, { orders, concurrency: AT_ONCE }));
        clearInterval(scraping);
      }
    }
    const base = [runs.get("unwatched")!, runs.get("unwatched as well")!] as const;
    const measured = WATCHED.map((watched) => [watched, overhead(runs.get(watched)!, base)]);
    return Object.fromEntries(measured);
  } finally {
    for (const [, stack] of stacks) await stack.stop();
    receiver.kill();
  }
}

/** Reads the figures of all services and of the monitor, as Prometheus would; now, and again and again. */
function scrape(stack: Stack): NodeJS.Timeout {
  const read = () => {
    for (const { name } of stack.apps) {
      fetch(`${stack.url(name)}/metrics`)
        .then((response) => response.text())
        .catch(() => {});
    }
  };
  read();
  return setInterval(read, SCRAPE_EVERY_MS);
}

function overhead(
  runs: readonly OrdersRun[],
  [one, other]: readonly [readonly OrdersRun[], readonly OrdersRun[]],
): Overhead {
  const ratio = (figure: "perSecond" | "cpuSecondsPer1000") =>
    median(runs.map((run, turn) => run[figure] / ((one[turn]![figure] + other[turn]![figure]) / 2)));
  return {
    perSecond: median(runs.map(({ perSecond }) => perSecond)),
    cpuSecondsPer1000: median(runs.map(({ cpuSecondsPer1000 }) => cpuSecondsPer1000)),
    lost: 1 - ratio("perSecond"),
    moreCpu: ratio("cpuSecondsPer1000") - 1,
  };
}
