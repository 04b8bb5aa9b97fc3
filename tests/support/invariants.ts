// What must hold when every order has ended: the judge of the chaos runs, on a stack of a test.

import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import type { LedgerEntry } from "../../apps/payments/sandbox.ts";
import { lawsOf } from "../../apps/proof/laws.ts";
import type { BookEntry } from "../../apps/shipping/sandbox.ts";
import { untilCalm } from "../../shared/chaos/calm.ts";
import { rowsOf } from "../../shared/chaos/database.ts";
import { Sacks } from "../../shared/chaos/sacks.ts";
import { testimony } from "../../shared/chaos/testimony.ts";
import { verdict } from "../../shared/chaos/verdict.ts";
import { orderFlow } from "../../shared/stack/chaos.ts";
import type { Mailbox } from "./mailbox.ts";
import type { TestStack } from "./stack.ts";

const CALM_WITHIN_MS = 120_000;

/** Waits until nothing moves any more; else sentences that say who still does. */
export async function restless({ stack, folder }: TestStack): Promise<string[]> {
  const connection = await stack.connect();
  const manager = await jetstreamManager(connection);
  const url = (service: string) => stack.url(service);
  const found = untilCalm({ services: orderFlow.services, folder, manager, url }, CALM_WITHIN_MS);
  return found.finally(() => connection.close());
}

/** All that is broken, once all has come to rest; `accepted` are the orders that were placed. */
export async function brokenIn(
  shop: TestStack,
  accepted: readonly string[],
  mailbox: Mailbox,
): Promise<string[]> {
  const unrest = await restless(shop);
  if (unrest.length > 0) return unrest;
  const { stack, folder } = shop;
  const connection = await stack.connect();
  try {
    const mails = new Sacks();
    for (const mail of mailbox.mails) mails.take(mail);
    const flow = { ...orderFlow, laws: lawsOf(stack.config) };
    const broken = verdict(flow, await testimony(connection), folder, mails, accepted);
    return mails.repeats === 0 ? broken : [...broken, `${mails.repeats} mails came again`];
  } finally {
    await connection.close();
  }
}

/** What the gateway has in its books. */
export function ledgerOf({ folder }: TestStack): LedgerEntry[] {
  return rowsOf(join(folder, "payments", "sandbox-gateway.db"), "ledger") as unknown as LedgerEntry[];
}

/** What the carrier has in its book. */
export function bookOf({ folder }: TestStack): BookEntry[] {
  return rowsOf(join(folder, "shipping", "sandbox-carrier.db"), "bookings") as unknown as BookEntry[];
}
