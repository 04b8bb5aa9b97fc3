// What is left when the process that runs the stack is killed: nothing for long, and nothing in the way.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, expect, test } from "vitest";
import { isolatedEnv } from "../../shared/stack/ports.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { Stack } from "../../shared/stack/stack.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-orphans-"));
const SERVICES = ["orders", "inventory", "risk", "payments", "shipping", "notifications", "analytics"];

afterAll(() => rmSync(folder, { recursive: true, force: true }));

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

test("when whoever runs the stack ends without stopping it, nats-server ends as well", async () => {
  const env = await isolatedEnv(join(folder, "left"));
  const stack = join(projectRoot, "dist", "shared", "stack", "stack.js");
  const run = `const { Stack } = await import("${stack}"); await Stack.start(process.env, () => {}); process.exit(3);`;
  const launcher = spawn(process.execPath, ["--input-type=module", "-e", run], { env, stdio: "inherit" });
  expect(await once(launcher, "close")).toEqual([3, null]);

  const pid = Number(readFileSync(join(folder, "left", "run", "nats.pid"), "utf8"));
  for (let waited = 0; isAlive(pid) && waited < 1_200; waited++) await sleep(50);
  expect(isAlive(pid)).toBe(false);
});

test("when npm start is killed, the services end by themselves and the next start goes on", async () => {
  const env = await isolatedEnv(folder);
  const start = join(projectRoot, "dist", "shared", "stack", "start.js");
  const launcher = spawn(process.execPath, [start], { env, stdio: ["ignore", "pipe", "inherit"] });
  for (let said = ""; !said.includes("Quadrille is ready"); )
    said += (await once(launcher.stdout!, "data"))[0];
  const pids = SERVICES.map((name) => Number(readFileSync(join(folder, "run", `${name}.pid`), "utf8")));
  expect(pids.every(isAlive)).toBe(true);

  launcher.kill("SIGKILL");
  for (let waited = 0; pids.some(isAlive) && waited < 1_200; waited++) await sleep(50);
  expect(pids.filter(isAlive)).toEqual([]);

  const again = await Stack.start(env, () => {}); // Finds the nats-server that was left, and replaces it.
  await again.stop();
});
