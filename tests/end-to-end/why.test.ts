// Each cause for which an order may stand still, planted in the real stack: the monitor has to name it, with what to do.

import { jetstreamManager } from "@nats-io/jetstream";
import type { NatsConnection } from "nats";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Trouble } from "../../apps/monitor/troubles.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { Scrape } from "../support/exposition.ts";
import { TestStack } from "../support/stack.ts";
import { untilTold, why } from "../support/why.ts";

const URGENCY: readonly Trouble["situation"][] = ["stuck", "waiting", "unknown", "moving"];
const LARGE = { lines: [{ sku: "TEA-001", quantity: 1, unitPriceCents: 200_000 }] };

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

describe("an order that waits", () => {
  test("for a service that is down: it is named, and the command brings it back", async () => {
    const risk = shop.stack.services.get("risk")!;
    await risk.fell();
    const orderId = await shop.place();

    const answer = await untilTold(
      shop,
      orderId,
      /^risk is not running: order.created has been waiting for it for \d/,
    );
    expect(answer).toMatchObject({ situation: "stuck", at: "risk", command: "npm run -s restart -- risk" });
    const story = await shop.until("only risk has something to do", async () => {
      const { body } = await shop.get("monitor", `/api/orders/${orderId}`);
      return body.expected.length === 1 ? body : undefined;
    });
    expect(story.expected).toMatchObject([
      {
        service: "risk",
        kind: "decides",
        says: ["risk.cleared", "risk.flagged"],
        on: { type: "order.created" },
      },
    ]);
    expect(story.waiting).toContainEqual({
      service: "payments",
      missing: ["risk.cleared"],
      until: ["cleared"],
    });

    await shop.stack.restart(["risk"], () => {});
    await expectEnded(orderId, "completed");
  });

  test("for a person: until when, and where it is answered", async () => {
    const orderId = await shop.place(LARGE);

    const answer = await untilTold(
      shop,
      orderId,
      /^The order waits for a person to review it: risk.cleared or risk.rejected\./,
    );
    expect(answer).toMatchObject({ situation: "waiting", at: "risk" });
    expect(answer.sentence).toMatch(
      /Without an answer the review deadline says risk.rejected at .* UTC, in .* h.*\. It is answered on/,
    );
    expect((await sh(answer.command)).text).toContain("risk.flagged");
    await approveAt(answer);
    await expectEnded(orderId, "completed");
  });

  test("for a person who can't answer, since risk is down: what comes first is told first", async () => {
    const orderId = await shop.place(LARGE);
    await untilTold(shop, orderId, /^The order waits for a person/);
    await shop.stack.services.get("risk")!.fell();

    const answer = await untilTold(shop, orderId, /^risk is not running: the order waits there for a person/);
    expect(answer).toMatchObject({ situation: "stuck", command: "npm run -s restart -- risk" });
    await shop.stack.restart(["risk"], () => {});
    await approveAt(await untilTold(shop, orderId, /^The order waits for a person/));
    await expectEnded(orderId, "completed");
  });

  test("for a consumer that somebody has paused in NATS: until when, and what resumes it", async () => {
    const { consumers } = await jetstreamManager(admin);
    await consumers.pause(FLOW_STREAM, "inventory", new Date(Date.now() + 600_000));
    const orderId = await shop.place();

    const answer = await untilTold(
      shop,
      orderId,
      /^Somebody has paused the consumer of inventory in NATS until /,
    );
    expect(answer).toMatchObject({
      situation: "stuck",
      at: "inventory",
      command: "nats consumer resume ORDER_FLOW inventory",
    });
    const trouble = await shop.until("what is wrong tells of it as well", async () => {
      const { body } = await shop.get("monitor", "/api/troubles");
      return body.troubles.find(
        ({ about, command }: Trouble) => about === "inventory" && command?.includes("consumer resume"),
      );
    });
    expect(trouble).toMatchObject({
      situation: "stuck",
      sentence: expect.stringMatching(/and somebody has paused its consumer in NATS until /),
      command: "nats consumer resume ORDER_FLOW inventory",
    });
    await consumers.resume(FLOW_STREAM, "inventory");
    await expectEnded(orderId, "completed");
  });

  test("for a gateway that does not answer: since when, why, and when it is given up", async () => {
    const orderId = await shop.place({ paymentToken: "tok_unreachable" });

    const answer = await untilTold(shop, orderId, /^payments has asked in vain for the authorization/);
    expect(answer).toMatchObject({ situation: "waiting", at: "payments" });
    expect(answer.sentence).toMatch(/ after [a-z.]+, \d+ times? since .* UTC: the gateway timed out\./);
    expect(answer.sentence).toMatch(/It goes on by itself until .* UTC: then payment.declined\.$/);
    expect(answer.command).toBe(`npm run -s order -- ${orderId}`);
  });

  test("for a gateway that does not answer, where nobody is told to restart the service that asks it", async () => {
    const trouble = await shop.until("payments is said not to get on, and why", async () => {
      const { body } = await shop.get("monitor", "/api/troubles");
      const about = body.troubles.find((one: Trouble) => one.kind === "service" && one.about === "payments");
      expect(about?.command ?? null).toBeNull();
      return about?.sentence.includes("the gateway timed out") ? about : undefined;
    });

    expect(trouble).toMatchObject({ situation: "waiting", command: null });
    expect(trouble.sentence).toMatch(/: the gateway timed out\. It goes on by itself\.$/);
  });

  test("for calls that are paused for everyone, since nobody outside answers", async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, () => shop.place({ paymentToken: "tok_unreachable" })),
    );

    await untilTold(shop, ids[0]!, /Calls are paused for all orders, except for one at a time/);
    const late = await shop.place({ paymentToken: "tok_slow" });
    const answer = await untilTold(
      shop,
      late,
      /^payments can't ask for the authorization after .*, since nobody outside answers/,
    );
    expect(answer).toMatchObject({ situation: "waiting", at: "payments" });
    await Promise.all(ids.map((id) => shop.post("orders", `/orders/${id}/cancellation`, {})));
    await expectEnded(late, "completed");
  });
});

