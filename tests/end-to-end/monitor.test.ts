// The monitor over the real stack: its numbers, what it may do, and its commands.

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { ConsumerStand, Snapshot } from "../../apps/monitor/poll.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { placeWaiting } from "../../shared/stack/bench/broker.ts";
import { TestStack } from "../support/stack.ts";
import { untilTold } from "../support/why.ts";

const LARGE = { lines: [{ sku: "TEA-001", quantity: 1, unitPriceCents: 200_000 }] };

const PATIENCE_MS = 300_000;

let shop: TestStack;
let admin: NatsConnection;

beforeAll(async () => {
  shop = await TestStack.start({ MONITOR_POLL_MS: "200", GATEWAY_DEADLINE_MS: "600000" });
  await shop.stockUp("TEA-001", 100_000);
  admin = await shop.stack.connect();
});

afterAll(async () => {
  await admin?.close();
  await shop?.stop();
});

beforeEach(() => shop.explainFailure());

describe("a service that is behind", () => {
  const WAITING = 4_000;

  test("is shown with the numbers of the stream by everyone, and nobody listens", async () => {
    const { consumers } = await jetstreamManager(admin);
    const inventory = shop.stack.services.get("inventory")!;
    await inventory.fell();
    await placeWaiting(admin, WAITING);

    const seen = await shop.until("the monitor has seen them", async () => {
      const stand = (await stands()).find(({ name }) => name === "inventory");
      return stand?.pending === WAITING && stand.status === "NOBODY LISTENING" ? stand : undefined;
    });
    await shop.until(
      "the others are done",
      async () => (await stands()).every(({ name, lag }) => name === "inventory" || lag === 0) || undefined,
    );
    const { num_pending, num_ack_pending } = await consumers.info(FLOW_STREAM, "inventory");
    expect(seen.lag).toBe(num_pending + num_ack_pending);
    expect(seen.why).toBe("nobody asks NATS for its events; 4,000 events wait for it");

    const { code, text } = await shop.command("lag", ["--check"]);
    expect(code).toBe(1);
    expect(text).toMatch(/^inventory +NOBODY LISTENING +4000 /m);
    expect(text).toContain("inventory: says 4000 are not delivered, and 4000 are in the stream.");
    expect(text).not.toContain("WRONG");
  });

  test("catches up when it is back, and then nothing waits", async () => {
    shop.stack.services.get("inventory")!.start();

    await shop.until(
      "all have caught up",
      async () => (await stands()).every(({ status, lag }) => status === "OK" && lag === 0) || undefined,
      PATIENCE_MS,
    );
  });
});

