// A disk on which every fsync takes 300 ms, under the broker and under a service, while orders come in.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { SlowDisk } from "../../shared/chaos/slow-disk.ts";
import { brokenIn } from "../support/invariants.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { TestStack } from "../support/stack.ts";

const ORDERS = 5;

const slow = await SlowDisk.here(() => {});
let mailbox: Mailbox;
let shop: TestStack;

beforeAll(async () => {
  mailbox = await openMailbox();
  shop = await TestStack.start({ SMTP_URL: mailbox.url });
  await shop.stockUp("TEA-001", 1_000);
});

afterAll(async () => {
  await shop?.stop();
  await mailbox?.close();
});

beforeEach(() => shop.explainFailure());

test.skipIf(!slow)(
  "a slow disk is ridden out: nobody dies, nothing is parked, every order ends",
  async () => {
    const { nats, services } = shop.stack;
    const processes = [nats, ...services.values()];
    const before = processes.map(({ pid }) => pid);
    const placedAt = performance.now();

    const accepted = await slow!.during(nats.pid!, () =>
      slow!.during(services.get("payments")!.pid!, async () => {
        const ids = await Promise.all(Array.from({ length: ORDERS }, () => shop.place()));
        for (const id of ids) expect(await shop.ended(id, 60_000)).toMatchObject({ status: "completed" });
        return ids;
      }),
    );

    // Its facts alone cost an order six fsyncs one after the other.
    expect(performance.now() - placedAt).toBeGreaterThan(1_500);
    expect(processes.map(({ pid }) => pid)).toEqual(before);
    expect(await shop.parked()).toEqual([]);
    expect(await brokenIn(shop, accepted, mailbox)).toEqual([]);
  },
);
