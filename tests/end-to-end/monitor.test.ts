// The monitor over the real stack: each cause for which an order may stand still is planted, and has to be named.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { jetstreamManager } from "@nats-io/jetstream";
import { headers, type NatsConnection } from "nats";
import { v7 as uuidv7 } from "uuid";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { Trouble } from "../../apps/monitor/troubles.ts";
import type { Why } from "../../apps/monitor/why.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { placeWaiting } from "../../shared/stack/bench/broker.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { TestStack } from "../support/stack.ts";

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

    const answer = await untilTold(orderId, /^risk is not running: order.created waits for it for \d/);
    expect(answer).toMatchObject({ situation: "stuck", at: "risk", command: "npm run -s restart -- risk" });
    const story = await shop.get("monitor", `/api/orders/${orderId}`);
    expect(story.body.expected).toMatchObject([
      {
        service: "risk",
        kind: "decides",
        says: ["risk.cleared", "risk.flagged"],
        on: { type: "order.created" },
      },
    ]);
    expect(story.body.waiting).toContainEqual({
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
    await untilTold(orderId, /^The order waits for a person/);
    await shop.stack.services.get("risk")!.fell();

    const answer = await untilTold(orderId, /^risk is not running: the order waits there for a person/);
    expect(answer).toMatchObject({ situation: "stuck", command: "npm run -s restart -- risk" });
    await shop.stack.restart(["risk"], () => {});
    await approveAt(await untilTold(orderId, /^The order waits for a person/));
    await expectEnded(orderId, "completed");
  });

  test("for a consumer that somebody has paused in NATS: until when, and what resumes it", async () => {
    const { consumers } = await jetstreamManager(admin);
    await consumers.pause(FLOW_STREAM, "inventory", new Date(Date.now() + 600_000));
    const orderId = await shop.place();

    const answer = await untilTold(orderId, /^Somebody has paused the consumer of inventory in NATS until /);
    expect(answer).toMatchObject({
      situation: "stuck",
      at: "inventory",
      command: "nats consumer resume ORDER_FLOW inventory",
    });
    await consumers.resume(FLOW_STREAM, "inventory");
    await expectEnded(orderId, "completed");
  });

  test("for a gateway that does not answer: since when, why, and when it is given up", async () => {
    const orderId = await shop.place({ paymentToken: "tok_unreachable" });

    const answer = await untilTold(orderId, /^payments has asked for the authorization of .* in vain/);
    expect(answer).toMatchObject({ situation: "waiting", at: "payments" });
    expect(answer.sentence).toMatch(/in vain: the gateway timed out\./);
    expect(answer.sentence).toMatch(/It goes on by itself, until .* UTC: then payment.declined\.$/);
    expect(answer.command).toBe(`npm run -s order -- ${orderId}`);
  });

  test("for a gateway that does not answer, where nobody is told to restart the service that asks it", async () => {
    const trouble = await shop.until("payments is said not to get on, and why", async () => {
      const { body } = await shop.get("monitor", "/api/troubles");
      return body.troubles.find(
        ({ kind, about, sentence }: Trouble) =>
          kind === "service" && about === "payments" && sentence.includes("the gateway timed out"),
      );
    });

    expect(trouble).toMatchObject({ situation: "waiting", command: null });
    expect(trouble.sentence).toMatch(/: the gateway timed out\. It goes on by itself\.$/);
  });

  test("for calls that are paused for everyone, since nobody is answered", async () => {
    const ids = await Promise.all(
      Array.from({ length: 10 }, () => shop.place({ paymentToken: "tok_unreachable" })),
    );

    await untilTold(ids[0]!, /Calls are paused for all orders, but for one at a time/);
    const late = await shop.place();
    const answer = await untilTold(
      late,
      /^payments can't ask for the authorization of .*, since nobody outside answers/,
    );
    expect(answer).toMatchObject({ situation: "waiting", at: "payments" });
    await Promise.all(ids.map((id) => shop.post("orders", `/orders/${id}/cancellation`, {})));
    await expectEnded(late, "completed", 60_000);
  });
});