describe("the monitor", () => {
  test("may look, and nothing else: NATS lets it say nothing, take nothing, and change nothing", async () => {
    const { MONITOR_PASSWORD: pass } = shop.stack.passwords;
    const { connect } = await import("nats");
    const url = `nats://${shop.stack.config.NATS_HOST}:${shop.stack.config.NATS_PORT}`;
    const spy = await connect({ servers: url, user: "monitor", pass: pass!, inboxPrefix: "_INBOX_monitor" });
    const refused: string[] = [];
    (async () => {
      for await (const status of spy.status())
        if (status.type === "error") refused.push(status.error.message);
    })();
    const forbidden = [
      "order.cancelled.x",
      "discarded.risk.x",
      "parked.risk.x.1-1",
      "$KV.SCHEMAS.order.created.x",
      "$JS.API.CONSUMER.MSG.NEXT.ORDER_FLOW.risk",
      "$JS.ACK.ORDER_FLOW.risk.1.1.1.1.1",
      "$JS.API.CONSUMER.CREATE.ORDER_FLOW",
      "$JS.API.CONSUMER.DURABLE.CREATE.ORDER_FLOW.monitor",
      "$JS.API.CONSUMER.DELETE.ORDER_FLOW.risk",
      "$JS.API.STREAM.PURGE.ORDER_FLOW",
      "$JS.API.STREAM.MSG.DELETE.ORDER_FLOW",
      "$JS.API.STREAM.DELETE.PARKED",
    ];
    for (const subject of forbidden) spy.publish(subject, "{}");
    await spy.flush();

    await shop.until("all are refused", async () => (refused.length === forbidden.length ? true : undefined));
    for (const subject of forbidden) expect(refused.join("\n")).toContain(`"${subject}"`);
    expect(() => spy.subscribe("order.>")).not.toThrow();
    await shop.until("listening is refused", async () =>
      refused.some((message) => /subscription to "order\.>"/i.test(message)) ? true : undefined,
    );
    await spy.close();
  });

  test("takes no wish of another site, and reads to nobody under a stranger's name", async () => {
    const review = { decision: "approve" };
    for (const more of [{ origin: "http://evil.example" }, { "sec-fetch-site": "cross-site" }]) {
      const { status, body } = await shop.post("monitor", "/api/reviews/x", review, more);
      expect({ status, type: body.type }).toEqual({
        status: 403,
        type: "urn:quadrille:problem:other-origin",
      });
    }
    const port = shop.stack.config.MONITOR_PORT;
    const rebound = await sh(
      `curl -s -H 'host: evil.example:${port}' ${shop.stack.url("monitor")}/api/consumers`,
    );
    expect(rebound.text).toContain("other-origin");
    const form = await sh(`curl -s -d 'decision=approve' ${shop.stack.url("monitor")}/api/reviews/x`);
    expect(form.text).toContain('"status":415');
    expect(
      (await shop.post("monitor", "/api/reviews/x", review, { origin: shop.stack.url("monitor") })).status,
    ).toBe(404);
  });

  test("is not needed: the terminal tells the same without it, and it comes back by itself", async () => {
    await shop.stack.monitor.fell();
    const orderId = await shop.place(LARGE);
    await shop.until("it is flagged", async () =>
      (await shop.get("orders", `/orders/${orderId}`)).body.status === "in-review" ? true : undefined,
    );

    expect(await shop.command("why", [orderId])).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^The order waits for a person/),
    });
    const alone = await shop.command("lag");
    expect(alone).toMatchObject({ code: 0, text: expect.stringMatching(/^risk +OK/m) });
    expect(alone.text).toContain("too few to tell SLOW and STALLED from OK; --watch keeps looking.");
    expect(JSON.parse((await shop.command("lag", ["--json"])).text).limits).toMatch(
      /^The monitor does not answer/,
    );
    shop.stack.monitor.start();
    await untilTold(shop, orderId, /^The order waits for a person/);
  });

  test("tells whoever watches at every look", async () => {
    const { body } = await fetch(`${shop.stack.url("monitor")}/api/stream`);
    let text = "";
    for await (const chunk of body!.pipeThrough(new TextDecoderStream())) {
      text += chunk;
      if ((text.match(/^id: /gm) ?? []).length >= 3) break;
    }

    const looks = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data!));
    expect(looks[1].at).toBeGreaterThan(looks[0].at);
    expect(looks[1].cost.requests).toBeLessThanOrEqual(30);
  });
});

test("npm run demo takes every branch to its end", async () => {
  const { code, text } = await shop.command("demo", ["--json"]);
  const came = JSON.parse(text) as { branch: string; isAsExpected: boolean }[];

  expect(came.filter(({ isAsExpected }) => !isAsExpected)).toEqual([]);
  expect(came.length).toBeGreaterThanOrEqual(11);
  expect(code).toBe(0);
});

test("commands that can't be understood say so in one sentence", async () => {
  expect(await shop.command("why")).toEqual({
    code: 2,
    text: "why takes the id of one order, and --json.\n",
  });
  expect(await shop.command("order", ["a b"])).toMatchObject({ code: 2 });
  expect(await shop.command("lag", ["--fast"])).toMatchObject({
    code: 2,
    text: expect.stringMatching(/^lag takes --watch/),
  });
  expect(await shop.command("demo", ["now"])).toMatchObject({
    code: 2,
    text: expect.stringMatching(/^demo takes --json/),
  });
});

test.each([
  ["start", "start takes no options, not --fast."],
  ["restart", "restart takes names of services, not --fast."],
  ["conf", "conf takes no options, not --fast."],
  ["compose-env", "passwords takes no options, not --fast."],
  ["provision", "provision takes --keep, not --fast."],
  ["bench", "bench takes overhead, or backlog and a number of events."],
  ["order", "order takes the id of one order, and --json: Unknown option '--fast'."],
  [
    "rebuild",
    "rebuild takes --force, --as-of TIME, --json and the name of one service: Unknown option '--fast'.",
  ],
])("%s does nothing at an option that it does not know", async (command, sentence) => {
  expect(await shop.command(command, ["--fast"])).toEqual({ code: 2, text: `${sentence}\n` });
});

/** How all consumers stand; it rejects while the monitor does not see them. */
async function stands(): Promise<readonly ConsumerStand[]> {
  const { nats, consumers } = (await shop.get("monitor", "/api/consumers")).body as Snapshot;
  if (!nats.isConnected) throw new Error("the monitor does not see NATS");
  return consumers;
}

function sh(script: string) {
  return shop.run("bash", ["-euc", script]);
}
