// Each branch of the flow over the real stack, and what a customer sees of it.

import { once } from "node:events";
import { connect } from "node:net";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { MAX_EVENT_SIZE } from "../../shared/nats/provision.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { anOrder } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

let mailbox: Mailbox;
let shop: TestStack;

beforeAll(async () => {
  mailbox = await openMailbox();
  shop = await TestStack.start({ SMTP_URL: mailbox.url, SCHEMA_WAIT_MS: "1000" });
  await shop.stockUp("TEA-001", 1_000);
});

afterAll(async () => {
  await shop?.stop();
  await mailbox?.close();
});

beforeEach(() => shop.explainFailure());

/** What a message is parked on, but for where it was in the stream. */
function withoutPlace(subject: string): string {
  return subject.slice(0, subject.lastIndexOf("."));
}

/** Publishes as the administrator, in the broker's own words: what no client library would send. */
async function publishRaw(head: string, body: Buffer): Promise<void> {
  const socket = connect(shop.stack.config.NATS_PORT, "127.0.0.1");
  const pass = shop.stack.passwords.ADMIN_PASSWORD;
  socket.write(
    `CONNECT ${JSON.stringify({ user: "admin", pass, headers: true, verbose: false, pedantic: false })}\r\n`,
  );
  socket.write(Buffer.concat([Buffer.from(head), body, Buffer.from("\r\nPING\r\n")]));
  for (let heard = ""; !heard.includes("PONG"); ) {
    const [words] = await once(socket, "data");
    heard += words;
    if (heard.includes("-ERR")) throw new Error(heard);
  }
  socket.destroy();
}

async function factsOf(orderId: string): Promise<string[]> {
  const facts = (await shop.flow()).filter(({ key }) => key === orderId).map(({ type }) => type);
  return facts.sort();
}

/** Waits until the flow has said all of `facts` about the order, and nothing else. */
async function expectFacts(orderId: string, facts: string[]): Promise<void> {
  let seen: string[] = [];
  await shop
    .until("the last fact is said", async () => {
      seen = await factsOf(orderId);
      return seen.length >= facts.length ? true : undefined;
    })
    .catch(() => {});
  expect(seen).toEqual([...facts].sort());
}

describe("an order", () => {
  test("is paid, sent and completed when all is well", async () => {
    const orderId = await shop.place();
    expect(await shop.ended(orderId)).toMatchObject({ orderId, status: "completed", totalCents: 900 });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.cleared",
      "payment.authorized",
      "shipment.dispatched",
      "stock.committed",
      "payment.captured",
      "order.completed",
    ]);
    const mail = await shop.until("the mail is there", async () =>
      mailbox.mails.find(
        ({ text, subject }) => subject === "Your order is complete" && text?.includes(orderId),
      ),
    );
    expect(mail.text).toContain("9.00 EUR");
  });

  test("is cancelled when one of its lines is out of stock, and nothing is set aside", async () => {
    const lines = [
      { sku: "TEA-001", quantity: 1, unitPriceCents: 450 },
      { sku: "NONE-1", quantity: 1, unitPriceCents: 1 },
    ];
    const orderId = await shop.place({ lines });
    expect(await shop.ended(orderId)).toMatchObject({
      reason: "out-of-stock",
      detail: expect.stringContaining("NONE-1"),
    });
    await expectFacts(orderId, ["order.created", "stock.rejected", "risk.cleared", "order.cancelled"]);
  });

  test("is cancelled when the card is declined, and its goods are released", async () => {
    const orderId = await shop.place({ paymentToken: "tok_decline" });
    expect(await shop.ended(orderId)).toMatchObject({ status: "cancelled", reason: "payment-declined" });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.cleared",
      "payment.declined",
      "order.cancelled",
      "stock.released",
    ]);
  });

  test("is cancelled when no carrier takes it, its goods are released and its payment is voided", async () => {
    const orderId = await shop.place({ shipTo: { ...anOrder().shipTo, postcode: "00000" } });
    expect(await shop.ended(orderId)).toMatchObject({ status: "cancelled", reason: "shipment-failed" });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.cleared",
      "payment.authorized",
      "shipment.failed",
      "order.cancelled",
      "stock.released",
      "payment.voided",
    ]);
    expect((await shop.get("payments", `/payments/${orderId}`)).body).toMatchObject({ status: "voided" });
  });

  test("on a trial plan is collected in person: paid for, with no carrier", async () => {
    const orderId = await shop.place({ plan: "TRIAL", shipTo: { ...anOrder().shipTo, postcode: "00000" } });
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
    await expectFacts(orderId, [
      "order.created",
      "stock.reserved",
      "risk.cleared",
      "payment.authorized",
      "shipment.waived",
      "stock.committed",
      "payment.captured",
      "order.completed",
    ]);
  });

  test("goes through a gateway that times out twice, and through a slow one", async () => {
    const [flaky, slow] = await Promise.all([
      shop.place({ paymentToken: "tok_flaky" }),
      shop.place({ paymentToken: "tok_slow" }),
    ]);
    expect(await shop.ended(flaky)).toMatchObject({ status: "completed" });
    expect(await shop.ended(slow)).toMatchObject({ status: "completed" });
  });

  test("of a large total waits for a person, in review", async () => {
    const lines = [{ sku: "TEA-001", quantity: 1, unitPriceCents: 100_000 }];
    const orderId = await shop.place({ lines });
    await expectFacts(orderId, ["order.created", "stock.reserved", "risk.flagged"]);
    await shop.until("it is shown in review", async () => {
      const { body } = await shop.get("orders", "/orders?status=in-review");
      return body.orders.find((order: { orderId: string }) => order.orderId === orderId);
    });
  });
});

