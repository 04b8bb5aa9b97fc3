// What the order endpoint lets in, and how it says no.
// biome-ignore-all lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.

import BetterSqlite from "better-sqlite3";
import { pino } from "pino";
import { beforeEach, expect, test } from "vitest";
import { routes } from "../../apps/orders/http.ts";
import { orders } from "../../apps/orders/service.ts";
import { SEARCHED } from "../../apps/orders/store.ts";
import { MAX_LONG } from "../../shared/contracts/events.ts";
import { httpApp } from "../../shared/http/app.ts";
import { Runtime } from "../../shared/service/runtime.ts";
import { anOrder, type Placement } from "../support/order.ts";

let app: ReturnType<typeof httpApp>;
let runtime: Runtime<ReturnType<typeof orders.store>, unknown>;

beforeEach(() => {
  const publish = () => Promise.reject(new Error("the broker is down"));
  const log = pino({ level: "silent" });
  runtime = new Runtime(orders, { db: new BetterSqlite(":memory:"), port: undefined, publish, log });
  app = httpApp({ name: "orders", ready: () => ({ ready: true }), log });
  routes(app, runtime);
});

async function post(body: unknown, headers: Record<string, string> = {}) {
  const response = await app.request("/orders", {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: typeof body === "string" || body instanceof Buffer ? body : JSON.stringify(body),
  });
  return {
    status: response.status,
    type: response.headers.get("content-type"),
    body: (await response.json()) as any,
  };
}

function stored(): number {
  return runtime.engine.store.list({ limit: 100 }).length;
}

function line(change: Partial<Placement["lines"][number]> = {}) {
  return { sku: "TEA-001", quantity: 1, unitPriceCents: 450, ...change };
}

/** An order with something in it that nobody reads, so deep that it can't be told again. */
function nested(depth: number): string {
  return `{"extra":${"[".repeat(depth)}${"]".repeat(depth)},${JSON.stringify(anOrder()).slice(1)}`;
}

const bad: [string, Record<string, unknown>, string[]][] = [
  [
    "a field that nobody reads, such as a misspelt one",
    { shippingPriorty: "EXPRESS" },
    ["#/shippingPriorty"],
  ],
  ["the same in a line", { lines: [{ ...line(), unitPrice: 450 }] }, ["#/lines/0/unitPrice"]],
  ["an empty customer id", { customerId: " " }, ["#/customerId"]],
  ["an email without a domain", { email: "ada" }, ["#/email"]],
  ["an unknown plan", { plan: "GOLD" }, ["#/plan"]],
  ["an unknown speed", { shippingPriority: "TELEPORT" }, ["#/shippingPriority"]],
  ["a currency that is none", { currency: "euro" }, ["#/currency"]],
  ["no lines", { lines: [] }, ["#/lines"]],
  ["101 lines", { lines: Array.from({ length: 101 }, (_, n) => line({ sku: `S-${n}` })) }, ["#/lines"]],
  ["a SKU that could not be part of a subject", { lines: [line({ sku: "tea.>" })] }, ["#/lines/0/sku"]],
  ["the same SKU twice", { lines: [line(), line()] }, ["#/lines/1/sku"]],
  ["a quantity of zero", { lines: [line({ quantity: 0 })] }, ["#/lines/0/quantity"]],
  ["a quantity of half a piece", { lines: [line({ quantity: 0.5 })] }, ["#/lines/0/quantity"]],
  ["a huge quantity", { lines: [line({ quantity: 1e9 })] }, ["#/lines/0/quantity"]],
  ["a negative price", { lines: [line({ unitPriceCents: -1 })] }, ["#/lines/0/unitPriceCents"]],
  ["a total beyond 2^53", { lines: [line({ quantity: 2, unitPriceCents: MAX_LONG })] }, ["#/lines"]],
  ["a price beyond 2^53", { lines: [line({ unitPriceCents: 2 ** 53 })] }, ["#/lines/0/unitPriceCents"]],
  ["a payment token with spaces", { paymentToken: "tok approve" }, ["#/paymentToken"]],
  ["an address without a city", { shipTo: { ...anOrder().shipTo, city: undefined } }, ["#/shipTo/city"]],
  [
    "several faults at once",
    { email: "", lines: [line({ quantity: -1 })] },
    ["#/email", "#/lines/0/quantity"],
  ],
];

