// Whom the doors turn away: other sites that a browser has open, and strangers' names for this machine.

import { expect, test } from "vitest";
import { httpApp } from "../../shared/http/app.ts";

function door(names?: string) {
  const app = httpApp({ name: "orders", names, ready: () => ({ ready: true }), log: console });
  app.post("/cancellation", (c) => c.json({ done: true }));
  return async (headers: Record<string, string>, path = "/healthz", method = "GET") =>
    (await app.request(path, { headers, method })).status;
}

test.each(["127.0.0.1:8081", "localhost:8081", "LocalHost", "[::1]:8081", "192.168.1.20", "orders:8080"])(
  "whoever asks for %s is answered",
  async (host) => {
    expect(await door()({ host })).toBe(200);
  },
);

test.each([
  "evil.example",
  "evil.example:8081",
  "127.0.0.1.evil.example",
  "evil.example.",
  "[::1].evil.example",
  "",
  "a b",
])("whoever asks for %j is not, wherever it is", async (host) => {
  for (const path of ["/healthz", "/docs", "/openapi.json", "/nowhere"])
    expect(await door()({ host }, path)).toBe(403);
});

test("a name with a dot is answered to once it is said to be ours, and no other", async () => {
  const ask = door("orders.example,Shop.example");
  expect(await ask({ host: "orders.example" })).toBe(200);
  expect(await ask({ host: "shop.example:443", origin: "https://shop.example:443" })).toBe(200);
  expect(await ask({ host: "evil.orders.example" })).toBe(403);
  expect(await door("")({ host: ".example" })).toBe(403);
});

test("another site changes nothing, with or without a body, and learns nothing", async () => {
  const host = "127.0.0.1:8080";
  const ask = door();
  for (const theirs of [
    { origin: "http://evil.example" },
    { origin: "null" },
    { origin: "http://127.0.0.1:9999" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ]) {
    expect(await ask({ host, ...theirs }, "/cancellation", "POST")).toBe(403);
  }
  expect(await ask({ host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors" })).toBe(403);
  expect(
    await ask({ host, origin: `http://${host}`, "sec-fetch-site": "same-origin" }, "/cancellation", "POST"),
  ).toBe(200);
});

test("a link from another site is followed", async () => {
  const headers = { host: "localhost", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" };
  expect(await door()(headers)).toBe(200);
});