describe("over HTTP", () => {
  test("an order is answered with 202, where to find it, and that it is pending", async () => {
    const { status, headers, body } = await shop.post("orders", "/orders", anOrder());
    expect(status).toBe(202);
    expect(body).toEqual({ orderId: expect.any(String), status: "pending" });
    expect(headers.get("location")).toBe(`/orders/${body.orderId}`);
  });

  test("an order's stream shows each change and ends with the order", async () => {
    const payments = shop.stack.services.get("payments")!;
    payments.signal("SIGSTOP"); // The order does not end before it is watched.
    const opened = async () => fetch(`${shop.stack.url("orders")}/orders/${await shop.place()}/stream`);
    const response = await opened().finally(() => payments.signal("SIGCONT"));
    expect(response.headers.get("content-type")).toContain("text/event-stream");
    const text = await response.text(); // It ends by itself.
    const statuses = [...text.matchAll(/^data: (.*)$/gm)].map(([, data]) => JSON.parse(data!).status);
    expect(statuses).toEqual(["pending", "completed"]);
  });

  test("orders are listed newest first, page by page, and by status", async () => {
    const ids = [];
    for (let n = 0; n < 3; n++) ids.unshift(await shop.place());
    const first = await shop.get("orders", "/orders?limit=2");
    const second = await shop.get("orders", `/orders?limit=2&cursor=${first.body.next}`);
    const listed = [...first.body.orders, ...second.body.orders].map(
      ({ orderId }: { orderId: string }) => orderId,
    );
    expect(listed.slice(0, 3)).toEqual(ids);
  });

  test("stock can't be taken below zero", async () => {
    const { status, body } = await shop.post("inventory", "/stock/TEA-001/adjustments", {
      delta: -1e6,
      reason: "loss",
    });
    expect({ status, title: body.title }).toEqual({ status: 409, title: "Conflict" });
  });

  test("analytics sums up what happened", async () => {
    const summary = await shop.until("analytics has caught up", async () => {
      const { body } = await shop.get("analytics", "/analytics/summary");
      const cancelled = ["out-of-stock", "payment-declined", "shipment-failed"];
      const isDone = cancelled.every((reason) => body.cancelledBy[reason] === 1);
      return isDone && body.orders.completed * 900 === body.revenueCents.EUR ? body : undefined;
    });
    expect(summary.topSkus[0].sku).toBe("TEA-001");
  });
});

