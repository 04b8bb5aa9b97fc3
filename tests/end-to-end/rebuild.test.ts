// A service's database is deleted and made anew from the stream: the service knows what it knew, and does nothing twice.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { projectRoot } from "../../shared/stack/project.ts";
import { TestStack } from "../support/stack.ts";

let shop: TestStack;

beforeAll(async () => {
  shop = await TestStack.start();
  await shop.stockUp("TEA-001", 1_000);
});

afterAll(() => shop?.stop());
beforeEach(() => shop.explainFailure());

test("every service is rebuilt to the state that it had", async () => {
  const changes = [{}, { paymentToken: "tok_decline" }, { plan: "TRIAL" as const }];
  const ids = await Promise.all(changes.map((change) => shop.place(change)));
  for (const id of ids) await shop.ended(id);

  for (const [name, service] of shop.stack.services) {
    await service.stop();
    const { code, out } = await rebuild(name);
    const found = JSON.parse(out);
    expect({ name, code, state: found.before, differences: found.differences }).toEqual({
      name,
      code: 0,
      state: found.after,
      differences: [],
    });
    service.start();
  }
});

async function rebuild(...args: string[]): Promise<{ code: number; out: string }> {
  const command = join(projectRoot, "dist", "shared", "stack", "rebuild.js");
  const env = { ...shop.env, ...shop.stack.passwords };
  return promisify(execFile)(process.execPath, [command, ...args, "--json"], { env }).then(
    ({ stdout }) => ({ code: 0, out: stdout }),
    ({ code, stdout, stderr }) => ({ code, out: stdout + stderr }),
  );
}
