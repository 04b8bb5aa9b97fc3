// The load: customers who do not give in, some of whom change their mind, and a person who reviews.

import { setTimeout as sleep } from "node:timers/promises";
import type { Chance } from "../flow/simulate/chance.ts";
import { EXAMPLE_ORDER } from "../stack/example.ts";

const CUSTOMERS = 16;
const ANSWER_WITHIN_MS = 5_000;
const AGAIN_MS = 100;
const LOOK_EVERY_MS = 200;
const CHANGES_MIND_MS = [1, 2_000] as const;
const TOKENS = ["tok_approve", "tok_decline", "tok_approve", "tok_flaky", "tok_approve", "tok_slow"];

/** Where the shop answers, and what was found to be wrong with its answers. */
export interface Counter {
  url(service: string): string;
  readonly broken: string[];
}

/**
 * Places `orders` orders, a few at a time, each under a key of its own until somebody answers; returns the ids of all. The
 * order of each number is the same in every run. `before` is waited for before each, with its number.
 */
export async function placeOrders(
  counter: Counter,
  orders: number,
  chance: Chance,
  before: (number: number) => Promise<void>,
): Promise<string[]> {
  const ids: string[] = [];
  let next = 1;
  const customer = async () => {
    while (next <= orders) {
      const number = next++;
      await before(number);
      const taken = await insist(counter, "/orders", `place-${number}`, mixed(number), [202]);
      const orderId = (taken?.body as { orderId?: string } | undefined)?.orderId;
      if (!orderId) continue;
      ids.push(orderId);
      if (number % 6 !== 5) continue;
      await sleep(chance.spread(...CHANGES_MIND_MS));
      await insist(counter, `/orders/${orderId}/cancellation`, `cancel-${number}`, {}, [202, 409]);
    }
  };
  await Promise.all(Array.from({ length: CUSTOMERS }, customer));
  return ids;
}

/** Stocks what the orders ask for: plenty of one, and too little of another. */
export async function stockUp(counter: Counter, orders: number): Promise<void> {
  const deliveries = { "TEA-001": orders * 2, "SCARCE-1": Math.ceil(orders / 10) };
  for (const [sku, delta] of Object.entries(deliveries)) {
    const delivery = { delta, reason: "delivery" };
    await insist(counter, `/stock/${sku}/adjustments`, `stock-${sku}`, delivery, [201], "inventory");
  }
}

/** A person who approves every other order that waits, and rejects the rest, until there is no more to do. */
export async function reviewAll(counter: Counter, signal: AbortSignal): Promise<void> {
  for (let reviewed = 0; !signal.aborted; await sleep(LOOK_EVERY_MS)) {
    const open = await ask(`${counter.url("risk")}/reviews?limit=500`).catch(() => undefined);
    for (const { orderId } of (open?.body as { reviews?: { orderId: string }[] })?.reviews ?? []) {
      const decision = reviewed % 2 === 0 ? "approve" : "reject";
      const answer = await post(`${counter.url("risk")}/reviews/${orderId}`, { decision }).catch(
        () => undefined,
      );
      if (answer?.status === 200) reviewed++;
    }
  }
}

/** Repeats a request under its key until it is answered: a wait is all that a customer notices, or something is broken. */
async function insist(
  counter: Counter,
  path: string,
  key: string,
  body: object,
  expected: readonly number[],
  service = "orders",
): Promise<Answer | undefined> {
  for (;;) {
    const answer = await post(`${counter.url(service)}${path}`, body, { "idempotency-key": key }).catch(
      () => undefined,
    );
    if (answer && expected.includes(answer.status)) return answer;
    if (answer && answer.status !== 503) {
      counter.broken.push(
        `POST ${path} under the key ${key} is answered ${answer.status}: ${JSON.stringify(answer.body)}`,
      );
      return undefined;
    }
    await sleep(AGAIN_MS);
  }
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

function post(url: string, body: object, headers: Record<string, string> = {}): Promise<Answer> {
  const json = { "content-type": "application/json" };
  return ask(url, { method: "POST", headers: { ...json, ...headers }, body: JSON.stringify(body) });
}

async function ask(url: string, init: RequestInit = {}): Promise<Answer> {
  const response = await fetch(url, { ...init, signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  return { status: response.status, body: await response.json() };
}

/**
 * Every branch in turn: tokens, a SKU that runs out, an unknown one, trial plans, an address without a carrier, totals
 * that a person has to look at.
 */
function mixed(number: number): object {
  return {
    ...EXAMPLE_ORDER,
    paymentToken: TOKENS[number % TOKENS.length],
    email: `customer-${number}@example.com`,
    ...(number % 5 === 3 && { plan: "TRIAL" }),
    ...(number % 7 === 1 && { lines: [{ sku: "SCARCE-1", quantity: 3, unitPriceCents: 100 }] }),
    ...(number % 9 === 4 && { shipTo: { ...EXAMPLE_ORDER.shipTo, postcode: "00000" } }),
    ...(number % 11 === 2 && { lines: [{ sku: "NEVER-1", quantity: 1, unitPriceCents: 100 }] }),
    ...(number % 13 === 6 && { lines: [{ sku: "TEA-001", quantity: 1, unitPriceCents: 100_000 }] }),
  };
}