describe("an order with a message that nobody can read", () => {
  let orderId: string;

  test("is stuck behind it, and the command shows it", async () => {
    orderId = await shop.place(LARGE);
    await untilTold(shop, orderId, /waits for a person/);
    await shop.garble(`stock.reserved.${orderId}`);
    const answer = await untilTold(
      shop,
      orderId,
      /^payments could not handle stock.reserved and has parked it: /,
    );
    expect(answer).toMatchObject({ situation: "stuck", at: "payments" });
    expect(answer.sentence).toContain(
      "An operator has to redrive what is parked, once the cause is fixed, or discard it;",
    );

    expect(await why(shop, orderId.toUpperCase())).toMatchObject({ orderId, at: "payments" });

    const [, id] = /^npm run -s parked -- show (\d+)$/.exec(answer.command)!;
    expect((await shop.command("parked", ["show", id!])).text).toContain(`stock.reserved of ${orderId}`);
  });

  test("and so is what comes later, which waits behind it", async () => {
    expect((await shop.get("monitor", "/api/reviews?cursor=garbage")).status).toBe(400);
    expect((await shop.post("monitor", `/api/reviews/${orderId}`, { decision: "approve" })).status).toBe(200);

    await untilTold(shop, orderId, /1 later event of the order waits behind it/);
    const { body } = await shop.get("monitor", `/api/parked?key=${orderId}`);
    expect(body.entries.filter(({ service }: { service: string }) => service === "payments")).toMatchObject([
      { what: "stock.reserved", state: "failed" },
      { what: "risk.cleared", state: "waiting" },
    ]);
  });

  test("goes on once somebody discards it on the page, and the story tells who", async () => {
    const { body } = await shop.get("monitor", `/api/parked?key=${orderId}`);
    for (const { id, state } of body.entries) {
      if (state !== "failed") continue;
      const done = await shop.post("monitor", "/api/parked/discard", { id, reason: "a test", by: "ann" });
      expect(done.body.entries).toMatchObject([{ id, became: expect.stringMatching(/^(ended|not yet)$/) }]);
    }

    await expectEnded(orderId, "completed");
    const { body: story } = await shop.get("monitor", `/api/orders/${orderId}`);
    expect(story.steps).toContainEqual(
      expect.objectContaining({
        type: "discarded",
        saidBy: "ann",
        data: { service: "payments", reason: "a test" },
      }),
    );
    expect(story.steps).toContainEqual(
      expect.objectContaining({
        type: "stock.reserved",
        flags: [expect.stringContaining("it can't be read")],
      }),
    );
  });
});

