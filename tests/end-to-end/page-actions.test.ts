// What a person does on the monitor's page, in a real Chromium: reviews, and messages that are parked.

import { type KV, Kvm } from "@nats-io/kv";
import type { NatsConnection } from "nats";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { SCHEMA_BUCKET } from "../../shared/nats/topology.ts";
import { Visitor } from "../support/browser.ts";
import { anOrder } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";
import { aVersion, publishOrder } from "../support/versions.ts";

const CUSTOMER = anOrder().customerId;

let shop: TestStack;
let visitor: Visitor;
let admin: NatsConnection;
let bucket: KV;

beforeAll(async () => {
  shop = await TestStack.start({ SCHEMA_WAIT_MS: "1000", MONITOR_POLL_MS: "300" });
  await shop.stockUp("TEA-001", 1_000);
  admin = await shop.stack.connect();
  bucket = await new Kvm(admin).open(SCHEMA_BUCKET);
  visitor = await Visitor.come(shop.stack.url("monitor"));
});

afterAll(async () => {
  await visitor?.leave();
  await admin?.close();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

test("a review is approved on the page, and its order completes; another one is rejected", async () => {
  const large = { lines: [{ sku: "TEA-001", quantity: 1, unitPriceCents: 200_000 }] };
  const [good, bad] = [await shop.place(large), await shop.place(large)];
  await visitor.visit("/reviews", async (page) => {
    const row = page.locator("tr", { hasText: good });
    for (const told of [
      `from ${CUSTOMER}`,
      "2,000.00 EUR",
      "1 × TEA-001",
      "the total is 1,000.00 EUR or more",
    ])
      await row.getByText(told).waitFor();
    await page.locator("nav .count.waiting", { hasText: "2" }).waitFor();
    await page.getByLabel(`Note on ${good}`).fill("known to us");
    await page.getByRole("button", { name: `Approve ${good}` }).click();
    await page.getByText(`Order ${good} is approved.`).waitFor();
    await page.getByRole("button", { name: `Reject ${bad}` }).click();
    await page.getByText("No order waits for a review.").waitFor();
    await page.locator("nav .count.waiting").waitFor({ state: "detached" });
  });
  expect(await shop.ended(good)).toMatchObject({ status: "completed" });
  expect(await shop.ended(bad)).toMatchObject({ status: "cancelled", reason: "risk-rejected" });
});

describe("what is parked", () => {
  test("is redriven from the page once its cause is gone", async () => {
    const orderId = uuidv7();
    const version = aVersion("order.created");
    await publishOrder(admin, orderId, version);
    await visitor.visit("/", async (page) => {
      await page.getByRole("link", { name: "Look at them" }).first().click({ timeout: 60_000 });
      await page.locator("[data-group]").getByText("unknown schema").first().waitFor();
      await bucket.create(version.key, version.entry);
      // A service that has just looked for the schema in vain waits a second before it looks again.
      await shop.until("all of it is handled", async () => {
        const again = page.getByRole("button", { name: /^Redrive all/ }).first();
        await again.click({ timeout: 2_000 }).catch(() => {});
        await page.getByText("Nothing is parked.").waitFor({ timeout: 2_000 });
        return true;
      });
    });
    await visitor.visit(`/orders/${orderId}`, async (page) => {
      await page.locator(".timeline").getByText("stock.reserved", { exact: true }).waitFor();
    });
  });

  test("is redriven at the one service that is asked for, though others have failed likewise", async () => {
    const orderId = uuidv7();
    const at = async () =>
      (await shop.parked())
        .filter(({ subject }) => subject.includes(orderId))
        .map(({ subject, seq }) => ({ service: subject.split(".")[1], seq }));
    admin.publish(`order.created.${orderId}`, "no Avro at all");
    await shop.until("six have parked it", async () => (await at()).length === 6 || undefined);
    const before = await at();
    await visitor.visit("/services/risk", async (page) => {
      await page.getByRole("link", { name: "1 parked", exact: true }).click();
      await page.getByText("Only what is parked at risk.").waitFor();
    });
    await visitor.visit(`/orders/${orderId}`, async (page) => {
      const next = page.locator("li", { hasText: "risk has parked order.created" });
      await next.getByText(/; if redriven, it says .*; if discarded, it never does$/).waitFor();
      await page.locator(".timeline").getByText("it can't be read").waitFor();
      expect(await page.locator(".timeline details").count(), "there is no data to show").toBe(0);
    });
    await visitor.visit("/parked", async (page) => {
      await shop.until("it has failed again", async () => {
        await page
          .getByRole("button", { name: "Redrive all that failed like order.created at risk" })
          .click();
        await page.locator(".said").getByText("failed again").waitFor({ timeout: 10_000 });
        return true;
      });
    });
    const after = await at();
    expect(after.filter(({ service }) => service !== "risk")).toEqual(
      before.filter(({ service }) => service !== "risk"),
    );
    expect(after.find(({ service }) => service === "risk")!.seq).toBeGreaterThan(before.at(-1)!.seq);
    const ids = after.map(({ seq }) => seq);
    for (const id of ids) await shop.post("monitor", "/api/parked/discard", { id, reason: "a test's" });
    await shop.until("nothing of it is parked", async () => (await at()).length === 0 || undefined);
  });

  test("is discarded for good only with a reason, which stays in the order's story", async () => {
    const orderId = uuidv7();
    admin.publish(`order.created.${orderId}`, "no Avro at all");
    await visitor.visit(`/parked?key=${orderId}`, async (page) => {
      const button = page.getByRole("button", { name: /^Discard .* at inventory$/ });
      await button.click();
      await page.getByRole("button", { name: "Discard for good" }).click();
      expect(await page.locator("dialog").isVisible()).toBe(true);
      await page.getByRole("textbox", { name: "Reason" }).fill("<b>nobody</b> can read it");
      await page.getByRole("button", { name: "Discard for good" }).click();
      await page
        .locator(".said")
        .getByText(/ended|not yet/)
        .waitFor();
      await button.waitFor({ state: "detached" });
    });
    await visitor.visit(`/orders/${orderId}`, async (page) => {
      const step = page.locator(".timeline li", { hasText: "discarded" });
      await step.locator("summary").click();
      await step.locator("pre").getByText("<b>nobody</b> can read it").waitFor();
    });
    for (const { subject } of await shop.parked()) expect(subject).toContain(orderId);
  });
});

test("nothing on the page has thrown, or was forbidden by its policy", () => {
  expect(visitor.complaints).toEqual([]);
});
