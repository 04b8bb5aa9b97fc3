// The figures of the real stack: what is read at /metrics is what happened, and dashboard and alerts ask for nothing else.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { MONITOR } from "../../shared/nats/topology.ts";
import { consumes } from "../../shared/service/define.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { figuresIn, Scrape } from "../support/exposition.ts";
import { restless } from "../support/invariants.ts";
import { anOrder } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

const services = allServices(loadConfig({}));
const read = (file: string) => readFileSync(join(projectRoot, "shared", "observability", file), "utf8");

let shop: TestStack;
let openedAt: number;

beforeAll(async () => {
  shop = await TestStack.start({ SCHEMA_WAIT_MS: "1000" });
  openedAt = performance.now();
  await shop.stockUp("TEA-001", 1_000);
});

afterAll(() => shop?.stop());

beforeEach(() => shop.explainFailure());

async function scrape(service: string): Promise<Scrape> {
  const response = await fetch(`${shop.stack.url(service)}/metrics`);
  expect(response.status).toBe(200);
  expect(response.headers.get("content-type")).toContain("text/plain; version=0.0.4");
  return new Scrape(await response.text());
}

/** Scrapes until a figure has a value. */
function until(service: string, name: string, labels: Record<string, string>, value: number) {
  return shop.until(`${name} of ${service} is ${value}`, async () => {
    const found = await scrape(service);
    return found.sum(name, labels) === value ? found : undefined;
  });
}

