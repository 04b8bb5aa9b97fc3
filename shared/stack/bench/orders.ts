// Whole orders: POST until a terminal fact is in the stream, over the real stack with all services.

import { readFileSync } from "node:fs";
import { Agent, request } from "node:http";
import { DeliverPolicy, jetstream } from "@nats-io/jetstream";
import { Chance } from "../../flow/simulate/chance.ts";
import { FLOW_STREAM } from "../../nats/topology.ts";
import { EXAMPLE_ORDER } from "../example.ts";
import type { Stack } from "../stack.ts";

/** What one run showed. Times in milliseconds; CPU and memory over all services, the monitor and nats-server. */
export interface OrdersRun {
  readonly orders: number;
  readonly perSecond: number;
  readonly p50: number;
  readonly p99: number;
  readonly cpuSecondsPer1000: number;
  /** The sum of all processes' resident memory, in which what they share counts once for each. */
  readonly residentMB: number;
  /** Their proportional set size: what they share counts once. */
  readonly proportionalMB: number;
}

const AT_ONCE = 64;
const CLOCK_TICKS = 100;
const GIVE_UP_MS = 180_000;

/**
 * Places `orders` orders of the seeded mix (85 % happy, 8 % declined, 4 % short, 3 % trial): as many at once as
 * `concurrency` says, or at `rate` a second, whatever the answers take.
 */
export async function measureOrders(
  stack: Stack,
  { orders, concurrency, rate }: { orders: number; concurrency?: number; rate?: number },
): Promise<OrdersRun> {
  const connection = await stack.connect();
  const js = jetstream(connection);
  const placedAt = new Map<string, number>();
  const endedAt = new Map<string, number>();
  const consumer = await js.consumers.get(FLOW_STREAM, {
    filter_subjects: ["order.completed.*", "order.cancelled.*"],
    deliver_policy: DeliverPolicy.New,
  });
  let done = () => {};
  const allEnded = new Promise<void>((resolve) => {
    done = resolve;
  });
  const messages = await consumer.consume({
    max_messages: 5_000,
    callback: ({ subject }) => {
      endedAt.set(subject.slice(subject.lastIndexOf(".") + 1), performance.now());
      if (endedAt.size === orders) done();
    },
  });

  const customers = new Customers(stack, concurrency);
  const place = async () => {
    const at = performance.now();
    placedAt.set(await customers.place(), at);
  };

  const cpuBefore = cpuSeconds(stack);
  const startedAt = performance.now();
  if (rate) await atRate(orders, rate, place);
  else await atOnce(orders, concurrency ?? AT_ONCE, place);

  const timeout = setTimeout(done, GIVE_UP_MS);
  await allEnded;
  clearTimeout(timeout);
  const seconds = (Math.max(...endedAt.values()) - startedAt) / 1_000;
  const cpu = cpuSeconds(stack) - cpuBefore;
  const residentMB = megabytes(stack, "Rss");
  const proportionalMB = megabytes(stack, "Pss");
  await messages.close();
  await connection.close();
  customers.leave();
  if (endedAt.size < orders) throw new Error(`${orders - endedAt.size} of ${orders} orders have not ended`);

  const latencies = [...placedAt].map(([id, at]) => endedAt.get(id)! - at).sort((a, b) => a - b);
  const percentile = (p: number) =>
    latencies[Math.min(latencies.length - 1, Math.floor(latencies.length * p))]!;
  return {
    orders,
    perSecond: orders / seconds,
    p50: percentile(0.5),
    p99: percentile(0.99),
    cpuSecondsPer1000: (cpu / orders) * 1_000,
    residentMB,
    proportionalMB,
  };
}

/** Places orders, as many at once as go through, until `isEnough` says so; it is asked before each. Returns how many. */
export async function placeUntil(stack: Stack, isEnough: () => boolean): Promise<number> {
  const customers = new Customers(stack);
  let placed = 0;
  const worker = async () => {
    for (; !isEnough(); placed++) await customers.place();
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
  customers.leave();
  return placed;
}

/** Who places orders of the seeded mix over HTTP. */
class Customers {
  readonly #agent: Agent;
  readonly #url: URL;
  readonly #chance = new Chance(7);

  constructor(stack: Stack, atOnce = AT_ONCE) {
    this.#agent = new Agent({ keepAlive: true, maxSockets: atOnce });
    this.#url = new URL(`${stack.url("orders")}/orders`);
  }

  /** Places one order, and returns its id. */
  place(): Promise<string> {
    return post(this.#agent, this.#url, anOrder(this.#chance.random()));
  }

  leave(): void {
    this.#agent.destroy();
  }
}

/** Stocks what the mix orders. */
export async function stockUp(stack: Stack): Promise<void> {
  await fetch(`${stack.url("inventory")}/stock/TEA-001/adjustments`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ delta: 1_000_000, reason: "bench" }),
  });
}

/** CPU seconds that the stack's processes have used so far. */
function cpuSeconds(stack: Stack): number {
  const ticks = pids(stack).map((pid) => {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return Number(fields[11]) + Number(fields[12]);
  });
  return ticks.reduce((sum, n) => sum + n, 0) / CLOCK_TICKS;
}

/** Memory of the stack's processes, summed up. */
function megabytes(stack: Stack, kind: "Rss" | "Pss"): number {
  const kilobytes = pids(stack).map((pid) => {
    const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
    return Number(new RegExp(`^${kind}:\\s+(\\d+)`, "m").exec(rollup)?.[1] ?? 0);
  });
  return kilobytes.reduce((sum, n) => sum + n, 0) / 1_024;
}

function pids(stack: Stack): number[] {
  return [stack.nats, ...stack.apps].map(({ pid }) => pid).filter((pid) => pid !== undefined);
}

async function atOnce(count: number, concurrency: number, place: () => Promise<void>): Promise<void> {
  let left = count;
  const worker = async () => {
    while (left-- > 0) await place();
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

async function atRate(count: number, rate: number, place: () => Promise<void>): Promise<void> {
  const startedAt = performance.now();
  const placed: Promise<void>[] = [];
  for (let n = 0; n < count; n++) {
    const wait = startedAt + (n * 1_000) / rate - performance.now();
    if (wait > 0) await new Promise((resolve) => setTimeout(resolve, wait));
    placed.push(place());
  }
  await Promise.all(placed);
}

function post(agent: Agent, url: URL, body: string): Promise<string> {
  return new Promise((resolve, reject) => {
    const headers = { "content-type": "application/json", "content-length": Buffer.byteLength(body) };
    const call = request(url, { method: "POST", agent, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8").on("data", (chunk) => {
        text += chunk;
      });
      response.on("end", () => {
        if (response.statusCode === 202) resolve(JSON.parse(text).orderId);
        else reject(new Error(`POST /orders answered ${response.statusCode}: ${text}`));
      });
    });
    call.on("error", reject);
    call.end(body);
  });
}

/** An order of the seeded mix; `dice` says which, from 0 up to 1. */
function anOrder(dice: number): string {
  const [line] = EXAMPLE_ORDER.lines;
  return JSON.stringify({
    ...EXAMPLE_ORDER,
    ...(dice >= 0.85 && dice < 0.93 && { paymentToken: "tok_decline" }),
    ...(dice >= 0.93 && dice < 0.97 && { lines: [{ ...line, sku: "NONE-001" }] }),
    ...(dice >= 0.97 && { plan: "TRIAL" }),
  });
}
