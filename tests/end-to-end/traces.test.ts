// Traces of the real stack in a real receiver: one order is one trace, from the customer's request to the last mail.

import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { ENDS } from "../../shared/contracts/ends.ts";
import type { Event } from "../../shared/contracts/events.ts";
import { consumes } from "../../shared/service/define.ts";
import { rebuild } from "../../shared/service/rebuild.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { anOrder } from "../support/order.ts";
import { openReceiver, type ReceivedSpan, type Receiver } from "../support/receiver.ts";
import { TestStack } from "../support/stack.ts";

/** What a straight order says, each fact once. */
const HAPPY = [
  "order.created",
  "stock.reserved",
  "risk.cleared",
  "payment.authorized",
  "shipment.dispatched",
  "stock.committed",
  "payment.captured",
  "order.completed",
];
/** The facts of which a customer is told in a mail. */
const MAILED = ["order.completed", "shipment.dispatched"];

const services = allServices(loadConfig({}));

let receiver: Receiver;
let mailbox: Mailbox;
let shop: TestStack;

beforeAll(async () => {
  [receiver, mailbox] = await Promise.all([openReceiver(), openMailbox()]);
  shop = await TestStack.start({
    SMTP_URL: mailbox.url,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_SCHEDULE_DELAY: "100",
    RISK_REVIEW_DEADLINE_MS: "1500",
    LOG_LEVEL: "debug",
    ACK_WAIT_MS: "10000",
  });
  await shop.stockUp("TEA-001", 1_000);
});

afterAll(async () => {
  await shop?.stop();
  await Promise.all([mailbox?.close(), receiver?.close()]);
});

beforeEach(() => shop.explainFailure());

const service = (name: string) => shop.stack.services.get(name)!;
const traceOf = (id: string) => receiver.spans.filter(({ traceId }) => traceId === id);
const idsIn = (traceparent: string | undefined) => {
  const [, traceId, spanId] = traceparent!.split("-");
  return { traceId: traceId!, spanId: spanId! };
};

async function factsOf(orderId: string): Promise<Event[]> {
  return (await shop.flow()).filter(({ key }) => key === orderId);
}

/** Everything that was said of the order, once `count` facts are there. */
function said(orderId: string, count: number): Promise<Event[]> {
  return shop.until(`${count} facts are said`, async () => {
    const facts = await factsOf(orderId);
    return facts.length >= count ? facts : undefined;
  });
}

/**
 * The spans of the trace, once the services have sent those of who decided each fact, of whoever hears of the end, and of each
 * mail. A process that was killed takes spans with it: those are `lost`.
 */
function whole(facts: readonly Event[], lost: string[] = []): Promise<ReceivedSpan[]> {
  const { traceId } = idsIn(facts[0]!.traceparent);
  const deciders = facts.map(({ traceparent }) => idsIn(traceparent).spanId);
  const due = [
    ...deciders.filter((id) => !lost.includes(id)),
    ...facts.filter(({ type }) => MAILED.includes(type)).map(({ id }) => `notifications ${id}`),
    ...facts
      .filter(({ type }) => ENDS.includes(type))
      .flatMap(({ id, type }) =>
        services.filter((one) => consumes(one).includes(type)).map(({ name }) => `${name} ${id}`),
      ),
  ];
  return shop.until("the trace is whole", async () => {
    const spans = traceOf(traceId);
    const ended = spans.filter(({ isError }) => !isError);
    const there = new Set(
      ended.flatMap((span) => [span.spanId, `${span.service} ${span.attributes["messaging.message.id"]}`]),
    );
    return due.every((one) => there.has(one)) ? spans : undefined;
  });
}

/**
 * Holds every span against what was said: who decided each fact, who heard it, who called for it. Spans that were not sent,
 * since they are somebody else's or their process was killed, are `lost`.
 */
