// A service's database is lost and made anew from the stream: the service knows what it knew, and does nothing twice.

import { execFile } from "node:child_process";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { jetstreamManager } from "@nats-io/jetstream";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import type { AsOf, Rebuilt } from "../../shared/service/rebuild.ts";
import { listenForWishes } from "../../shared/stack/control.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { TestStack } from "../support/stack.ts";

let shop: TestStack;
let wishes: ReturnType<typeof listenForWishes>;

beforeAll(async () => {
  shop = await TestStack.start();
  wishes = listenForWishes(shop.folder, (wish, caller) => shop.stack.fulfil(wish, caller));
  await shop.stockUp("TEA-001", 1_000);
  const changes = [{}, { paymentToken: "tok_decline" }, { plan: "TRIAL" as const }];
  for (const id of await Promise.all(changes.map((change) => shop.place(change)))) await shop.ended(id);
  await allAtRest();
});

afterAll(async () => {
  wishes?.close();
  await shop?.stop();
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
  "%s does not start without its database, and goes on with a rebuilt one, as if nothing had been",
  async (name) => {
    const before = (await rebuild(name)).done.after;
    const mails = (await shop.get("notifications", "/mails")).body;
    const service = shop.stack.services.get(name)!;

    await service.fell();
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${stateOf(name)}${suffix}`, { force: true });
    const { deaths } = service;
    service.start();
    await shop.until("it has died", async () => (service.deaths > deaths ? true : undefined));
    expect(shop.lines.some((line) => line.includes(`npm run -s rebuild -- ${name}`))).toBe(true);
    const { code, done } = await rebuild(name);

    expect({ code, before: done.before, after: done.after }).toEqual({
      code: 0,
      before: null,
      after: before,
    });
    await shop.ended(await shop.place());
    await allAtRest();
    const since = (await shop.get("notifications", "/mails")).body;
    expect(since.mails.length).toBe(mails.mails.length + 2);
    expect((await shop.parked()).length).toBe(0);
  },
);

async function rebuild(name: string, ...options: string[]) {
  const command = join(projectRoot, "dist", "shared", "stack", "rebuild.js");
  const env = { ...shop.env, ...shop.stack.passwords };
  const run = promisify(execFile)(process.execPath, [command, name, "--json", ...options], { env });
  const { code = 0, stdout, stderr } = await run.catch((error) => error);
  return { code: code as number, done: JSON.parse(stdout || "{}") as Rebuilt & AsOf, said: stderr as string };
}

function stateOf(service: string): string {
  return join(shop.folder, service, "state.db");
}

/** Waits until every service has handled all that it heard. */
async function allAtRest(): Promise<void> {
  const connection = await shop.stack.connect();
  const { consumers } = await jetstreamManager(connection);
  for (const name of shop.stack.services.keys()) {
    await shop.until(`${name} is at rest`, async () => {
      const { num_pending, num_ack_pending } = await consumers.info(FLOW_STREAM, name);
      return num_pending + num_ack_pending === 0 ? true : undefined;
    });
  }
  await connection.close();
}