test.each(bad)(
  "refuses %s with one entry for each bad field, and stores nothing",
  async (_, change, pointers) => {
    const { status, type, body } = await post({ ...anOrder(), ...change });
    expect({ status, type }).toEqual({ status: 422, type: "application/problem+json" });
    expect(body.errors.map(({ pointer }: { pointer: string }) => pointer).sort()).toEqual(pointers);
    expect(stored()).toBe(0);
  },
);

test.each([
  ["JSON that breaks off", '{"customerId":', {}, 400],
  ["an array", "[]", {}, 422],
  [
    "text that is not UTF-8",
    Buffer.from(JSON.stringify(anOrder({ customerId: "Zo\xeb" })), "latin1"),
    {},
    400,
  ],
  ["half a character", JSON.stringify({ ...anOrder(), customerId: "\ud83c" }), {}, 422],
  ["lists in lists without end", nested(100_000), { "idempotency-key": "deep" }, 422],
  ["another content type", "customerId=c-42", { "content-type": "application/x-www-form-urlencoded" }, 415],
  ["a body over 256 KiB", JSON.stringify({ ...anOrder(), customerId: "x".repeat(300_000) }), {}, 413],
  ["an Idempotency-Key with spaces", JSON.stringify(anOrder()), { "idempotency-key": "a b" }, 400],
])("refuses %s, and stores nothing", async (_, body, headers, expected) => {
  const { status, type } = await post(body, headers as Record<string, string>);
  expect({ status, type }).toEqual({ status: expected, type: "application/problem+json" });
  expect(stored()).toBe(0);
});

test("accepts an order while the broker is down", async () => {
  const { status, body } = await post(anOrder());
  expect({ status, body }).toEqual({ status: 202, body: { orderId: expect.any(String), status: "pending" } });
  expect(stored()).toBe(1);
});

test("takes the speed that is asked for, STANDARD if none is, and shows it", async () => {
  for (const [asked, shown] of [
    [{ shippingPriority: "EXPRESS" }, "EXPRESS"],
    [{ shippingPriority: "STANDARD" }, "STANDARD"],
    [{}, "STANDARD"],
  ] as const) {
    const { body } = await post({ ...anOrder(), ...asked });
    const answer = await app.request(`/orders/${body.orderId}`);
    expect(await answer.json()).toMatchObject({ shippingPriority: shown });
  }
});

test("accepts the largest total that there can be, exactly", async () => {
  const { body } = await post(anOrder({ lines: [line({ unitPriceCents: MAX_LONG })] }));
  expect(runtime.engine.store.find(body.orderId)?.totalCents).toBe(MAX_LONG);
});

test("gives the same answer to the same order under the same Idempotency-Key, also at the same time", async () => {
  const key = { "idempotency-key": "once" };
  const answers = await Promise.all([post(anOrder(), key), post(anOrder(), key)]);
  answers.push(await post(anOrder(), key));
  expect(new Set(answers.map(({ body }) => body.orderId)).size).toBe(1);
  expect(answers.map(({ status }) => status)).toEqual([202, 202, 202]);
  expect(stored()).toBe(1);
});

test("refuses another order under a used Idempotency-Key", async () => {
  const key = { "idempotency-key": "once" };
  await post(anOrder(), key);
  const { status, body } = await post(anOrder({ customerId: "c-43" }), key);
  expect({ status, type: body.type }).toEqual({
    status: 422,
    type: "urn:quadrille:problem:idempotency-key-reused",
  });
  expect(stored()).toBe(1);
});

test("does not find an order that there is not, nor a page of a status that there is not", async () => {
  expect((await app.request("/orders/none")).status).toBe(404);
  expect((await app.request("/orders/none/stream")).status).toBe(404);
  expect((await app.request("/orders?status=lost")).status).toBe(400);
  expect((await app.request("/orders?limit=0")).status).toBe(400);
  expect((await app.request("/orders?cursor=zzz")).status).toBe(400);
  expect((await app.request("/orders?cursor=")).status).toBe(400);
});

test("refuses the same order with one more field under a used Idempotency-Key", async () => {
  const key = { "idempotency-key": "once" };
  await post(anOrder(), key);
  expect((await post({ ...anOrder(), note: "by the back door" }, key)).status).toBe(422);
});

