// The picture of the flow: what is in it, and that the kept copies are up to date.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { flowMap, picture } from "../../shared/flow/map.ts";
import { flowSvg } from "../../shared/flow/svg.ts";
import { command, deadline, observe, perform, when } from "../../shared/service/define.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { planted } from "./planted.ts";

const services = allServices(loadConfig({}));
const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const RENEW = "is out of date: run `npm run -s flow -- map --write`";

describe("the kept pictures", () => {
  it("are the ones that the tables draw", async () => {
    expect(
      read("README.md").includes(`\`\`\`mermaid\n${flowMap(services)}\n\`\`\``),
      `README.md ${RENEW}`,
    ).toBe(true);
    expect(read("docs/flow.svg") === (await flowSvg(services)), `docs/flow.svg ${RENEW}`).toBe(true);
  });
});

describe("the picture", () => {
  const nothing = () => [];
  const orders = planted("orders", {
    commands: [command({ name: "place", load: nothing, decide: nothing, emits: ["order.created"] })],
    reactions: [observe("stock.reserved")],
    terminal: ["order.completed"],
  });
  const stock = planted("stock", {
    reactions: [
      perform({
        on: "order.created",
        request: function booking() {
          return {};
        },
        call: async () => {},
        decide: nothing,
        giveUp: { afterMs: 60_000, decide: nothing },
        emits: ["stock.reserved", "order.completed"],
      }),
      when({ on: "risk.cleared", decide: nothing, emits: [] }),
    ],
    deadlines: [
      deadline({
        name: "review deadline",
        open: nothing,
        load: nothing,
        decide: nothing,
        emits: ["stock.rejected"],
      }),
    ],
  });
  const listener = planted("listener", { reactions: [observe("order.created", "stock.reserved")] });

  it("has arrows for commands and for facts that make somebody do something, and no others", () => {
    expect(picture([orders, stock, listener]).arrows).toEqual([
      { from: "people", to: "orders", labels: ["place"] },
      { from: "orders", to: "stock", labels: ["order.created"] },
    ]);
  });

  it("shows deadlines and what is given up in the service's box, and leaves observers out", () => {
    expect(picture([orders, stock, listener]).services).toEqual([
      { name: "orders", notes: [] },
      { name: "stock", notes: ["gives up booking after 1 min", "at the review deadline: stock.rejected"] },
    ]);
  });

  it("is written in Mermaid", () => {
    expect(flowMap([orders, stock]).split("\n")).toEqual([
      "flowchart LR",
      '  people["people<br/>customer, operator<br/>over HTTP"]',
      '  orders(["orders"])',
      '  stock(["stock<br/>gives up booking after 1 min<br/>at the review deadline: stock.rejected"])',
      '  people -- "place" --> orders',
      '  orders -- "order.created" --> stock',
    ]);
    expect(flowMap([stock])).not.toContain("people");
  });
});

describe("the SVG", () => {
  it("has every service and every label, on a white ground, and is the same each time", async () => {
    const svg = await flowSvg(services);
    const { services: boxes, arrows } = picture(services);

    for (const text of [...boxes.map(({ name }) => name), ...arrows.flatMap(({ labels }) => labels)]) {
      expect(textsOf(svg).map(({ text }) => text)).toContain(text);
    }
    expect(svg).toMatch(/^<svg [\s\S]*<polygon fill="white"[\s\S]*<\/svg>\n$/);
    expect(await flowSvg(services)).toBe(svg);
  });

  it("has no text on another", async () => {
    const texts = textsOf(await flowSvg(services));
    const overlapping = texts.flatMap((one, index) =>
      texts
        .slice(index + 1)
        .filter(
          (other) =>
            Math.abs(one.x - other.x) < (one.width + other.width) / 2 && Math.abs(one.y - other.y) < 10,
        )
        .map((other) => `${one.text} / ${other.text}`),
    );

    expect(texts.length).toBeGreaterThan(30);
    expect(overlapping).toEqual([]);
  });
});

/** The texts of a drawing by their middles, as wide as a wide font makes them. */
function textsOf(svg: string) {
  return [...svg.matchAll(/<text [^>]*x="([-\d.]+)" y="([-\d.]+)"[^>]*>([^<]*)</g)].map(([, x, y, raw]) => {
    const text = raw!.replaceAll("&#160;", " ").replaceAll("&#45;", "-").trim();
    return { text, x: Number(x), y: Number(y), width: text.length * 6.5 };
  });
}