function expectLineage(facts: readonly Event[], spans: readonly ReceivedSpan[], lost: string[] = []): void {
  const byId = new Map(spans.map((span) => [span.spanId, span]));
  for (const fact of facts) {
    const { traceId, spanId } = idsIn(fact.traceparent);
    expect(traceId, fact.type).toBe(spans[0]!.traceId);
    const decider = byId.get(spanId);
    if (!lost.includes(spanId)) expect(decider?.service, `who decided ${fact.type}`).toBe(fact.source);
    if (decider?.kind === "CONSUMER") {
      expect(decider.attributes).toMatchObject({
        "messaging.message.id": fact.causationId,
        "quadrille.outcome": "reacted",
      });
    }
    const about = spans.filter(({ attributes }) => attributes["messaging.message.id"] === fact.id);
    for (const span of about) expect(span.parentSpanId, `${span.service}: ${span.name}`).toBe(spanId);
  }
  for (const span of spans.filter(({ kind }) => kind === "CLIENT")) {
    expect(byId.get(span.parentSpanId)).toMatchObject({ kind: "CONSUMER", service: span.service });
  }
  const known = ["", ...byId.keys(), ...lost];
  const orphans = spans.filter(({ parentSpanId }) => !known.includes(parentSpanId));
  expect(orphans.map(({ name }) => name)).toEqual([]);
}

describe("one order", () => {
  test("is one trace from POST to the last mail, over a redelivery and restarts, and its parents are right", async () => {
    await service("shipping").fell(); // Killed: nobody is told.
    const orderId = await shop.place({ paymentToken: "tok_flaky" });
    await said(orderId, 4);
    await shop.stack.restart(["payments", "orders", "notifications"], () => {});
    service("shipping").start();
    expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });

    const facts = await said(orderId, HAPPY.length);
    expect(facts.map(({ type }) => type).sort()).toEqual(HAPPY.toSorted());
    const spans = await whole(facts);
    expect(new Set(spans.map((span) => span.service))).toEqual(new Set(services.map(({ name }) => name)));
    expectLineage(facts, spans);

    const roots = spans.filter(({ parentSpanId }) => parentSpanId === "");
    expect(roots).toMatchObject([{ service: "orders", kind: "SERVER", name: "POST /orders" }]);
    expect(roots[0]!.attributes).toMatchObject({ "http.route": "/orders", "http.response.status_code": 202 });
    expect(spans.filter((span) => span.name === "command place")).toMatchObject([
      { parentSpanId: roots[0]!.spanId, attributes: { "order.id": orderId, "quadrille.outcome": "done" } },
    ]);
    const aboutIt = spans.filter(({ kind }) => kind !== "SERVER");
    expect(new Set(aboutIt.map(({ attributes }) => attributes["order.id"]))).toEqual(new Set([orderId]));
  });

  test("shows each try and each delivery of what failed at first, all under the fact that asked for it", async () => {
    const orderId = await shop.place({ paymentToken: "tok_flaky" });
    await shop.ended(orderId);
    const spans = await whole(await said(orderId, HAPPY.length));

    const retried = spans.find(
      ({ service, attributes }) => service === "payments" && attributes["quadrille.outcome"] === "retried",
    )!;
    expect(retried).toMatchObject({ kind: "CONSUMER", isError: true });
    const deliveries = spans
      .filter(({ parentSpanId, name }) => parentSpanId === retried.parentSpanId && name === retried.name)
      .filter((span) => span.service === "payments")
      .sort((a, b) => a.startMs - b.startMs);
    expect(deliveries.map(({ attributes }) => attributes["quadrille.attempt"])).toEqual([undefined, 2]);
    expect(deliveries[1]!.attributes["quadrille.outcome"]).toBe("reacted");

    const tries = deliveries.map(({ spanId }) =>
      spans.filter(({ parentSpanId, kind }) => parentSpanId === spanId && kind === "CLIENT"),
    );
    const ends = tries.map((those) => those.map(({ attributes }) => attributes["quadrille.outcome"]));
    expect(ends).toEqual([["failed", "failed"], ["answered"]]);
  });

  test("ends its trace with the mails: the calls that sent them are in it, and done before it is", async () => {
    const orderId = await shop.place();
    await shop.ended(orderId);
    const spans = await whole(await said(orderId, HAPPY.length));
    const mails = spans.filter((span) => span.service === "notifications" && span.kind === "CLIENT");
    await shop.until("the mails are there", async () => {
      const came = mailbox.mails.filter(({ text }) => text?.includes(orderId));
      return came.length === MAILED.length ? true : undefined;
    });

    expect(mails.map(({ name }) => name).sort()).toEqual(MAILED.map((type) => `call for ${type}`));
    const from = Math.min(...spans.map(({ startMs }) => startMs));
    for (const { startMs, endMs } of mails) {
      expect(startMs).toBeGreaterThanOrEqual(from);
      expect(endMs).toBeGreaterThanOrEqual(startMs);
    }
  });

  test("that waits for nobody stays in its trace when the deadline rejects it", async () => {
    const lines = [{ sku: "TEA-001", quantity: 1, unitPriceCents: 200_000 }];
    const orderId = await shop.place({ lines });
    expect(await shop.ended(orderId)).toMatchObject({ status: "cancelled", reason: "risk-rejected" });
    const facts = await said(orderId, 6);
    const spans = await whole(facts);

    expectLineage(facts, spans);
    const fact = (type: string) => facts.find((one) => one.type === type)!;
    const struck = spans.find(({ name }) => name.startsWith("deadline "))!;
    expect(struck).toMatchObject({
      service: "risk",
      parentSpanId: idsIn(fact("risk.flagged").traceparent).spanId,
      attributes: { "order.id": orderId, "quadrille.outcome": "struck" },
    });
    expect(idsIn(fact("risk.rejected").traceparent).spanId).toBe(struck.spanId);
  });

  test("goes on in its customer's trace, though the service that took it is killed before NATS has heard of it", async () => {
    const traceId = "0af7651916cd43dd8448eb211c80319c";
    const spanId = "b7ad6b7169203331";
    await shop.stack.nats.restart(async () => {
      const { status, body } = await shop.post("orders", "/orders", anOrder(), {
        traceparent: `00-${traceId}-${spanId}-01`,
      });
      expect(status).toBe(202);
      await service("orders").fell();
      service("orders").start();
      await shop.until("orders is back", async () =>
        (await shop.get("orders", `/orders/${body.orderId}`)).status === 200 ? true : undefined,
      );
    });
    const { body } = await shop.get("orders", "/orders?limit=1");
    const orderId = body.orders[0].orderId;
    await shop.ended(orderId);
    const facts = await said(orderId, HAPPY.length);
    const created = facts.find(({ type }) => type === "order.created")!;
    const lost = [idsIn(created.traceparent).spanId];
    const spans = await whole(facts, lost);

    expect(new Set(facts.map(({ traceparent }) => idsIn(traceparent).traceId))).toEqual(new Set([traceId]));
    const heard = spans.filter(({ attributes }) => attributes["messaging.message.id"] === created.id);
    expect(heard.map(({ parentSpanId }) => parentSpanId)).toEqual(
      heard.map(() => idsIn(created.traceparent).spanId),
    );
    const rest = spans.filter(({ kind, name }) => kind !== "SERVER" && name !== "command place");
    expectLineage(facts, rest, lost);
  });
});

