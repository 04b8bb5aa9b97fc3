// What is said of an order that the stream does not have, and of what is no order.

import { expect, it } from "vitest";
import { adviceFor } from "../../apps/monitor/advice.ts";
import { loadConfig } from "../../shared/config.ts";
import { heard, ORDER } from "../pure/given.ts";
import { created, tell, workOf } from "./circumstances.ts";
import { toldOf } from "./told.ts";

it("of an order that is older than the stream, services still know", () => {
  const work = new Map([
    ["orders", workOf()],
    ["inventory", workOf({ handled: [created.id] })],
  ]);
  expect(tell({ told: [], work })).toMatchObject({
    situation: "unknown",
    sentence: `The stream has nothing on order ${ORDER} any more, but inventory has handled events of it: it is older than what the stream keeps, or was deleted there.`,
    command: `curl http://127.0.0.1:8080/orders/${ORDER}`,
  });
});

it("of an order that the service orders can't be asked for, nobody says that there is none", () => {
  expect(tell({ told: [] })).toMatchObject({
    situation: "unknown",
    at: "orders",
    sentence: `Nothing has been said about order ${ORDER} so far, and orders does not answer: it may have taken it without being able to say so.`,
    command: "npm run -s restart -- orders",
  });
});

it("of an order that nobody knows, nothing was ever said", () => {
  expect(tell({ told: [], work: new Map([["orders", workOf()]]) })).toMatchObject({
    situation: "unknown",
    sentence: `There is no order ${ORDER}: nothing was ever said about it.`,
  });
});

it("of goods, that they are no order", () => {
  const adjusted = heard(
    "stock.adjusted",
    { sku: "TEA-001", delta: 5, reason: "delivery" },
    { key: "TEA-001" },
  );
  expect(tell({ orderId: "TEA-001", told: toldOf([adjusted]) })).toMatchObject({
    situation: "unknown",
    sentence: "TEA-001 is not an order: all that was said about it is stock.adjusted.",
  });
});

it("where services run in containers, commands are those of Docker Compose", () => {
  const inContainers = adviceFor(loadConfig({ SERVICE_URL: "http://{service}:{port}" }));

  expect(inContainers.restart("risk")).toBe("docker compose restart risk");
  expect(inContainers.showParked(12)).toBe("docker compose run --rm parked show 12");
  expect(inContainers.reviewAt(ORDER)).toContain("http://127.0.0.1:8084/reviews/");
});
