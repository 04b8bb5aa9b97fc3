// What the monitor says of an order, for tests that wait until it says something.

import type { Why } from "../../apps/monitor/why.ts";
import type { TestStack } from "./stack.ts";

/** Why an order stands where it stands. */
export async function why(shop: TestStack, orderId: string): Promise<Why> {
  return (await shop.get("monitor", `/api/orders/${orderId}/why`)).body;
}

/** The same, once it says that. */
export async function untilTold(shop: TestStack, orderId: string, sentence: RegExp): Promise<Why> {
  let last: Why | undefined;
  try {
    return await shop.until(`the monitor says ${sentence}`, async () => {
      last = await why(shop, orderId);
      return sentence.test(last.sentence) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}; it says: ${last?.sentence}`);
  }
}