describe("when something is wrong", () => {
  test("a message that can't be read is parked with its cause, by each who should have read it, and others go on", async () => {
    const connection = await shop.stack.connect();
    const before = (await shop.parked()).length;
    await connection.publish("order.completed.garbage", Buffer.from("no Avro at all"));
    await connection.publish("order.completed.unknown", Buffer.from("c3010123456789abcdef00", "hex"));
    await connection.close();

    expect(await shop.ended(await shop.place())).toMatchObject({ status: "completed" });
    const parked = await shop.until("four are parked", async () => {
      const messages = (await shop.parked()).slice(before);
      return messages.length >= 4 ? messages : undefined;
    });
    const causes = parked
      .map(
        ({ subject, headers }) =>
          `${withoutPlace(subject)}: ${headers?.get("Quadrille-Cause").replace(/; looked.*/, "")}`,
      )
      .sort();
    expect(causes).toEqual([
      "parked.analytics.garbage: not Avro single-object encoding: it does not begin with C3 01",
      "parked.analytics.unknown: unknown schema: no version of quadrille.OrderCompleted has fingerprint 0123456789abcdef",
      "parked.notifications.garbage: not Avro single-object encoding: it does not begin with C3 01",
      "parked.notifications.unknown: unknown schema: no version of quadrille.OrderCompleted has fingerprint 0123456789abcdef",
    ]);
    const garbage = parked.find(({ subject }) => withoutPlace(subject) === "parked.analytics.garbage");
    expect(garbage?.string()).toBe("no Avro at all");
  });

  test("even what can hardly be copied is parked: header names that no client may send, and the largest body", async () => {
    const before = (await shop.parked()).length;
    const odd = "NATS/1.0\r\nodd name: x\r\n\r\n";
    const body = Buffer.alloc(MAX_EVENT_SIZE - odd.length, "x");
    await publishRaw(`HPUB order.completed.odd ${odd.length} ${odd.length + body.length}\r\n${odd}`, body);

    const parked = await shop.until("both listeners have parked it", async () => {
      const messages = (await shop.parked()).slice(before);
      return messages.length >= 2 ? messages : undefined;
    });
    for (const { headers, data } of parked) {
      expect(headers?.get("Quadrille-Cause")).toContain("not Avro");
      expect(body.equals(data)).toBe(true);
    }
  });

  test("a consumer that somebody deleted is missed, and its work goes on when it is there again", async () => {
    const connection = await shop.stack.connect();
    const { consumers } = await jetstreamManager(connection);
    await shop.until("risk says that it is not ready", async () => {
      await consumers.delete(FLOW_STREAM, "risk").catch(() => {}); // It is made anew meanwhile.
      const { status, body } = await shop.get("risk", "/readyz");
      return status === 503 && body.detail.includes("consumer") ? true : undefined;
    });
    const orderId = await shop.place();
    await connection.close();
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
  });

  test("a broker that hangs is noticed, and orders go on when it comes to", async () => {
    shop.stack.nats.signal("SIGSTOP");
    const orderId = await shop.place();
    await shop.until("orders says that it is not ready", async () =>
      (await shop.get("orders", "/readyz")).status === 503 ? true : undefined,
    );
    shop.stack.nats.signal("SIGCONT");
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
    await shop.stack.untilReady();
  });

  test("orders are still taken while the broker is down, and go on when it is back", async () => {
    await shop.stack.nats.stop();
    await shop.until("orders says that it is not ready", async () =>
      (await shop.get("orders", "/readyz")).status === 503 ? true : undefined,
    );
    expect((await shop.get("orders", "/readyz")).body.detail).toContain("NATS");
    expect((await shop.get("orders", "/healthz")).status).toBe(200);
    const orderId = await shop.place();
    expect((await shop.get("orders", `/orders/${orderId}`)).body.status).toBe("pending");

    shop.stack.nats.start();
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
    await shop.stack.untilReady();
  });

  test("a service may not publish what its table does not declare", async () => {
    const { connectNats } = await import("../../shared/nats/connect.ts");
    const { NATS_HOST, NATS_PORT } = shop.stack.config;
    const url = `nats://${NATS_HOST}:${NATS_PORT}`;
    const connection = await connectNats(
      { url, user: "risk", password: shop.stack.passwords.RISK_PASSWORD! },
      false,
    );
    await expect(connection.request("order.completed.x", "", { timeout: 20_000 })).rejects.toThrow(
      /permissions/i,
    );
    await connection.close();
  });
});

test("a second start on the same data goes on where it was", async () => {
  const orderId = await shop.place({ paymentToken: "tok_slow" });
  await shop.stack.stop();
  const { Stack } = await import("../../shared/stack/stack.ts");
  const again = await Stack.start(shop.env, (line) => shop.lines.push(line));
  Object.assign(shop, { stack: again });
  expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
});

test("so does one that leaves the fsync to the operating system", async () => {
  await shop.stack.stop();
  const { Stack } = await import("../../shared/stack/stack.ts");
  const relaxed = await Stack.start({ ...shop.env, DURABILITY: "relaxed" }, (line) => shop.lines.push(line));
  Object.assign(shop, { stack: relaxed });
  expect(await shop.ended(await shop.place())).toMatchObject({ status: "completed" });
});
