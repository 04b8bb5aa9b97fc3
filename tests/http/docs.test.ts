// The OpenAPI document and the page that shows it.

import { createHash } from "node:crypto";
import { beforeAll, describe, expect, test } from "vitest";
import { docsPage } from "../../shared/http/docs/page.ts";
import { ordersApp } from "./orders.ts";

test("serves an OpenAPI 3.1 document with the service's name", async () => {
  const response = await ordersApp().app.request("/openapi.json");
  expect(response.status).toBe(200);
  expect(await response.json()).toMatchObject({
    openapi: "3.1.0",
    info: { title: "orders", version: "0.1.0" },
    paths: {
      "/orders": {
        post: {
          requestBody: {
            required: true,
            content: { "application/json": { schema: { $ref: "#/components/schemas/NewOrder" } } },
          },
          responses: {
            409: {
              content: { "application/problem+json": { schema: { $ref: "#/components/schemas/Problem" } } },
            },
          },
        },
      },
    },
  });
});

describe("the page", () => {
  let page: string;
  let policy: string;
  beforeAll(async () => {
    const response = await ordersApp().app.request("/docs");
    expect(response.headers.get("content-type")).toMatch("text/html");
    policy = response.headers.get("content-security-policy") ?? "";
    page = await response.text();
  });

  test("lists every operation and links to it", () => {
    for (const id of ["post-orders", "get-orders", "get-orders-id", "problems"]) {
      expect(page).toContain(`href="#${id}"`);
      expect(page).toContain(`id="${id}"`);
    }
    expect(page).toContain("Place an order");
  });

  test("breaks paths at their slashes, if anywhere", () => {
    expect(page).toContain("<code>/orders<wbr>/{id}</code>");
    expect(page).toContain("<code>/orders</code>");
  });

  test("shows fields behind references, with types and bounds", () => {
    expect(page).toContain("<code>lines[].sku</code> <small>required</small>");
    expect(page).toContain("string, 1 to 40 characters");
    expect(page).toContain("integer, 1 to 99");
    expect(page).toContain("integer, 1 to 100, default 20, in query");
    expect(page).toContain("&quot;placed&quot; | &quot;confirmed&quot;");
    expect(page).not.toContain("$ref");
  });

  test("shows an example of every body", () => {
    expect(page).toContain("&quot;sku&quot;: &quot;TEA-100&quot;,\n      &quot;quantity&quot;: 1");
  });

  test("shows responses by status", () => {
    expect(page).toMatch(/202 <span>Accepted<\/span>/);
    expect(page).toContain("It was placed before.");
  });

  test("escapes what the document says", () => {
    expect(page).toContain("Answers at once &amp; works &lt;b&gt;later&lt;/b&gt;.");
    expect(page).not.toContain("<script");
  });

  test("loads nothing, and its only style is the one the policy allows", () => {
    expect(page).not.toMatch(/<link|<img|src=|style="|@import|url\(/);
    const styles = [...page.matchAll(/<style>(.*?)<\/style>/gs)].map(([, style]) => style ?? "");
    expect(styles).toHaveLength(1);
    expect(policy).toContain(`'sha256-${createHash("sha256").update(styles[0]!).digest("base64")}'`);
  });

  test("fits phones and the dark", () => {
    expect(page).toContain('name="viewport"');
    expect(page).toContain("prefers-color-scheme: dark");
  });
});

describe("odd documents", () => {
  const show = (schema: object, schemas = {}) => {
    const content = { "application/json": { schema } };
    const responses = { 200: { description: "Fine.", content } };
    const info = { title: "odd", version: "0" };
    return String(docsPage({ info, paths: { "/": { get: { responses } } }, components: { schemas } }));
  };

  test("ends a schema that holds itself", () => {
    const tree = { type: "object", properties: { child: { $ref: "#/components/schemas/Tree" } } };
    expect(show({ $ref: "#/components/schemas/Tree" }, { Tree: tree })).toContain("<code>child</code>");
  });

  test("survives a reference to nothing", () => {
    expect(show({ $ref: "#/components/schemas/Gone" })).toContain("Fine.");
  });

  test("joins allOf and offers the first of anyOf", () => {
    const a = { type: "object", properties: { a: { const: 1 } }, required: ["a"] };
    const b = {
      anyOf: [{ type: "object", properties: { b: { type: ["string", "null"] } } }, { type: "null" }],
    };
    const page = show({ allOf: [a, b] });
    expect(page).toContain("{\n  &quot;a&quot;: 1,\n  &quot;b&quot;: &quot;string&quot;\n}");
    expect(page).toContain("string | null");
  });

  test("shows text as it is sent", () => {
    expect(show({ type: "string", example: "event: status\ndata: {}" })).toContain(
      "<code>event: status\ndata: {}<",
    );
  });

  test("needs no operations", () => {
    expect(String(docsPage({ info: { title: "empty", version: "0" } }))).toContain("<h1>empty</h1>");
  });
});