describe("an order with a message that nobody can read", () => {
  let orderId: string;

  test("is stuck behind it, and the command shows it", async () => {
    orderId = await shop.place(LARGE);
    await untilTold(orderId, /waits for a person/);
    await garble(`stock.reserved.${orderId}`);
    const answer = await untilTold(orderId, /^payments could not handle stock.reserved and has parked it: /);
    expect(answer).toMatchObject({ situation: "stuck", at: "payments" });
    expect(answer.sentence).toContain("An operator has to redrive or discard it.");

    const [, id] = /^npm run -s parked -- show (\d+)$/.exec(answer.command)!;
    expect((await run("parked", "show", id!)).text).toContain(`stock.reserved of ${orderId}`);
  });

  test("and so is what comes later, which waits behind it", async () => {
    expect((await shop.post("monitor", `/api/reviews/${orderId}`, { decision: "approve" })).status).toBe(200);

    await untilTold(orderId, /1 later event of the order waits behind it/);
    const { body } = await shop.get("monitor", `/api/parked?key=${orderId}`);
    expect(body.canAct).toBe(true);
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
      expect(done.body).toEqual({ entries: [{ id, became: "ended" }] });
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
    await garble(`stock.reserved.${orderId}`);

    const found = await shop.until(
      "it is found",
      async () => {
        const { body } = await shop.get("monitor", "/api/troubles");
        const { troubles, lookedAt } = body;
        expect(lookedAt).toBeLessThanOrEqual(32);
        return troubles.find(({ about }: { about: string }) => about === orderId);
      },
      60_000,
    );
    expect(found).toMatchObject({ kind: "order", situation: "stuck" });
    expect(found.sentence).toMatch(/could not handle stock.reserved and has parked it/);
    const { body } = await shop.get("monitor", `/api/parked?key=${orderId}`);
    for (const { id, state } of body.entries)
      if (state === "failed")
        await shop.post("monitor", "/api/parked/discard", { id, reason: "a test", by: "ann" });
    const all = [...older, orderId];
    await Promise.all(all.map((id) => shop.post("orders", `/orders/${id}/cancellation`, {})));
    await Promise.all(all.map((id) => shop.ended(id, 60_000)));
  });
});

describe("without NATS", () => {
  test("an order that was taken is found in its outbox, whoever is asked", async () => {
    await shop.stack.nats.fell();
    const orderId = await shop.place();

    const told =
      /^NATS is not reachable: .* Meanwhile orders has decided order.created, which waits in its outbox for/;
    const answer = await untilTold(orderId, told);
    expect(answer).toMatchObject({ situation: "stuck", at: "NATS", command: "npm start" });
    const terminal = await run("why", orderId);
    expect(terminal).toMatchObject({ code: 1, text: expect.stringMatching(told) });
    expect(await shop.get("monitor", "/readyz")).toMatchObject({ status: 503 });

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
    expect(await run("order", cancelled)).toMatchObject({
      code: 0,
      text: expect.stringMatching(
        /payment\.declined +payments +on .*\n.*order\.cancelled +orders +on payment\.declined/,
      ),
    });
  });

  test("or to be none at all", async () => {
    const orderId = uuidv7();

    expect(await why(orderId)).toMatchObject({
      situation: "unknown",
      sentence: expect.stringContaining(orderId),
    });
    expect(await run("why", orderId)).toMatchObject({
      code: 1,
      text: expect.stringContaining("There is no order"),
    });
    expect(await run("order", orderId)).toMatchObject({
      code: 1,
      text: expect.stringContaining("The stream has nothing of an order"),
    });
    expect((await shop.get("monitor", `/api/orders/${orderId}`)).status).toBe(404);
  });
});

