// What the page is made of: its files, where the map draws what, and what it remembers.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { type Drawing, drawings } from "../../apps/monitor/drawing.ts";
import { History, LOOKS } from "../../apps/monitor/history.ts";
import { liveMap } from "../../apps/monitor/map.ts";
import { Monitor } from "../../apps/monitor/monitor.ts";
import { page } from "../../apps/monitor/page.ts";
import type { Snapshot } from "../../apps/monitor/poll.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { PEOPLE } from "../../shared/flow/map.ts";
import { httpApp } from "../../shared/http/app.ts";
import { createLog } from "../../shared/observability/log.ts";

const config = loadConfig({});
const services = allServices(config);
const map = liveMap(services, undefined);

describe("the page's files", () => {
  let folder = "";
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const appWith = () => {
    const log = createLog("monitor", "silent");
    const app = httpApp({ name: "monitor", ready: () => ({ ready: true }), log });
    page(app, new Monitor(services, config, log), folder);
    return app;
  };

  /** What Vite would have left in the folder. */
  const build = () => {
    folder = mkdtempSync(join(tmpdir(), "quadrille-page-"));
    for (const name of [".vite", "assets"]) mkdirSync(join(folder, name));
    const manifest = { "main.tsx": { file: "assets/main-1.js", css: ["assets/main-2.css"], isEntry: true } };
    writeFileSync(join(folder, ".vite", "manifest.json"), JSON.stringify(manifest));
    for (const name of ["main-1.js", "main-2.css"]) writeFileSync(join(folder, "assets", name), name);
  };

  it("that were never built are missed in a sentence, and nothing else is", async () => {
    folder = mkdtempSync(join(tmpdir(), "quadrille-page-"));
    const response = await appWith().request("/");
    expect(response.status).toBe(503);
    expect(await response.json()).toMatchObject({ detail: expect.stringContaining("npm start") });
    expect((await appWith().request("/healthz")).status).toBe(200);
  });

  it("tell people who ask for what is not there where they can go, and programs that it is not there", async () => {
    build();
    const app = appWith();
    const asked = (accept: string) => app.request("/nowhere", { headers: { accept } });

    const shown = await asked("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8");
    expect([shown.status, await shown.text()]).toEqual([404, expect.stringContaining("/assets/main-1.js")]);
    expect(shown.headers.get("content-security-policy")).toContain("script-src 'self'");
    for (const accept of ["*/*", "application/json", ""]) {
      const told = await asked(accept);
      expect([told.status, await told.json()]).toMatchObject([
        404,
        { detail: "There is nothing at /nowhere." },
      ]);
    }
  });

  it("are kept by browsers for ever where their names tell their content, and what is around them is not served", async () => {
    build();
    const app = appWith();

    const shell = await app.request("/orders/01a2");
    expect(await shell.text()).toContain('src="/assets/main-1.js"');
    expect(shell.headers.get("cache-control")).toBe("no-cache");
    const script = await app.request("/assets/main-1.js");
    expect(script.headers.get("cache-control")).toContain("immutable");
    expect(script.headers.get("content-type")).toContain("javascript");
    expect((await app.request("/.vite/manifest.json")).status).toBe(404);
    expect((await app.request("/assets/../../package.json")).status).toBe(404);
  });
});

describe("the map's drawing", () => {
  it("has a box for everyone and a line for every arrow, within its borders", async () => {
    for (const drawing of Object.values(await drawings(map))) {
      const names = drawing.boxes.map(({ name }) => name);
      expect(names.toSorted()).toEqual([...services.map(({ name }) => name), PEOPLE.name].toSorted());
      const arrows = drawing.arrows.filter(({ from }) => from !== PEOPLE.name);
      const ends = (all: readonly { from: string; to: string }[]) =>
        all.map(({ from, to }) => `${from} ${to}`).toSorted();
      expect(ends(arrows)).toEqual(ends(map.arrows));
      for (const { d, label } of arrows) {
        expect(d).toMatch(/^M[-\d.,]+C[-\d., ]+L[-\d.,]+$/);
        expect(label).not.toBeNull();
      }
      for (const { x, y, width, height } of drawing.boxes) {
        expect(x - width / 2).toBeGreaterThanOrEqual(-0.1);
        expect(y - height / 2).toBeGreaterThanOrEqual(-0.1);
        expect(x + width / 2).toBeLessThanOrEqual(drawing.width + 0.1);
        expect(y + height / 2).toBeLessThanOrEqual(drawing.height + 0.1);
      }
      expect(overlaps(drawing)).toEqual([]);
    }
  });

  it("is of a size that can be read: as wide as a desk's screen, and not much wider than a phone's", async () => {
    const { wide, narrow } = await drawings(map);
    expect(wide.width).toBeLessThanOrEqual(1_300);
    expect(narrow.width).toBeLessThanOrEqual(560);
  });
});

describe("the past", () => {
  const look = (at: number, isConnected = true) =>
    ({
      at,
      nats: { isConnected },
      perSecond: { "order.created": 2 },
      consumers: [{ name: "risk", lag: at }],
    }) as unknown as Snapshot;

  it("is forgotten after a number of looks, and has none that saw nothing", () => {
    const past = new History();
    for (let at = 1; at <= LOOKS + 10; at++) past.add(look(at));
    past.add(look(9_999, false));
    const { at, facts, lag } = past.columns();
    expect(at).toHaveLength(LOOKS);
    expect(at.at(-1)).toBe(LOOKS + 10);
    expect(facts[0]).toBe(2);
    expect(lag.risk).toEqual(at);
  });
});

function overlaps({ boxes }: Drawing): string[] {
  return boxes.flatMap((a, index) =>
    boxes.slice(index + 1).flatMap((b) => {
      const apart =
        Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
      return apart ? [] : [`${a.name} and ${b.name}`];
    }),
  );
}
