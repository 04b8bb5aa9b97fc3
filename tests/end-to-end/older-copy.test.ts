// What keeps a service from starting: an older copy of its database, until that is rebuilt, and the others go on; not what others say.

import { execFile } from "node:child_process";
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { Flood } from "../../shared/chaos/fuzz/flood.ts";
import { listenForRequests } from "../../shared/stack/control.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { Stack } from "../../shared/stack/stack.ts";
import { TestStack } from "../support/stack.ts";

let shop: TestStack;
let stack: Stack;

const start = () => Stack.start(shop.env, (line) => shop.lines.push(line));
const fileOf = (name: string) => join(shop.folder, name, "state.db");

beforeAll(async () => {
  shop = await TestStack.start();
  await shop.stockUp("TEA-001", 100);
  await shop.ended(await shop.place());
  await shop.stack.stop();
  copyFileSync(fileOf("inventory"), join(shop.folder, "copy"));
  stack = await start();
  await shop.ended(await shop.place());
  await stack.stop();
});

afterAll(async () => {
  await stack?.stop();
  await shop?.stop();
});
beforeEach(() => shop.explainFailure());

test("the others start, take orders and go on with them once the service has been brought up to date", async () => {
  copyFileSync(join(shop.folder, "copy"), fileOf("inventory"));
  stack = await start();
  const requests = listenForRequests(shop.folder, (request, caller) => stack.fulfil(request, caller));
  const placed = await shop.place();

  const waits = "inventory does not start without its database; the others go on meanwhile.";
  expect(shop.lines).toContain(waits);
  const told: string[] = [];
  await expect(stack.restart([], (line) => told.push(line))).rejects.toThrow(
    "still without a database that is up to date: inventory; npm run -s rebuild -- inventory says more",
  );
  expect(told).toContain(waits);
  expect(told.filter((line) => line.includes("is ready again"))).toHaveLength(stack.apps.length - 1);
  expect(shop.lines.join("\n")).toMatch(/an older copy: the stream has \S+, which this service has said/);
  const command = join(projectRoot, "dist", "shared", "stack", "rebuild.js");
  const env = { ...shop.env, ...stack.passwords };
  await promisify(execFile)(process.execPath, [command, "inventory", "--force"], { env });

  expect(await shop.ended(placed)).toMatchObject({ status: "completed" });
  const stock = await shop.until("the goods of all three have left", async () => {
    const { body } = await shop.get("inventory", "/stock/TEA-001");
    return body.committed === 6 ? body : undefined;
  });
  expect(stock).toMatchObject({ onHand: 94 });
  requests.close();
});

test.each(["NATS/1.0 408\r\n\r\n", "NATS/1.0\r\nodd name: x\r\n\r\n", "NATS/1.0\r\nce-source: risk\r\n\r\n"])(
  "a service starts though somebody has written under its subjects what it can't have said: %j",
  async (head) => {
    const connection = await stack.connect();
    const flood = await Flood.open({ stack, connection });
    const malformed = { kind: "", subject: "risk.rejected.nobody", body: Buffer.from("x"), isRefused: false };
    await flood.send({ ...malformed, head: Buffer.from(head) });
    await flood.answered();
    flood.close();
    await connection.close();

    await stack.restart(["risk"], () => {});

    await shop.ended(await shop.place());
  },
);