describe("the first view", () => {
  test("finds a stuck order among many older ones that wait for something else", async () => {
    const older = await Promise.all(Array.from({ length: 30 }, () => shop.place(LARGE)));
    const orderId = await shop.place(LARGE);
    await shop.garble(`stock.reserved.${orderId}`);

    const found = await shop.until("it is found", async () => {
      const { body } = await shop.get("monitor", "/api/troubles");
      const { troubles, lookedAt } = body;
      expect(lookedAt).toBeLessThanOrEqual(32);
      const urgency = troubles.map(({ situation }: Trouble) => URGENCY.indexOf(situation));
      expect(urgency).toEqual(urgency.toSorted());
      return troubles.find(({ about }: { about: string }) => about === orderId);
    });
    expect(found).toMatchObject({ kind: "order", situation: "stuck" });
    expect(found.sentence).toMatch(/could not handle stock.reserved and has parked it/);
    const { body } = await shop.get("monitor", `/api/parked?key=${orderId}`);
    for (const { id, state } of body.entries)
      if (state === "failed")
        await shop.post("monitor", "/api/parked/discard", { id, reason: "a test", by: "ann" });
    const all = [...older, orderId];
    await Promise.all(all.map((id) => shop.post("orders", `/orders/${id}/cancellation`, {})));
    await Promise.all(all.map((id) => shop.ended(id)));
  });
});

describe("without NATS", () => {
  test("an order that was taken is found in its outbox, whoever is asked", async () => {
    await shop.stack.nats.fell();
    const orderId = await shop.place();

    const told =
      /^NATS is not reachable: .* Meanwhile orders has decided order.created, which has been waiting in its outbox for/;
    const answer = await untilTold(shop, orderId, told);
    expect(answer).toMatchObject({
      situation: "stuck",
      at: "NATS",
      command: "npm start",
    });
    const terminal = await shop.command("why", [orderId]);
    expect(terminal).toMatchObject({ code: 1, text: expect.stringMatching(told) });
    expect(await shop.get("monitor", "/readyz")).toMatchObject({ status: 503 });
    const figures = new Scrape(await (await fetch(`${shop.stack.url("monitor")}/metrics`)).text());
    expect(figures.sum("quadrille_nats_seen")).toBe(0);

    // A monitor that begins now says to whoever watches that it sees nothing, rather than nothing.
    await shop.stack.monitor.fell();
    shop.stack.monitor.start();
    const looks = await shop.until("the monitor answers", () =>
      fetch(`${shop.stack.url("monitor")}/api/stream`, { signal: AbortSignal.timeout(60_000) }),
    );
    let heard = "";
    for await (const chunk of looks.body!.pipeThrough(new TextDecoderStream())) {
      heard += chunk;
      if (heard.includes("data: ")) break;
    }
    expect(heard).toMatch(/"nats":\{"isConnected":false,"isThere":false,"cause":"it is not reachable/);

    shop.stack.nats.start();
    await expectEnded(orderId, "completed");
    await shop.until("the monitor sees NATS again", async () => {
      const { body } = await shop.get("monitor", "/api/consumers");
      return body.nats.isConnected || undefined;
    });
  });
});

describe("an order that is not stuck", () => {
  test("is said to be completed, or cancelled", async () => {
    const completed = await shop.place();
    const cancelled = await shop.place({ paymentToken: "tok_decline" });

    await expectEnded(completed, "completed");
    await expectEnded(cancelled, "cancelled");
    expect(await shop.command("order", [cancelled])).toMatchObject({
      code: 0,
      text: expect.stringMatching(
        /payment\.declined +payments +on .*\n.*order\.cancelled +orders +on payment\.declined .* {2}payment-declined, the card was declined\n/,
      ),
    });
  });

  test("or to be none at all", async () => {
    const orderId = uuidv7();

    expect(await untilTold(shop, orderId, /^There is no order/)).toMatchObject({
      situation: "unknown",
      sentence: expect.stringContaining(orderId),
      command: `curl ${shop.stack.url("orders")}/orders`,
    });
    expect(await shop.command("why", [orderId])).toMatchObject({
      code: 1,
      text: expect.stringContaining("There is no order"),
    });
    expect(await shop.command("order", [orderId])).toMatchObject({
      code: 1,
      text: expect.stringContaining("The stream has nothing about an order"),
    });
    expect((await shop.get("monitor", `/api/orders/${orderId}`)).status).toBe(404);
  });
});

/** Approves an order where the answer says that it is done. */
async function approveAt({ sentence }: { sentence: string }): Promise<void> {
  const door = /by POST (\S+)\.$/.exec(sentence)![1]!;
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(door, { method: "POST", headers, body: '{"decision": "approve"}' });
  expect(status).toBe(200);
}

async function expectEnded(orderId: string, end: "completed" | "cancelled"): Promise<void> {
  expect(await shop.ended(orderId)).toMatchObject({ status: end });
  const answer = await untilTold(
    shop,
    orderId,
    new RegExp(`^The order was ${end} at .* UTC(: [^;]+)?; it is not stuck\\.$`),
  );
  expect(answer).toMatchObject({ situation: "ended", at: null });
}

function sh(script: string) {
  return shop.run("bash", ["-euc", script]);
}
