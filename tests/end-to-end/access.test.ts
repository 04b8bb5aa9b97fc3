// The monitor's page for whoever looks: on a phone, in the dark, by keyboard alone, with a screen reader; in a real Chromium.

import type { Page } from "playwright-core";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { barriers, overhang, spilling, Visitor } from "../support/browser.ts";
import { TestStack } from "../support/stack.ts";

const PHONE = { viewport: { width: 360, height: 740 }, hasTouch: true };

let shop: TestStack;
let visitor: Visitor;

beforeAll(async () => {
  shop = await TestStack.start({ MONITOR_POLL_MS: "300" });
  await shop.stockUp("TEA-001", 10_000);
  for (let n = 0; n < 60; n++) await shop.place();
  await shop.garble(`stock.reserved.${uuidv7()}`); // So that there is something parked to be looked at.
  await shop.until("it is parked", async () => (await shop.parked()).length > 0 || undefined);
  visitor = await Visitor.come(shop.stack.url("monitor"));
});

afterAll(async () => {
  await visitor?.leave();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

test("a box of the map has room for the longest wait, on a desk and on a phone", async () => {
  for (const width of [1280, 390]) {
    const look = async (page: Page) => {
      await page.locator(".map .waits").first().waitFor();
      for (const longest of ["2,000,000 wait", "for 23 h 59 min", "NOBODY LISTENING"]) {
        const say = `for (const { firstChild } of document.querySelectorAll(".map .waits")) firstChild.data = "${longest}";`;
        expect(await spilling(page, say), `${longest} at ${width} px`).toEqual([]);
      }
    };
    await visitor.visit("/", look, { viewport: { width, height: 800 } });
  }
});

test("the legend of the charts shows every service in a colour of its own, by day and by night", async () => {
  for (const colorScheme of ["light", "dark"] as const) {
    const look = async (page: Page) => {
      await page.locator(".u-legend .u-marker").first().waitFor();
      const colours = await page.evaluate(
        "[...document.querySelectorAll('.u-marker')].map((one) => getComputedStyle(one).backgroundColor)",
      );
      expect(new Set(colours as string[]).size).toBe(allServices(shop.stack.config).length);
      expect(colours).not.toContain("rgba(0, 0, 0, 0)");
    };
    await visitor.visit("/", look, { colorScheme });
  }
});

describe("whoever looks", () => {
  const paths = async () => {
    const large = await shop.place({ lines: [{ sku: "TEA-001", quantity: 1, unitPriceCents: 200_000 }] });
    return ["/", "/services/payments", "/orders", `/orders/${large}`, "/reviews", "/parked", "/schemas"];
  };

  test("on a phone never scrolls sideways", async () => {
    for (const path of await paths()) {
      const look = async (page: Page) => {
        await settled(page);
        expect(await overhang(page), path).toBeLessThanOrEqual(0);
      };
      await visitor.visit(path, look, PHONE);
    }
  });

  test("in the dark gets a dark page, in the light a light one", async () => {
    for (const colorScheme of ["light", "dark"] as const) {
      const look = async (page: Page) => {
        const colours = await page.evaluate("getComputedStyle(document.body).backgroundColor");
        const [red] = `${colours}`.match(/\d+/)!;
        expect(Number(red) > 128, colorScheme).toBe(colorScheme === "light");
      };
      await visitor.visit("/", look, { colorScheme });
    }
  });

  test("with whatever means finds no barrier that axe knows of", async () => {
    for (const path of await paths()) {
      for (const options of [{}, { ...PHONE, colorScheme: "dark" as const }]) {
        const look = async (page: Page) => {
          await settled(page);
          expect(await barriers(page), path).toEqual([]);
        };
        await visitor.visit(path, look, options);
      }
    }
  });

  test("by keyboard alone gets from the first view to an order's cause, and sees where they are", async () => {
    const orderId = await shop.place();
    await shop.ended(orderId);
    await visitor.visit("/", async (page) => {
      await tabTo(page, "Orders");
      expect(await page.evaluate("getComputedStyle(document.activeElement).outlineStyle")).toBe("solid");
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: "Orders" }).waitFor();
      await page.locator("main:focus").waitFor();
      await tabTo(page, "Order id, or part of it");
      await page.keyboard.type(orderId);
      await page.keyboard.press("Enter");
      await page.locator("[data-why]").getByText("it is not stuck").waitFor();
      await page.goBack();
      await page.getByRole("heading", { name: "Orders" }).waitFor();
    });
  });
});

test("a review is answered by keyboard alone, and the keyboard stays where it was", async () => {
  const large = { lines: [{ sku: "TEA-001", quantity: 1, unitPriceCents: 200_000 }] };
  const orderId = await shop.place(large);
  await visitor.visit(`/orders/${orderId}`, async (page) => {
    await page.getByLabel(`Note on ${orderId}`).waitFor();
    await tabTo(page, `Note on ${orderId}`);
    await page.keyboard.type("by keyboard");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    await page.locator("[data-why]").getByText("it is not stuck").waitFor();
    await page.locator("main:focus").waitFor();
  });
  expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
});

test("a service's reference begins with what is its own", async () => {
  const { body } = await shop.get("orders", "/openapi.json");
  expect(Object.keys(body.paths)[0]).toBe("/orders");
  expect(Object.keys(body.paths).slice(-2)).toEqual(["/standing", "/standing/{key}"]);
});

test("nothing on the page has thrown, or was forbidden by its policy", () => {
  expect(visitor.complaints).toEqual([]);
});

/** Until what the page has asked for is there. */
async function settled(page: Page): Promise<void> {
  await page.getByText("Asking the monitor…").first().waitFor({ state: "detached" });
  await page.waitForLoadState("domcontentloaded");
}

/** Goes on with the tab key until something with this name is reached. */
async function tabTo(page: Page, name: string): Promise<void> {
  const reached = "(document.activeElement.labels?.[0] ?? document.activeElement).textContent.trim()";
  for (let presses = 0; presses < 40; presses++) {
    await page.keyboard.press("Tab");
    if (`${await page.evaluate(reached)}`.startsWith(name)) return;
  }
  throw new Error(`the tab key does not lead to ${name}`);
}
