// How the HTTP base answers, well and badly.

import { describe, expect, test } from "vitest";
import { ordersApp } from "./orders.ts";

const JSON_TYPE = { "content-type": "application/json" };
const GOOD = { lines: [{ sku: "TEA-100", quantity: 2 }] };

const post = (body: RequestInit["body"], headers: Record<string, string> = JSON_TYPE, path = "/orders") =>
  ordersApp().app.request(path, { method: "POST", headers, body: body ?? null, duplex: "half" });

/** The problem in a response, once it is sure to be one. */
async function problem(response: Response) {
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const body = (await response.json()) as Record<string, unknown>;
  expect(body).toMatchObject({
    type: expect.any(String),
    title: expect.any(String),
    status: response.status,
  });
  return body;
}

describe("bodies", () => {
  test("takes a good one", async () => {
    const response = await post(JSON.stringify(GOOD));
    expect(response.status).toBe(202);
    expect(await response.json()).toMatchObject(GOOD);
  });

  test.each(["application/json; charset=utf-8", "application/vnd.quadrille+json"])(
    "takes %s",
    async (type) => {
      expect((await post(JSON.stringify(GOOD), { "content-type": type })).status).toBe(202);
    },
  );

  const big = JSON.stringify({ ...GOOD, note: "x".repeat(256 * 1024) });
  const chunked = (text: string) => new Blob([text]).stream();

  test("answers 413 with a problem when the body is over 256 KiB", async () => {
    const response = await post(big, { ...JSON_TYPE, "content-length": String(big.length) });
    expect(response.status).toBe(413);
    expect(await problem(response)).toMatchObject({ detail: "A request body may be at most 256 KiB." });
  });

  test("answers 413 when a chunked body turns out to be over 256 KiB", async () => {
    const response = await post(chunked(big), { ...JSON_TYPE, "transfer-encoding": "chunked" });
    expect(response.status).toBe(413);
    await problem(response);
  });

  test("asks to close the connection when it stops reading an endless body", async () => {
    const response = await post(chunked("x".repeat(5 * 1024 * 1024)));
    expect(response.status).toBe(413);
    expect(response.headers.get("connection")).toBe("close");
  });

  test("takes a body of exactly 256 KiB", async () => {
    const text = JSON.stringify({ ...GOOD, note: "" });
    const exact = text.replace('""', `"${"x".repeat(256 * 1024 - text.length)}"`);
    expect((await post(exact)).status).toBe(202);
    expect((await post(chunked(exact))).status).toBe(202);
    expect((await post(`${exact} `)).status).toBe(413);
  });

  test("answers 400 when the body breaks off", async () => {
    const broken = new ReadableStream({ start: (controller) => controller.error(new Error("aborted")) });
    const response = await post(broken);
    expect(response.status).toBe(400);
    expect(await problem(response)).toMatchObject({ detail: "The request body broke off." });
  });

  test.each([
    "text/plain",
    "application/x-www-form-urlencoded",
    "multipart/form-data",
    "application/jsonp",
    "json",
  ])("answers 415 to %s", async (type) => {
    const response = await post(JSON.stringify(GOOD), { "content-type": type });
    expect(response.status).toBe(415);
    expect(await problem(response)).toMatchObject({ detail: expect.stringContaining("application/json") });
  });

  test("answers 415 to a body of no stated type where JSON is wanted", async () => {
    const response = await post(new TextEncoder().encode(JSON.stringify(GOOD)), {});
    expect(response.status).toBe(415);
    await problem(response);
  });

  test("answers 422 to nothing at all where JSON is wanted", async () => {
    const response = await post(null, {});
    expect(response.status).toBe(422);
    expect(await problem(response)).toMatchObject({
      errors: [{ pointer: "#/lines", detail: "Is required." }],
    });
  });

  test("needs no type for an empty POST to a route without a body", async () => {
    expect((await post(null, {}, "/ping")).status).toBe(200);
    const form = { "content-type": "application/x-www-form-urlencoded", "content-length": "0" };
    expect((await post(null, form, "/ping")).status).toBe(200);
  });

  test.each(["", "{", "{'a':1}", '{"a":"\0"}', "\0", "[".repeat(200_000), "NaN"])(
    "answers 400 to malformed JSON %#",
    async (text) => {
      const response = await post(text);
      expect(response.status).toBe(400);
      expect(await problem(response)).toMatchObject({ detail: "The request body is not well-formed JSON." });
    },
  );

  test("answers 422 with every bad field", async () => {
    const response = await post(JSON.stringify({ lines: [{ sku: "", quantity: "2" }], zip: 1 }));
    expect(response.status).toBe(422);
    expect(await problem(response)).toMatchObject({
      type: "urn:quadrille:problem:body-invalid",
      errors: [
        { pointer: "#/lines/0/sku", detail: "Must have at least 1 character." },
        { pointer: "#/lines/0/quantity", detail: "Must be of type number, not string." },
        { pointer: "#/zip", detail: "Is not a known field." },
      ],
    });
  });

  test.each(["null", "1", "[]", '"text"'])("answers 422 to %s instead of an object", async (text) => {
    expect((await post(text)).status).toBe(422);
  });

  test("refuses keys that aim at prototypes and pollutes none", async () => {
    const response = await post(
      '{"__proto__":{"polluted":1},"constructor":{"prototype":{"polluted":1}},"lines":[]}',
    );
    expect(response.status).toBe(422);
    expect({}).not.toHaveProperty("polluted");
  });

  test("passes an escaped NUL in a string on as it is", async () => {
    expect((await post(JSON.stringify({ ...GOOD, note: "a\0b" }))).status).toBe(202);
  });
});

