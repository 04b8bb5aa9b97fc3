// Two hundred mixed orders, some of them reviewed and some cancelled, with every process killed while they are under way.

import { afterAll, beforeAll, expect, test } from "vitest";
import { SMTP_CONNECTIONS } from "../../apps/notifications/post.ts";
import { expectAllWell } from "../support/invariants.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { anOrder, type Placement } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

const ORDERS = 200;
const AT_ONCE = 8;

let mailbox: Mailbox;
let shop: TestStack;

beforeAll(async () => {
  mailbox = await openMailbox();
  shop = await TestStack.start({ SMTP_URL: mailbox.url });
});

afterAll(async () => {
  await shop?.stop();
  await mailbox?.close();
});

test("every order ends, and nothing is lost or doubled, though every process is killed on the way", async () => {
  shop.explainFailure();
  await shop.stockUp("TEA-001", 10_000);
  await shop.stockUp("SCARCE-1", 20);

  const { nats, services } = shop.stack;
  const victims = [...services.values(), nats, services.get("payments")!, services.get("orders")!];
  const every = Math.floor(ORDERS / (victims.length + 1));
  const deaths = new Map(victims.map((victim) => [victim, victim.deaths]));

  const ids: string[] = [];
  let next = 0;
  const customer = async () => {
    while (next < ORDERS) {
      const n = next++;
      // Customers notice nothing but a wait: they send the same order with the same key until it is taken.
      ids[n] = await shop.until(`order ${n} is accepted`, async () => {
        const { status, body } = await shop.post("orders", "/orders", mixed(n), {
          "idempotency-key": `order-${n}`,
        });
        expect(status).toBe(202);
        return body.orderId as string;
      });
      if (n % 6 === 5) await cancel(ids[n]);
      if (n % every === every - 1) victims.shift()?.signal("SIGKILL");
    }
  };
  const reviewing = new AbortController();
  const reviewed = reviewAll(reviewing.signal);
  await Promise.all(Array.from({ length: AT_ONCE }, customer));
  expect(victims).toEqual([]);

  for (const id of ids) await shop.ended(id, 60_000);
  reviewing.abort();
  expect(await reviewed).toBeGreaterThan(0);
  await shop.until("the last services are done", async () => {
    const { body } = await shop.get("inventory", "/stock");
    return body.stock.every(({ reserved }: { reserved: number }) => reserved === 0) ? true : undefined;
  });
  for (const [victim, before] of deaths) expect(victim.deaths, victim.name).toBeGreaterThan(before);
  // Only a mail under way when notifications is killed may come again.
  const kills = services.get("notifications")!.deaths;
  await expectAllWell(shop, ids, mailbox, kills * SMTP_CONNECTIONS);
});

/** A customer who does not give in: the wish is taken, or the order has ended. */
async function cancel(orderId: string): Promise<void> {
  await shop.until(`the cancellation of ${orderId} is answered`, async () => {
    const { status } = await shop.post("orders", `/orders/${orderId}/cancellation`, {});
    return status === 202 || status === 409 ? true : undefined;
  });
}

/** A person who approves every other order that waits, and rejects the rest; answers how many. */
async function reviewAll(signal: AbortSignal): Promise<number> {
  let reviewed = 0;
  while (!signal.aborted) {
    const open = await shop.get("risk", "/reviews").catch(() => undefined);
    for (const { orderId } of open?.body.reviews ?? []) {
      const decision = reviewed % 2 === 0 ? "approve" : "reject";
      const answer = await shop.post("risk", `/reviews/${orderId}`, { decision }).catch(() => undefined);
      if (answer?.status === 200) reviewed++;
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  return reviewed;
}

/**
 * Every branch in turn: tokens, a SKU that runs out, an unknown one, trial plans, an address without a carrier, totals
 * that a person has to look at.
 */
function mixed(n: number): Placement {
  const tokens = ["tok_approve", "tok_decline", "tok_flaky", "tok_slow"];
  const change: Partial<Placement> = {
    paymentToken: tokens[n % tokens.length]!,
    email: `customer-${n}@example.com`,
  };
  if (n % 7 === 1) change.lines = [{ sku: "SCARCE-1", quantity: 3, unitPriceCents: 100 }];
  if (n % 11 === 2) change.lines = [{ sku: "NEVER-1", quantity: 1, unitPriceCents: 100 }];
  if (n % 5 === 3) change.plan = "TRIAL";
  if (n % 13 === 6) change.lines = [{ sku: "TEA-001", quantity: 1, unitPriceCents: 100_000 }];
  if (n % 9 === 4) change.shipTo = { ...anOrder().shipTo, postcode: "00000" };
  return anOrder(change);
}