describe("the figures", () => {
  test("of deliveries and facts are those of the stream", async () => {
    await shop.ended(await shop.place());
    await shop.ended(await shop.place({ paymentToken: "tok_decline" }));
    await shop.ended(await shop.place({ paymentToken: "tok_flaky" }));
    expect(await restless(shop)).toEqual([]);
    const settled = await shop.flow();

    for (const service of services) {
      const heard = settled.filter(({ type }) => consumes(service).includes(type)).length;
      const said = settled.filter(({ source }) => source === service.name).length;
      const found = await scrape(service.name);
      const ended = ["reacted", "ignored"].map((outcome) =>
        found.sum("quadrille_deliveries_total", { outcome }),
      );
      expect((ended[0] ?? 0) + (ended[1] ?? 0), `heard by ${service.name}`).toBe(heard);
      expect(found.sum("quadrille_facts_total") ?? 0, `said by ${service.name}`).toBe(said);
      expect(found.sum("quadrille_decide_seconds_count")).toBeGreaterThanOrEqual(heard);
      expect(found.sum("quadrille_commit_seconds_count")).toBeGreaterThan(0);
      expect(found.values("quadrille_deliveries_total", "service")).toEqual([service.name]);
    }
    const payments = await scrape("payments");
    expect(payments.sum("quadrille_deliveries_total", { outcome: "retried" })).toBe(1);
    expect(payments.sum("quadrille_calls_total", { outcome: "failed" })).toBe(2);
    expect(payments.sum("quadrille_call_seconds_count")).toBe(payments.sum("quadrille_calls_total"));
  });

  test("of orders are those of the shop, and each order is counted once, however often one asks", async () => {
    const countOf = async (status: string) =>
      (await shop.get("orders", `/orders?limit=100&status=${status}`)).body.orders.length;
    const ended = (await countOf("completed")) + (await countOf("cancelled"));
    const [first, second] = [await scrape("orders"), await scrape("orders")];
    for (const found of [first, second]) {
      for (const status of ["pending", "in-review", "completed", "cancelled"])
        expect(found.sum("quadrille_orders", { status }), status).toBe(await countOf(status));
      expect(found.sum("quadrille_order_seconds_count")).toBe(ended);
    }
    const seconds = second.sum("quadrille_order_seconds_sum")!;
    expect(seconds).toBeGreaterThan(0);
    // No order has taken longer than the shop has been open.
    expect(seconds).toBeLessThan((ended * (performance.now() - openedAt)) / 1_000);
  });

  test("of orders go on after a restart where the database is, and count anew what ends from then on", async () => {
    const before = await scrape("orders");
    await shop.stack.restart(["orders"], () => {});
    await scrape("orders");
    await shop.ended(await shop.place());
    const after = await scrape("orders");
    const completed = { status: "completed" };
    expect(after.sum("quadrille_orders", completed)).toBe(before.sum("quadrille_orders", completed)! + 1);
    expect(after.sum("quadrille_order_seconds_count")).toBe(1);
  });

  test("of requests go by the route and not by what callers make up", async () => {
    const orderId = await shop.place();
    await shop.ended(orderId);
    for (const path of ["/orders/0190c0de-0000-7000-8000-000000000001", "/wp-login.php", "/a/b/c"])
      await fetch(`${shop.stack.url("orders")}${path}`);
    const found = await scrape("orders");
    const count = (route: string, status: string) => found.sum("http_requests_total", { route, status });
    expect(count("/orders/:id", "200")).toBeGreaterThanOrEqual(1);
    expect(count("/orders/:id", "404")).toBe(1);
    expect(count("(none)", "404")).toBe(2);
    expect(found.values("http_requests_total", "route")).not.toContain("/wp-login.php");
    expect(found.sum("quadrille_commands_total", { command: "place", outcome: "done" })).toBe(2);
  });

  test("tell of facts that wait while NATS is away, and how long, and of none when it is back", async () => {
    await until("orders", "quadrille_outbox_facts", {}, 0);
    await shop.stack.nats.restart(async () => {
      const { status } = await shop.post("orders", "/orders", anOrder());
      expect(status).toBe(202);
      await until("orders", "quadrille_outbox_facts", {}, 1);
      const age = (await scrape("orders")).sum("quadrille_outbox_age_seconds")!;
      expect(age).toBeGreaterThan(0);
    });
    const after = await until("orders", "quadrille_outbox_facts", {}, 0);
    expect(after.sum("quadrille_outbox_age_seconds")).toBe(0);
  });

  test("tell of what is put aside", async () => {
    expect((await scrape("risk")).sum("quadrille_parked")).toBe(0);
    const connection = await shop.stack.connect();
    connection.publish("order.created.0190c0de-0000-7000-8000-00000000dead", "no order");
    await connection.drain();
    await until("risk", "quadrille_parked", { state: "failed" }, 1);
    // Counted when the message is acknowledged, which is after it was noted.
    await until("risk", "quadrille_deliveries_total", { outcome: "parked", fact: "unreadable" }, 1);
  });
});

describe("dashboard and alerts", () => {
  const known = async () => {
    const names = [...services.map(({ name }) => name), MONITOR];
    const all = await Promise.all(names.map(scrape));
    return new Set(["up", ...all.flatMap(({ types }) => [...types.keys()])]);
  };

  test("ask for no figure that nobody has", async () => {
    const dashboard = JSON.parse(read("grafana/dashboards/quadrille.json"));
    const asked = dashboard.panels.flatMap((panel: { targets?: { expr: string }[] }) => panel.targets ?? []);
    const rules = parse(read("prometheus/alerts.yml")).groups[0].rules as { expr: string }[];
    const figures = [...asked, ...rules].flatMap(({ expr }: { expr: string }) => figuresIn(expr));

    expect(figures.length).toBeGreaterThan(40);
    const there = await known();
    expect(figures.filter((name) => !there.has(name))).toEqual([]);
  });

  test("leave out no figure of the kit", async () => {
    const text = read("grafana/dashboards/quadrille.json");
    const ours = [...(await known())].filter((name) => name.startsWith("quadrille_"));
    expect(ours.filter((name) => !text.includes(name))).toEqual([]);
  });
});

test("a figure is found in an expression, whatever is around it", () => {
  expect(figuresIn('sum by (a, b) (rate(one_bucket{x=~"y|z"}[5m])) > 0.1 unless on () two == 0')).toEqual([
    "one",
    "two",
  ]);
});