test("the log has the trace, the order and the event", async () => {
  const orderId = await shop.place({ paymentToken: "tok_flaky" });
  await shop.ended(orderId);
  const facts = await said(orderId, HAPPY.length);
  const lines = shop.lines.filter((line) => line.includes(orderId)).map((line) => JSON.parse(line));

  const retried = lines.find(({ outcome }) => outcome === "retried");
  expect(retried).toMatchObject({ service: "payments", key: orderId });
  for (const { id, key, traceId } of lines) {
    expect(key).toBe(orderId);
    expect(facts.map((fact) => fact.id)).toContain(id);
    expect(traceId).toBe(idsIn(facts[0]!.traceparent).traceId);
  }
});

test("a database that is rebuilt from the stream is the same, traces included", async () => {
  for (const name of ["orders", "risk", "payments"]) {
    await shop.stack.hold(name, async () => {
      const connection = await shop.stack.connect();
      const target = { service: services.find((one) => one.name === name)!, connection };
      const rebuilt = await rebuild({ ...target, folder: join(shop.folder, name) });
      await connection.close();
      expect(rebuilt).toMatchObject({ before: rebuilt.after, differences: [], inPlace: true });
    });
  }
});

test("requests for health and figures are in no trace", () => {
  const paths = receiver.spans.map(({ attributes }) => attributes["url.path"]);
  expect(paths.filter((path) => path === "/readyz" || path === "/metrics" || path === "/healthz")).toEqual(
    [],
  );
});