test("says that there is a next page only when there is", async () => {
  await post(anOrder());
  await post(anOrder());
  const page = async (query: string) => (await (await app.request(`/orders?${query}`)).json()) as any;
  const first = await page("limit=1");
  const second = await page(`limit=1&cursor=${first.next}`);
  expect([first.orders.length, second.orders.length, second.next]).toEqual([1, 1, undefined]);
  expect((await page("status=completed")).orders).toEqual([]);
  expect((await page("status=pending")).orders).toHaveLength(2);
});

test("lists the oldest first when asked to, page by page, of one status as well", async () => {
  const placed = [await post(anOrder()), await post(anOrder()), await post(anOrder())].map(
    ({ body }) => body.orderId,
  );
  for (const status of ["", "status=pending&"]) {
    const found: string[] = [];
    for (let query = `${status}order=oldest&limit=2`; query; ) {
      const { orders, next } = (await (await app.request(`/orders?${query}`)).json()) as any;
      found.push(...orders.map(({ orderId }: { orderId: string }) => orderId));
      query = next ? `${status}order=oldest&limit=2&cursor=${next}` : "";
    }
    expect(found).toEqual(placed);
  }
  expect((await app.request("/orders?order=best")).status).toBe(400);
});

test("finds orders by a part of their id, and by a part of their customer, of one status as well", async () => {
  const [ada, bob] = [
    await post(anOrder({ customerId: "Ada 100%" })),
    await post(anOrder({ customerId: "bob_1" })),
  ];
  const search = async (query: Record<string, string>) => {
    const response = await app.request(`/orders?${new URLSearchParams(query)}`);
    return ((await response.json()) as any).orders.map(
      ({ customerId }: { customerId: string }) => customerId,
    );
  };
  expect(await search({ id: ada.body.orderId.slice(-9).toUpperCase() })).toEqual(["Ada 100%"]);
  expect(await search({ id: bob.body.orderId })).toEqual(["bob_1"]);
  expect(await search({ customer: "ada" })).toEqual(["Ada 100%"]);
  expect(await search({ customer: "%" })).toEqual(["Ada 100%"]);
  expect(await search({ customer: "' OR 1=1 --" })).toEqual([]);
  expect(await search({ customer: "b", status: "completed" })).toEqual([]);
  expect(await search({ customer: "b", id: ada.body.orderId })).toEqual([]);
  expect(await search({ customer: "b", order: "oldest", status: "pending" })).toEqual(["bob_1"]);
  expect((await app.request("/orders?id=tea")).status).toBe(400);
  expect((await app.request(`/orders?customer=${"x".repeat(65)}`)).status).toBe(400);
});

test("searches through so many orders at a time, and says where to go on until all were looked at", async () => {
  const { body: first } = await post(anOrder({ customerId: "the first" }));
  const data = { ...anOrder(), totalCents: 450, shippingPriority: "STANDARD", orderId: "" };
  for (let n = 0; n < SEARCHED; n++) {
    const key = `fffffff0-0000-7000-8000-${`${n}`.padStart(12, "0")}`;
    runtime.engine.store.record({
      type: "order.created",
      key,
      time: 1,
      data: { ...data, orderId: key },
    } as any);
  }
  const page = async (query: string) => (await (await app.request(`/orders?${query}`)).json()) as any;

  const none = await page("customer=first");
  expect(none).toEqual({ orders: [], next: "fffffff0-0000-7000-8000-000000000000" });
  const found = await page(`customer=first&cursor=${none.next}`);
  expect(found.orders).toMatchObject([{ orderId: first.orderId }]);
  expect(found.next).toBeUndefined();
});

test("keeps the caller's trace for the facts to come, if it is well-formed", async () => {
  const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  await post(anOrder(), { traceparent: trace });
  await post(anOrder(), { traceparent: "not a trace" });
  expect(runtime.engine.outboxAfter(0).map(({ traceparent }) => traceparent)).toEqual([trace, null]);
});

test("does not count those who ask for a stream's head only among its watchers", async () => {
  const { body } = await post(anOrder());
  for (let n = 0; n < 1_001; n++) {
    expect((await app.request(`/orders/${body.orderId}/stream`, { method: "HEAD" })).status).toBe(200);
  }
  const watched = await app.request(`/orders/${body.orderId}/stream`);
  expect(watched.status).toBe(200);
  await watched.body?.cancel();
});
