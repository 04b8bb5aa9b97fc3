// The monitor's door before it has seen NATS, and without the operators' password: it says what it can't, and stays up.

import { beforeEach, describe, expect, it } from "vitest";
import { actions } from "../../apps/monitor/actions.ts";
import { routes } from "../../apps/monitor/http.ts";
import { Monitor } from "../../apps/monitor/monitor.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { httpApp } from "../../shared/http/app.ts";
import { createLog } from "../../shared/observability/log.ts";

let app: ReturnType<typeof httpApp>;

beforeEach(() => {
  const config = loadConfig({ SERVICE_URL: "http://127.0.0.1:1" });
  const log = createLog("monitor", "silent");
  const monitor = new Monitor(allServices(config), config, log);
  app = httpApp({ name: "monitor", ready: () => monitor.state, log });
  routes(app, monitor);
  actions(app, monitor);
});

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.
const body = async (response: Response | Promise<Response>): Promise<any> => (await response).json();
const get = async (path: string) => app.request(path);
const post = (path: string, body: object) =>
  app.request(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });

describe("a monitor that has not seen NATS", () => {
  it.each(["/api/consumers", "/api/parked", "/api/schemas", "/api/orders/x", "/api/reviews"])(
    "answers %s with 503",
    async (path) => {
      expect((await get(path)).status).toBe(503);
    },
  );

  it("shows the map all the same, and no orders", async () => {
    const { services, people } = await body(get("/api/map"));
    expect(services.map(({ name }: { name: string }) => name)).toContain("analytics");
    expect(people).toContainEqual({ to: "risk", commands: ["review"] });
    expect(await (await get("/api/orders")).json()).toEqual({ orders: [], from: "stream" });
  });

  it("says of an order that NATS is not there", async () => {
    expect(await (await get("/api/orders/x/why")).json()).toMatchObject({ situation: "stuck", at: "NATS" });
  });

  it("describes itself", async () => {
    const { paths } = await body(get("/openapi.json"));
    expect(Object.keys(paths)).toContain("/api/orders/{id}/why");
    expect((await get("/docs")).status).toBe(200);
  });
});

describe("without the operators' password", () => {
  it.each([
    ["/api/reviews/x", { decision: "approve" }],
    ["/api/parked/redrive", { ids: [1] }],
    ["/api/parked/discard", { id: 1, reason: "no use" }],
  ])("%s is off, and says why", async (path, asked) => {
    const response = await post(path, asked);

    expect(response.status).toBe(403);
    expect((await body(response)).detail).toContain("OPERATOR_PASSWORD");
  });
});

it("what makes no sense is refused", async () => {
  expect((await post("/api/parked/redrive", {})).status).toBe(422);
  expect((await post("/api/parked/redrive", { ids: [1], group: "x" })).status).toBe(422);
  expect((await post("/api/parked/discard", { id: 1 })).status).toBe(422);
  expect((await get("/api/orders/a.b")).status).toBe(400);
  expect((await get("/api/orders?limit=1000")).status).toBe(400);
  expect((await get("/api/orders?id=tea")).status).toBe(400);
});