describe("a service that is behind", () => {
  const WAITING = 4_000;

  test("is shown with the numbers of the stream by everyone, and nobody listens", async () => {
    const { consumers } = await jetstreamManager(admin);
    const inventory = shop.stack.services.get("inventory")!;
    await inventory.fell();
    await placeWaiting(admin, WAITING);

    const seen = await shop.until("the monitor has seen them", async () => {
      const stand = await standOf("inventory");
      return stand.pending === WAITING && stand.status === "NOBODY LISTENING" ? stand : undefined;
    });
    const { num_pending, num_ack_pending } = await consumers.info(FLOW_STREAM, "inventory");
    expect(seen.lag).toBe(num_pending + num_ack_pending);
    expect(seen.why).toBe("nobody asks NATS for its events; 4,000 events wait for it");

    const { code, text } = await run("lag", "--check");
    expect(code).toBe(1);
    expect(text).toMatch(/^inventory +NOBODY LISTENING +4000 /m);
    expect(text).toContain("inventory: says 4000 are not delivered, and 4000 are in the stream.");
    expect(text).not.toContain("WRONG");
  });

  test("catches up when it is back, and then nothing waits", async () => {
    shop.stack.services.get("inventory")!.start();

    await shop.until(
      "it has caught up",
      async () => {
        const { status, lag } = await standOf("inventory");
        return status === "OK" && lag === 0 ? true : undefined;
      },
      60_000,
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

    expect(await run("why", orderId)).toMatchObject({
      code: 0,
      text: expect.stringMatching(/^The order waits for a person/),
    });
    const alone = await run("lag");
    expect(alone).toMatchObject({ code: 0, text: expect.stringMatching(/^risk +OK/m) });
    expect(alone.text).toContain("too few to tell SLOW and STALLED from OK; --watch goes on looking.");
    expect(JSON.parse((await run("lag", "--json")).text).limits).toMatch(/^The monitor does not answer/);
    shop.stack.monitor.start();
    await untilTold(orderId, /^The order waits for a person/);
  });

  test("tells whoever watches at every look", async () => {
    const stop = new AbortController();
    const { body } = await fetch(`${shop.stack.url("monitor")}/api/stream`, { signal: stop.signal });
    const read = body!.pipeThrough(new TextDecoderStream()).getReader();
    let text = "";
    while (text.split("event: snapshot").length < 4) text += (await read.read()).value;
    stop.abort();

    const looks = [...text.matchAll(/^data: (\{.*\})$/gm)].map(([, data]) => JSON.parse(data!));
    expect(looks[1].at).toBeGreaterThan(looks[0].at);
    expect(looks[1].cost.requests).toBeLessThanOrEqual(30);
  });
});

test("npm run demo takes every branch to its end", async () => {
  const { code, text } = await run("demo", "--json");
  const came = JSON.parse(text) as { branch: string; isAsExpected: boolean }[];

  expect(came.filter(({ isAsExpected }) => !isAsExpected)).toEqual([]);
  expect(came.length).toBeGreaterThanOrEqual(11);
  expect(code).toBe(0);
});

test("commands that can't be understood say so in one sentence", async () => {
  expect(await run("why")).toEqual({ code: 2, text: "why takes the id of one order, and --json.\n" });
  expect(await run("order", "a b")).toMatchObject({ code: 2 });
  expect(await run("lag", "--fast")).toMatchObject({
    code: 2,
    text: expect.stringMatching(/^lag takes --watch/),
  });
  expect(await run("demo", "now")).toMatchObject({
    code: 2,
    text: expect.stringMatching(/^demo takes --json/),
  });
});

async function why(orderId: string): Promise<Why> {
  return (await shop.get("monitor", `/api/orders/${orderId}/why`)).body;
}

/** Approves an order where the answer says that it is done. */
async function approveAt({ sentence }: { sentence: string }): Promise<void> {
  const door = /by POST (\S+)\.$/.exec(sentence)![1]!;
  const headers = { "content-type": "application/json" };
  const { status } = await fetch(door, { method: "POST", headers, body: '{"decision": "approve"}' });
  expect(status).toBe(200);
}

/** What the monitor says of an order, once it says that. */
async function untilTold(orderId: string, sentence: RegExp): Promise<Why> {
  let last: Why | undefined;
  try {
    return await shop.until(`the monitor says ${sentence}`, async () => {
      last = await why(orderId);
      return sentence.test(last.sentence) ? last : undefined;
    });
  } catch (error) {
    throw new Error(`${(error as Error).message}; it says: ${last?.sentence}`);
  }
}

async function expectEnded(
  orderId: string,
  end: "completed" | "cancelled",
  withinMs?: number,
): Promise<void> {
  expect(await shop.ended(orderId, withinMs)).toMatchObject({ status: end });
  const answer = await untilTold(
    orderId,
    new RegExp(`^The order is ${end} since .* UTC; it is not stuck\\.$`),
  );
  expect(answer).toMatchObject({ situation: "ended", at: null });
}

/** Says something in the flow that is no Avro. */
async function garble(subject: string): Promise<void> {
  const attributes = headers();
  attributes.set("ce-id", `${subject}.garbled`);
  attributes.set("ce-time", new Date().toISOString());
  admin.publish(subject, "no Avro at all", { headers: attributes });
  await admin.flush();
}

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.
async function standOf(service: string): Promise<any> {
  const { body } = await shop.get("monitor", "/api/consumers");
  return body.consumers.find(({ name }: { name: string }) => name === service);
}

function run(command: string, ...args: string[]) {
  return started(process.execPath, [join(projectRoot, "dist", "shared", "stack", `${command}.js`), ...args]);
}

function sh(script: string) {
  return started("bash", ["-euc", script]);
}

function started(program: string, args: string[]): Promise<{ code: number; text: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { env: shop.env }, (error, stdout, stderr) =>
      resolve({ code: Number(error?.code ?? 0), text: stdout + stderr }),
    );
  });
}
