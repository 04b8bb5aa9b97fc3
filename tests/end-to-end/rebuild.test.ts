// A service's database is lost, and made anew from the stream: the service knows what it knew, and does nothing twice.

import { execFile } from "node:child_process";
import { copyFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { jetstream, jetstreamManager } from "@nats-io/jetstream";
import BetterSqlite from "better-sqlite3";
import { headers, type NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { Operator } from "../../shared/parked/operator.ts";
import { listenForRequests } from "../../shared/stack/control.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { type Mailbox, openMailbox } from "../support/mailbox.ts";
import { anOrder } from "../support/order.ts";
import { TestStack } from "../support/stack.ts";

let mailbox: Mailbox;
let shop: TestStack;
let admin: NatsConnection;
let requests: ReturnType<typeof listenForRequests>;

beforeAll(async () => {
  mailbox = await openMailbox();
  shop = await TestStack.start({ SCHEMA_WAIT_MS: "1000", SMTP_URL: mailbox.url });
  admin = await shop.stack.connect();
  requests = listenForRequests(shop.folder, (request, caller) => shop.stack.fulfil(request, caller));
  await shop.stockUp("TEA-001", 1_000);
  const changes = [{}, { paymentToken: "tok_decline" }, { plan: "TRIAL" as const }];
  for (const id of await Promise.all(changes.map((change) => shop.place(change)))) await shop.ended(id);
  await jetstream(admin).publish("order.created.nobody", "nonsense");
  const unknown = headers();
  unknown.set("ce-id", "nobody-else.created");
  const ofUnknownSchema = Buffer.concat([Buffer.from("c301", "hex"), Buffer.alloc(40, 7)]);
  await jetstream(admin).publish("order.created.nobody-else", ofUnknownSchema, { headers: unknown });
  await shop.until("all have put it aside", async () =>
    (await shop.parked()).length === 12 ? true : undefined,
  );
  await allAtRest();
});

afterAll(async () => {
  requests?.close();
  await admin?.close();
  await shop?.stop();
  await mailbox?.close();
});
beforeEach(() => shop.explainFailure());

test("every service is rebuilt while the stack runs, to the state that it had", async () => {
  for (const name of shop.stack.services.keys()) {
    const { code, done } = await rebuild(name);

    expect({ name, code, ...done }).toMatchObject({
      name,
      code: 0,
      before: done.after,
      inPlace: true,
      kept: null,
    });
  }
});

test.each(["orders", "payments", "notifications"])(
  "%s does not start without its database, and goes on with a rebuilt one as if nothing had been",
  async (name) => {
    const before = await rebuild(name);
    const mails = mailbox.mails.length;
    await lose(name);
    await shop.until("it refuses to start", async () =>
      shop.lines.some((line) => line.includes(`npm run -s rebuild -- ${name}`)) ? true : undefined,
    );

    const { code, done } = await rebuild(name);

    expect({ code, before: done.before, after: done.after }).toEqual({
      code: 0,
      before: null,
      after: before.done.after,
    });
    await shop.ended(await shop.place());
    await allAtRest();
    expect(mailbox.mails.length).toBe(mails + 2); // That it is on its way, and that it is completed.
    expect((await shop.parked()).length).toBe(12);
  },
);

test("a service without its database does not start though NATS has lost its consumer as well: it has said things", async () => {
  const seen = shop.lines.length;
  await (await jetstreamManager(admin)).consumers.delete(FLOW_STREAM, "payments");
  await lose("payments");
  await shop.until("it refuses to start", async () =>
    shop.lines.slice(seen).some((line) => /NATS has \S+ of it.* npm run -s rebuild -- payments/.test(line))
      ? true
      : undefined,
  );

  expect((await rebuild("payments")).code).toBe(0);
  await shop.ended(await shop.place());
  await allAtRest();
});

test("an older copy is not taken for a service's database, and is good for a rebuild", async () => {
  const copy = join(shop.folder, "inventory.copy");
  await shop.stack.hold("inventory", async () =>
    copyFileSync(join(shop.folder, "inventory", "state.db"), copy),
  );
  await shop.ended(await shop.place());
  await allAtRest();
  const before = await rebuild("inventory");
  const seen = shop.lines.length;
  await lose("inventory", copy);
  await shop.until("it refuses to start", async () =>
    shop.lines
      .slice(seen)
      .some((line) => /an older copy: the stream has \S+, .* rebuild -- inventory/.test(line))
      ? true
      : undefined,
  );

  const { code, done } = await rebuild("inventory", "--force");

  expect({ code, after: done.after }).toEqual({ code: 0, after: before.done.after });
  await shop.ended(await shop.place());
  await allAtRest();
});

test("no mail goes out again when notifications, which says nothing, loses its consumer and then its database", async () => {
  const { consumers } = await jetstreamManager(admin);
  const before = await rebuild("notifications");
  const mails = mailbox.mails.length;
  await keeperHasLooked();
  await shop.stack.services.get("notifications")!.stop();
  await consumers.delete(FLOW_STREAM, "notifications");
  await shop.until("its consumer is there again", () =>
    consumers.info(FLOW_STREAM, "notifications").catch(() => undefined),
  );
  const seen = shop.lines.length;
  await lose("notifications");
  await shop.until("it refuses to start", async () =>
    shop.lines.slice(seen).some((line) => line.includes("NATS knows that it had come to message"))
      ? true
      : undefined,
  );

  const { code, done } = await rebuild("notifications");

  expect({ code, after: done.after }).toEqual({ code: 0, after: before.done.after });
  await shop.ended(await shop.place());
  await allAtRest();
  expect(mailbox.mails.length).toBe(mails + 2);
});

test("an order that is asked for again after a rebuild is the order that it was", async () => {
  const key = { "idempotency-key": "only-once" };
  const first = await shop.post("orders", "/orders", anOrder(), key);
  await shop.ended(first.body.orderId);
  await lose("orders");
  await rebuild("orders");

  const again = await shop.post("orders", "/orders", anOrder(), key);

  expect([again.status, again.body]).toEqual([first.status, first.body]);
  expect((await shop.post("orders", "/orders", anOrder({ plan: "TRIAL" }), key)).status).toBe(422);
});

test("a database that says something else than the stream is only replaced if that is wanted", async () => {
  await shop.stack.hold("inventory", async () => {
    const db = new BetterSqlite(join(shop.folder, "inventory", "state.db"));
    db.exec("UPDATE stock SET on_hand = on_hand + 1");
    db.close();
  });
  const { body: wrong } = await shop.get("inventory", "/stock/TEA-001");

  const refused = await rebuild("inventory");

  const differences = [{ table: "stock", keys: 1, some: ["TEA-001"] }];
  expect(refused).toMatchObject({ code: 1, done: { differences, inPlace: false } });
  expect((await shop.get("inventory", "/stock/TEA-001")).body).toEqual(wrong);
  expect(await rebuild("inventory", "--force")).toMatchObject({
    code: 0,
    done: { differences, inPlace: true },
  });
  expect((await shop.get("inventory", "/stock/TEA-001")).body.onHand).toBe(wrong.onHand - 1);
});

test("analytics shows what was known at a time, and goes on meanwhile", async () => {
  const { body: then } = await shop.get("analytics", "/analytics/summary");
  const time = new Date().toISOString();
  await shop.ended(await shop.place());

  expect(await rebuild("analytics", "--as-of", time)).toMatchObject({ code: 0, done: { summary: then } });
  expect((await rebuild("analytics", "--as-of", new Date().toISOString())).done.summary).not.toEqual(then);
  expect(await rebuild("orders", "--as-of", time)).toMatchObject({ code: 2, said: /only observes/ });
});

test("what is under way is not taken for done, nor is what was done under way", async () => {
  const stuck = await shop.place({ paymentToken: "tok_unreachable" });
  await shop.until("payments has asked in vain", async () => {
    const { body } = await shop.get("payments", `/standing/${stuck}`);
    return body.tries.length > 0 || undefined;
  });
  const before = await rebuild("payments");

  await lose("payments");
  const { code, done } = await rebuild("payments");

  expect({ code, after: done.after }).toEqual({ code: 0, after: before.done.after });
  expect((await shop.get("orders", `/orders/${stuck}`)).body.status).toBe("pending");
});

test("what an operator has given up stays given up, though nobody can read it, also without a database", async () => {
  const { NATS_HOST, NATS_PORT } = shop.stack.config;
  const password = shop.stack.passwords.OPERATOR_PASSWORD!;
  const operator = await Operator.connect(`nats://${NATS_HOST}:${NATS_PORT}`, password);
  const entries = (await operator.entries()).filter(({ service }) => service === "inventory");
  expect(entries.map(({ key }) => key).sort()).toEqual(["nobody", "nobody-else"]);
  for (const entry of entries) {
    await operator.say("discarded", entry, "ann", "nonsense");
    expect(await operator.outcome(entry, 60_000)).toBe("ended");
  }
  await operator.close();
  const before = await rebuild("inventory");
  expect(before).toMatchObject({ code: 0, done: { differences: [] } });

  await lose("inventory");
  const { code, done } = await rebuild("inventory");

  expect({ code, after: done.after }).toEqual({ code: 0, after: before.done.after });
  await shop.ended(await shop.place());
});

test("what was handled stays handled, though an operator has given it up a moment later", async () => {
  const change = (sql: string) =>
    shop.stack.hold("shipping", async () => {
      const db = new BetterSqlite(join(shop.folder, "shipping", "state.db"));
      db.exec(sql);
      db.close();
    });
  await change(
    `CREATE TRIGGER bug BEFORE UPDATE OF authorized ON shipments BEGIN SELECT RAISE(ABORT, 'a bug'); END`,
  );
  const orderId = await shop.place();
  const { NATS_HOST, NATS_PORT } = shop.stack.config;
  const operator = await Operator.connect(
    `nats://${NATS_HOST}:${NATS_PORT}`,
    shop.stack.passwords.OPERATOR_PASSWORD!,
  );
  const entry = await shop.until("shipping has put it aside", async () =>
    (await operator.entries()).find(({ key, service }) => key === orderId && service === "shipping"),
  );
  await change("DROP TRIGGER bug");
  await operator.say("redriven", entry, "ann");
  expect(await operator.outcome(entry, 60_000)).toBe("ended");
  await operator.say("discarded", entry, "bob", "too late");
  await operator.close();
  expect(await shop.ended(orderId)).toMatchObject({ status: "completed" });
  await allAtRest(["shipping"]);

  expect(await rebuild("shipping")).toMatchObject({ code: 0, done: { differences: [] } });
});

test("a service that runs, and nobody can stop, is left alone", async () => {
  requests.close();

  expect(await rebuild("risk")).toMatchObject({ code: 2, said: /risk is running/ });
});

test("of a past that is gone in part, the old database tells what the stream does not, though it is an older copy", async () => {
  const { streams } = await jetstreamManager(admin);
  const copyOf = (name: string) => join(shop.folder, `${name}.copy`);
  const services = ["orders", "risk", "analytics"];
  for (const name of services)
    await shop.stack.hold(name, async () => copyFileSync(join(shop.folder, name, "state.db"), copyOf(name)));
  await shop.ended(await shop.place());
  await allAtRest(["inventory", ...services]);
  for (const name of services) await shop.stack.services.get(name)!.stop();
  await streams.purge(FLOW_STREAM, { seq: 30 });
  const { first_ts, last_seq } = (await streams.info(FLOW_STREAM)).state;
  const gone = { messages: 29, of: last_seq, inBetween: 0, since: first_ts };

  for (const name of services) {
    const whole = await rebuild(name);
    expect(whole).toMatchObject({ code: 0, done: { gone, goesOn: true, before: whole.done.after } });
    copyFileSync(copyOf(name), join(shop.folder, name, "state.db"));
    expect(await rebuild(name)).toMatchObject({ code: 1, done: { goesOn: true, inPlace: false } });
    expect(await rebuild(name, "--force")).toMatchObject({ code: 0, done: { after: whole.done.after } });
  }
  shop.stack.services.get("orders")!.start();
});

test("of a past that is gone in part, and in no database, who decides is only rebuilt if that is wanted; who observes shows the rest", async () => {
  const { first_ts, last_seq } = (await (await jetstreamManager(admin)).streams.info(FLOW_STREAM)).state;
  const gone = { messages: 29, of: last_seq, since: first_ts };
  const services = ["risk", "analytics"];
  for (const name of services) rmSync(join(shop.folder, name, "state.db"));

  expect(await rebuild("risk")).toMatchObject({
    code: 2,
    said: /29 of \d+ messages are no longer in ORDER_FLOW.* with --force/,
  });
  expect(await rebuild("risk", "--force")).toMatchObject({
    code: 0,
    done: { gone, goesOn: false, inPlace: true },
  });
  expect(await rebuild("analytics", "--as-of", new Date().toISOString())).toMatchObject({
    code: 0,
    done: { gone },
  });
  expect(await rebuild("analytics", "--as-of", "2026-01-05T09:00Z")).toMatchObject({
    code: 2,
    said: new RegExp(`it begins at ${first_ts}`),
  });
  expect(await rebuild("analytics")).toMatchObject({ code: 0, done: { gone, goesOn: false, inPlace: true } });

  for (const name of services) shop.stack.services.get(name)!.start();
  await shop.ended(await shop.place());
});

async function rebuild(name: string, ...options: string[]) {
  const command = join(projectRoot, "dist", "shared", "stack", "rebuild.js");
  const env = { ...shop.env, ...shop.stack.passwords };
  const run = promisify(execFile)(process.execPath, [command, name, "--json", ...options], { env });
  const { code = 0, stdout, stderr } = await run.catch((error) => error);
  return { code, done: JSON.parse(stdout || "{}"), said: stderr };
}

/** The service is killed, and started again without its database, or with a copy of it. */
async function lose(name: string, copy?: string): Promise<void> {
  const service = shop.stack.services.get(name)!;
  const file = join(shop.folder, name, "state.db");
  await service.fell();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${file}${suffix}`, { force: true });
  if (copy) copyFileSync(copy, file);
  service.start();
}

/** Resolves once the keeper has seen what is there now. */
async function keeperHasLooked(): Promise<void> {
  const looks = admin.subscribe(`$JS.API.CONSUMER.LIST.${FLOW_STREAM}`, { max: 2 });
  for await (const _ of looks); // Who asks again has had the first answer.
}

/** Waits until every service, or each of these, has handled all that it heard. */
async function allAtRest(names = [...shop.stack.services.keys()]): Promise<void> {
  const { consumers } = await jetstreamManager(admin);
  for (const name of names) {
    await shop.until(`${name} is at rest`, async () => {
      const { num_pending, num_ack_pending } = await consumers.info(FLOW_STREAM, name);
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
  }
}
