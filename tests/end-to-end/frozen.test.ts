// NATS is there and hangs, as a process does that is stopped: nobody waits for it for ever.

import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { TestStack } from "../support/stack.ts";

let shop: TestStack;

beforeAll(async () => {
  shop = await TestStack.start({ MONITOR_POLL_MS: "200" });
  shop.stack.nats.signal("SIGSTOP");
});

afterAll(async () => {
  shop?.stack.nats.signal("SIGCONT");
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

test.each([
  ["order", ["x"], /^Can't tell the order's story: NATS does not answer at nats:/],
  ["lag", [], /^Can't tell how far the services are behind: NATS does not answer at nats:/],
  ["parked", ["list"], /^Can't tell what is parked: NATS does not answer at nats:/],
  ["rebuild", ["orders"], /^Can't rebuild: NATS does not answer at nats:/],
])("%s says so in a sentence, and ends", async (command, args, sentence) => {
  expect(await shop.command(command, args)).toEqual({ code: 2, text: expect.stringMatching(sentence) });
});

test("services and the monitor end in good order, also before they have noticed", async () => {
  shop.stack.nats.signal("SIGCONT");
  await shop.stack.untilReady();
  shop.stack.nats.signal("SIGSTOP");

  await Promise.all(shop.stack.apps.map((app) => app.stop()));
  for (const { name, lastStop } of shop.stack.apps) expect(lastStop, name).toMatchObject({ code: 0 });
});