describe("parameters", () => {
  test("answers 400 and names a bad query parameter", async () => {
    const response = await ordersApp().app.request("/orders?limit=1000");
    expect(response.status).toBe(400);
    expect(await problem(response)).toMatchObject({
      type: "urn:quadrille:problem:parameters-invalid",
      detail: "The request has an invalid query parameter. See errors.",
      errors: [{ parameter: "limit", detail: "Must be at most 100." }],
    });
  });

  test.each(["42", "%00", "%E0%A4", "..%2f"])("answers 400 to the path parameter %s", async (id) => {
    const response = await ordersApp().app.request(`/orders/${id}`);
    expect(response.status).toBe(400);
    expect(await problem(response)).toMatchObject({ errors: [{ parameter: "id", detail: "Invalid UUID." }] });
  });

  test("is not confused by a parameter named __proto__", async () => {
    expect((await ordersApp().app.request("/orders?__proto__=1&__proto__=2")).status).toBe(200);
  });
});

describe("failures", () => {
  test("answers a problem thrown in a route as it is, unlogged", async () => {
    const { app, logged } = ordersApp();
    const response = await app.request("/orders/0190f4b2-6c1e-7a3d-9b58-2f4d1c0a7e91");
    expect(response.status).toBe(404);
    expect(await problem(response)).toMatchObject({ type: "urn:quadrille:problem:order-unknown" });
    expect(logged).toEqual([]);
  });

  test("answers 404 where there is no route", async () => {
    const response = await ordersApp().app.request("/nowhere");
    expect(response.status).toBe(404);
    expect(await problem(response)).toMatchObject({ detail: "There is nothing at /nowhere." });
  });

  test("answers 405 with the methods there are", async () => {
    const response = await ordersApp().app.request("/orders", { method: "DELETE" });
    expect(response.status).toBe(405);
    expect(response.headers.get("allow")?.split(", ").sort()).toEqual(["GET", "HEAD", "POST"]);
    await problem(response);
  });

  test.each(["/broken", "/odd"])("answers 500 without a word of why, and logs why, at %s", async (path) => {
    const { app, logged } = ordersApp();
    const response = await app.request(path);
    expect(response.status).toBe(500);
    const { detail, ...rest } = await problem(response);
    expect(detail).toBe("The service failed to answer this request. Try again later.");
    expect(Object.keys(rest).sort()).toEqual(["status", "title", "type"]);
    expect(logged).toMatchObject([
      { fields: { err: expect.any(Error), method: "GET", path }, message: "request failed" },
    ]);
  });
});

describe("health", () => {
  test("is alive", async () => {
    const response = await ordersApp().app.request("/healthz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ok", service: "orders" });
  });

  test("is ready when the service says so", async () => {
    const response = await ordersApp().app.request("/readyz");
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ status: "ready" });
  });

  test("answers 503 with the reason when it is not ready", async () => {
    const response = await ordersApp({ ready: false, reason: "NATS is away." }).app.request("/readyz");
    expect(response.status).toBe(503);
    expect(await problem(response)).toMatchObject({ detail: "NATS is away." });
  });

  test("is still alive when it is not ready", async () => {
    expect((await ordersApp({ ready: false }).app.request("/healthz")).status).toBe(200);
  });
});

describe("headers", () => {
  test.each(["/healthz", "/docs", "/nowhere", "/broken"])(
    "forbids scripts and framing at %s",
    async (path) => {
      const { headers } = await ordersApp().app.request(path);
      const policy = headers.get("content-security-policy");
      expect(policy).toMatch(/^default-src 'none'; style-src 'sha256-/);
      expect(policy).not.toContain("script");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(headers.get("x-content-type-options")).toBe("nosniff");
      expect(headers.get("x-frame-options")).toBe("DENY");
    },
  );

  test("lets a handler set its own policy", async () => {
    const { app } = ordersApp();
    app.get("/page", (c) => c.html("", 200, { "content-security-policy": "default-src 'self'" }));
    const { headers } = await app.request("/page");
    expect(headers.get("content-security-policy")).toBe("default-src 'self'");
  });
});
