// What the monitor's page shows in a real Chromium, over the real stack.

import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { factTypes } from "../../shared/contracts/events.ts";
import { placeUntil } from "../../shared/stack/bench/orders.ts";
import { spilling, Visitor } from "../support/browser.ts";
import { anOrder } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

/** As many as a search looks through at a time, with the one that is looked for. */
const MANY = 9_999;
const CUSTOMER = anOrder().customerId;

let shop: TestStack;
let visitor: Visitor;

beforeAll(async () => {
  shop = await TestStack.start({ MONITOR_POLL_MS: "300" });
  await shop.stockUp("TEA-001", 10_000);
  visitor = await Visitor.come(shop.stack.url("monitor"));
});

afterAll(async () => {
  await visitor?.leave();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

test("the page and all that it needs come from the monitor, under a policy that allows no script inside it", async () => {
  const { headers } = await fetch(shop.stack.url("monitor"));
  const policy = headers.get("content-security-policy");
  expect(policy).toContain("default-src 'none'");
  expect(policy).toContain("script-src 'self';");
  expect(policy).not.toContain("unsafe");

  await visitor.visit("/", async (page) => {
    const origins = await page.evaluate(
      "[...new Set(performance.getEntriesByType('resource').map(({ name }) => new URL(name).origin))]",
    );
    expect(origins).toEqual([shop.stack.url("monitor")]);
  });
});

test("the map shows every service and every fact", async () => {
  const names = allServices(shop.stack.config).map(({ name }) => name);
  await visitor.visit("/", async (page) => {
    await page.locator(".map [data-service]").first().waitFor();
    const shown = await page.locator(".map [data-service]").evaluateAll(data("service"));
    expect(shown.toSorted()).toEqual(names.toSorted());
    await page.locator("tr[data-fact]").first().waitFor();
    const facts = await page.locator("tr[data-fact]").evaluateAll(data("fact"));
    expect(facts.toSorted()).toEqual([...factTypes].toSorted());
    const onArrows = new Set(await page.locator(".map [data-fact]").evaluateAll(data("fact")));
    expect(onArrows).toContain("payment.authorized");
    expect(factTypes).toEqual(expect.arrayContaining([...onArrows]));
  });
});

test("an address that is none says so, and leads to those that are", async () => {
  await visitor.visit("/orders/one/two", async (page) => {
    await page.getByRole("heading", { name: "There is nothing here" }).waitFor();
    expect(await page.title()).toBe("Not found · Quadrille");
    await page.getByRole("link", { name: "Reviews" }).click();
    await page.getByRole("heading", { name: "Reviews" }).waitFor();
  });
});

test("rates run along the arrows while orders come in", async () => {
  await visitor.visit("/", async (page) => {
    await page.locator(".map [data-service]").first().waitFor();
    let isSeen = false;
    const rate = page.locator('.map .busy[data-from="payments"][data-to="shipping"] .rate').waitFor();
    const seen = rate.finally(() => {
      isSeen = true;
    });
    while (!isSeen) {
      await shop.place();
      await page.waitForTimeout(20);
    }
    await seen;
  });
});

describe("when a service is down", () => {
  let stuck: string;

  test("its lag and its status are seen without a reload", async () => {
    await visitor.visit("/", async (page) => {
      const service = page.locator('.map [data-service="payments"]');
      await service.getByText("OK", { exact: true }).waitFor();
      await page.evaluate("window.isTheSame = true");
      await shop.stack.services.get("payments")!.fell();
      stuck = await shop.place();

      await service.getByText("NOBODY LISTENING").waitFor();
      await service.getByText(/^[1-9]\d* waits?\b/).waitFor();
      await service.getByText(/^for \d+ m?s\b/).waitFor();
      const row = page.locator('[data-consumer="payments"]');
      await row.getByText("NOBODY LISTENING").waitFor();
      expect(await row.locator('[data-head="Waits"]').innerText()).toMatch(/^[1-9]/);
      expect(await page.evaluate("window.isTheSame")).toBe(true);
      expect(await spilling(page)).toEqual([]);
    });
  });

  test("the cause of a stuck order is two clicks away at most, with the command that mends it", async () => {
    await visitor.visit("/", async (page) => {
      const order = page.locator(`.troubles li:has(a[href="/orders/${stuck}"])`);
      await order.getByText(`from ${CUSTOMER}`).waitFor();
      await order.getByRole("link", { name: stuck, exact: true }).click();
      await page.locator("main").getByRole("link", { name: CUSTOMER }).waitFor();
      const sentence = await page.locator("[data-why]").innerText();
      expect(sentence).toMatch(/^stuck payments is not running: \S+ has been waiting for it for/);
      expect(await page.locator(".why .command code").innerText()).toBe("npm run -s restart -- payments");
    });
  });

  test("its order is shown to go on, to its end, once the service is back", async () => {
    await visitor.visit(`/orders/${stuck}`, async (page) => {
      await page.locator("[data-why]").getByText("stuck").first().waitFor();
      shop.stack.services.get("payments")!.start();
      await page.locator("[data-why]").getByText("it is not stuck").waitFor();
      await page.getByText("Nothing: it has ended with order.completed.").waitFor();
      expect(await page.locator(".timeline li").count()).toBeGreaterThanOrEqual(7);
    });
    await visitor.visit("/", async (page) => {
      await page.getByText("Nothing: every service keeps up").waitFor();
    });
  });
});

test("an order that was cancelled says why, and that nothing is to come", async () => {
  const orderId = await shop.place({ paymentToken: "tok_decline" });
  await shop.ended(orderId);
  await visitor.visit(`/orders/${orderId}`, async (page) => {
    const why = "payment-declined, the card was declined";
    await page.locator("[data-why]").getByText(`: ${why}; it is not stuck.`).waitFor();
    await page
      .locator("main")
      .getByText(/, total [\d,.]+ EUR$/)
      .waitFor();
    await page.getByText("Nothing: it has ended with order.cancelled.").waitFor();
    await page
      .locator(".timeline li", { hasText: "order.cancelled" })
      .getByText(why, { exact: true })
      .waitFor();
  });
  await visitor.visit(`/orders?id=${orderId.slice(-12)}`, async (page) => {
    await page.locator("tr", { hasText: orderId }).getByText("payment-declined").waitFor();
  });
});

test("orders are shown a page at a time, and found by a part of their ids, and by their customer", async () => {
  const hostile = await shop.place({ customerId: "<img src=x onerror=alert(1)>" });
  const ids = [hostile];
  for (let n = 0; n < 60; n++) ids.push(await shop.place());
  await shop.ended(ids.at(-1)!);

  await visitor.visit("/orders", async (page) => {
    await page.locator("tbody tr").first().waitFor();
    expect(await page.locator("tbody tr").count()).toBe(50);
    await page.getByRole("link", { name: "Older" }).click();
    await page.getByText("<img src=x onerror=alert(1)>").waitFor();
    expect(await page.locator("tbody img").count()).toBe(0);

    await page.getByLabel("Order id").fill(hostile.slice(-12));
    await page.keyboard.press("Enter");
    await page.waitForURL(/[?]id=/);
    const rows = page.locator("tbody tr");
    await rows.filter({ hasNotText: hostile }).first().waitFor({ state: "detached" });
    await rows.getByText(hostile).waitFor();
    expect(await rows.count()).toBe(1);

    await page.getByLabel("Order id").fill("");
    await page.getByLabel("Customer").fill("IMG SRC=X");
    await page.keyboard.press("Enter");
    await page.waitForURL(/[?]customer=/);
    await page.locator("tbody").getByText(hostile).waitFor();
    expect(await page.locator("tbody tr").count()).toBe(1);
    await page.getByLabel("Customer").fill("nobody");
    await page.keyboard.press("Enter");
    await page.getByText("No orders found.").waitFor();

    await page.getByLabel("Order id").fill(hostile.replaceAll("-", "").toUpperCase());
    await page.getByRole("button", { name: "Find" }).click();
    await page.locator("[data-why]").waitFor();
    expect(new URL(page.url()).pathname).toBe(`/orders/${hostile}`);
  });
});

test("every schema that was ever written with is shown with its version", async () => {
  await visitor.visit("/schemas", async (page) => {
    const row = page.locator("tr", { hasText: "order.created" }).first();
    await row.locator("summary").click();
    await row.getByText('"shippingPriority"').or(row.getByText('"orderId"')).first().waitFor();
    expect(await page.locator("tr[data-schema]").count()).toBeGreaterThanOrEqual(factTypes.length);
  });
});

test("the page says since when it is not connected, and catches up when the monitor is back", async () => {
  await visitor.visit("/", async (page) => {
    await page.locator('.map [data-service="orders"]').waitFor();
    await shop.stack.monitor.fell();
    await page.getByText(/^Not connected since \d\d:\d\d:\d\d UTC/).waitFor();
    await page.locator(".freshness.stale").waitFor();
    const orderId = await shop.place();
    await shop.ended(orderId);

    shop.stack.monitor.start();
    await page.locator(".freshness.live").waitFor();
    await page.getByText(/^Not connected since/).waitFor({ state: "detached" });
    await page.getByRole("link", { name: "Orders", exact: true }).click();
    await page.locator("tbody").getByText(orderId).waitFor();
  });
});

test("an address that is not well-formed says that there is nothing", async () => {
  await visitor.visit("/orders/%E0%A4%A", async (page) => {
    await page.getByRole("heading", { name: "Order %E0%A4%A" }).waitFor();
    await page.locator(".why .failure").waitFor();
  });
});

test("the map comes late when nobody answered at first", async () => {
  await visitor.visit("/orders", async (page) => {
    await page.route("**/api/map**", (route) => route.abort());
    await page.getByRole("link", { name: "Overview" }).click();
    await page.getByText("The monitor does not answer.").first().waitFor();
    await page.unroute("**/api/map**");
    await page.locator('.map [data-service="orders"]').waitFor();
  });
});

test("a broker that is away is said to be, and seen again without a reload", async () => {
  await visitor.visit("/", async (page) => {
    await shop.stack.nats.fell();
    await page.locator("li", { hasText: "NATS is not reachable" }).waitFor();
    await page.locator(".banner", { hasText: "does not see NATS" }).waitFor();
    shop.stack.nats.start();
    await page.locator(".banner").waitFor({ state: "detached" });
  });
  await shop.stack.untilReady();
});

test("with 10,000 orders more, the oldest of them is found by its customer, and its story is one click away", async () => {
  const oldest = await shop.place({ customerId: "c-the-oldest" });
  let left = MANY;
  await placeUntil(shop.stack, () => --left < 0);

  await visitor.visit("/", async (page) => {
    await page.locator(".map [data-service]").first().waitFor();
    await page.getByRole("link", { name: "Orders", exact: true }).click();
    await page.locator("tbody tr").nth(49).waitFor();
    await page.getByLabel("Customer").fill("the-oldest");
    await page.keyboard.press("Enter");
    await page.getByRole("link", { name: oldest }).click();
    await page.locator("[data-why]").waitFor();
    await page.getByText("order.created").first().waitFor();
  });
});

test("whoever leaves a view before its first frame is drawn leaves nothing of it behind", async () => {
  await visitor.visit("/", async (page) => {
    await page.locator(".charts").waitFor(); // What is drawn is there: with frames held back nothing that comes later is.
    await page.locator('nav a[href="/orders"]').click();
    await page.locator(".charts").waitFor({ state: "detached" });
    await page.evaluate(`
      held = new Map();
      requestAnimationFrame = (frame) => { held.set(1e6 + held.size, frame); return 1e6 + held.size - 1; };
      cancelAnimationFrame = (id) => held.has(id) && held.set(id, () => {});
    `);
    await page.locator('nav a[href="/"]').click();
    await page.locator(".charts").waitFor();
    await page.locator('nav a[href="/orders"]').click();
    await page.locator(".charts").waitFor({ state: "detached" });
    await page.evaluate("for (const frame of held.values()) frame()");
    await page.waitForTimeout(0);
  });
  expect(visitor.complaints).toEqual([]);
});

test("nothing on the page has thrown, or was forbidden by its policy", () => {
  expect(visitor.complaints).toEqual([]);
});

function data(name: string): (elements: { dataset?: unknown }[]) => string[] {
  // Runs in the browser: it knows nothing of what is around it.
  return new Function("elements", `return elements.map(({ dataset }) => dataset.${name})`) as never;
}
