// A real Chromium, and what tests ask of a page in it.

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { type Browser, type BrowserContextOptions, chromium, type Page } from "playwright-core";
import { findChromium } from "../../shared/stack/chromium.ts";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const PATIENCE_MS = 120_000;

/** What a page complained of: errors in its console, scripts that threw, and what its policy forbade. */
export type Complaints = readonly string[];

/** A browser for a file of tests. */
export class Visitor {
  readonly #browser: Browser;
  readonly #base: string;
  readonly complaints: string[] = [];

  private constructor(browser: Browser, base: string) {
    this.#browser = browser;
    this.#base = base;
  }

  static async come(base: string): Promise<Visitor> {
    return new Visitor(
      await chromium.launch({ executablePath: await findChromium(), timeout: PATIENCE_MS }),
      base,
    );
  }

  /** Opens an address in a window of its own, runs `visit` and closes it. */
  async visit(
    path: string,
    visit: (page: Page) => Promise<void>,
    options: BrowserContextOptions = {},
  ): Promise<void> {
    const context = await this.#browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
    context.setDefaultTimeout(PATIENCE_MS);
    try {
      const page = await context.newPage();
      page.on("pageerror", (error) => this.complaints.push(`${path}: ${error.message}`));
      page.on("console", (message) => {
        if (message.type() === "error" && !/Failed to load resource|ERR_/.test(message.text()))
          this.complaints.push(`${path}: ${message.text()}`);
      });
      await page.goto(`${this.#base}${path}`);
      await page.locator(".freshness.live").waitFor();
      await visit(page);
    } finally {
      await context.close();
    }
  }

  async leave(): Promise<void> {
    await this.#browser.close();
  }
}

/** What axe finds wrong with the accessibility of a page. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  return page.evaluate(async () => {
    type Found = { violations: { id: string; nodes: { target: string[] }[] }[] };
    const { axe } = globalThis as unknown as { axe: { run(): Promise<Found> } };
    const { violations } = await axe.run();
    return violations.map(
      ({ id, nodes }) => `${id}: ${nodes.map(({ target }) => target.join(" ")).join(", ")}`,
    );
  });
}

/** By how many pixels a page is wider than its window. */
export function overhang(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - innerWidth") as Promise<number>;
}

/** The texts on the map that reach over the edge of their box, once a script was run. */
export function spilling(page: Page, script = ""): Promise<unknown> {
  return page.evaluate(`${script} [...document.querySelectorAll(".map .box")].flatMap((box) => {
    const edge = box.querySelector("rect").getBBox();
    return [...box.querySelectorAll("text")].filter((text) => {
      const { x, y, width, height } = text.getBBox();
      return x < edge.x || y < edge.y || x + width > edge.x + edge.width || y + height > edge.y + edge.height;
    }).map(({ textContent }) => textContent);
  })`);
}
