// A supervised process, real, that ends as it is told to.

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { Supervised } from "../../shared/stack/supervise.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-supervise-"));
afterAll(() => rmSync(folder, { recursive: true }));

test("how a process has died is known until it is restarted", async () => {
  const reason = join(folder, "reason to live");
  const life = `if (!fs.existsSync(${JSON.stringify(reason)})) process.exit(3); setInterval(() => {}, 1_000);`;
  const program = new Supervised({
    name: "one",
    command: process.execPath,
    args: ["-e", life],
    env: process.env,
    pidFile: join(folder, "one.pid"),
    node: false,
    onLine: () => {},
  });
  program.start();
  await vi.waitFor(() => expect(program.deaths).toBeGreaterThan(0), 30_000);
  expect(program.lastDeath).toBe(3);

  writeFileSync(reason, "");
  await program.restart();
  expect(program.lastDeath).toBeNull();
  await program.stop();
});
