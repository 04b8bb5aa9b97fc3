// What a service takes and refuses before NATS has agreed to the schemas that it writes.

import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "nats";
import { afterAll, beforeAll, beforeEach, describe, expect, onTestFailed, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { type Config, loadConfig, natsUrl, own } from "../../shared/config.ts";
import { connectNats } from "../../shared/nats/connect.ts";
import { provision } from "../../shared/nats/provision.ts";
import { NatsSchemaBucket } from "../../shared/nats/schemas.ts";
import { users } from "../../shared/nats/topology.ts";
import { entryText } from "../../shared/schemas/bucket-entry.ts";
import { fingerprint } from "../../shared/schemas/canonical.ts";
import { parseSchema } from "../../shared/schemas/schema.ts";
import { findNatsServer } from "../../shared/stack/nats-server.ts";
import { ensurePasswords, type Passwords } from "../../shared/stack/passwords.ts";
import { isolatedEnv } from "../../shared/stack/ports.ts";
import { pretty } from "../../shared/stack/pretty.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { natsEnv } from "../../shared/stack/stack.ts";
import { Supervised } from "../../shared/stack/supervise.ts";
import { anOrder } from "../support/order.ts";

const folder = mkdtempSync(join(tmpdir(), "quadrille-first-start-"));
const lines: string[] = [];
const programs: Supervised[] = [];
let env: NodeJS.ProcessEnv;
let config: Config;
let passwords: Passwords;
let nats: Supervised;

beforeAll(async () => {
  env = await isolatedEnv(folder);
  config = loadConfig(env);
  passwords = ensurePasswords(join(folder, "passwords.env"), users(allServices(config)));
  mkdirSync(join(folder, "run"));
  const command = await findNatsServer();
  const args = ["-c", join(projectRoot, "nats.conf")];
  nats = program("nats", command, args, { ...natsEnv(config, folder), ...passwords });
});

afterAll(async () => {
  for (const each of programs.toReversed()) await each.stop();
  rmSync(folder, { recursive: true });
});

beforeEach(() => onTestFailed(() => console.error(lines.join("\n"))));

describe("on an empty database", () => {
  let orders: Supervised;

  test("no command is taken while NATS is away: nobody might ever read what it leads to", async () => {
    orders = service("orders");
    orders.start();

    const refused = await eventually(() => place());
    expect(refused.status).toBe(503);
    expect(refused.headers.get("retry-after")).toBe("1");
    expect(await refused.json()).toMatchObject({
      type: "urn:quadrille:problem:schemas-not-agreed",
      detail: expect.stringContaining("NATS is not reachable"),
    });
    expect((await get("orders", "/orders")).status).toBe(200);
    expect((await get("orders", "/healthz")).status).toBe(200);
  });

  test("nor while NATS has no bucket yet, and /readyz says so", async () => {
    nats.start();

    await eventually(async () => {
      const { status, body } = await get("orders", "/readyz");
      expect(status).toBe(503);
      expect(body.detail).toContain("NATS has no bucket SCHEMAS: it is not provisioned yet");
    });
    expect((await place()).status).toBe(503);
  });

  test("all is well once NATS is provisioned", async () => {
    await asAdmin((connection) => provision(connection, allServices(config), config));

    await eventually(async () => expect((await get("orders", "/readyz")).status).toBe(200));
    expect((await place()).status).toBe(202);
  });

  test("from then on commands are taken though NATS is away, by the next process as well", async () => {
    await nats.stop();
    await orders.stop();
    orders.start();

    const taken = await eventually(() => place());
    expect(taken.status).toBe(202);
    expect((await get("orders", "/readyz")).body.detail).toContain("NATS is not reachable");
    nats.start();
    await eventually(async () => expect((await get("orders", "/readyz")).status).toBe(200));
  });
});

test("a service whose schemas are refused ends, and says why in words that a person can read", async () => {
  const schema = {
    type: "record",
    name: "RiskCleared",
    namespace: "quadrille",
    fields: [{ name: "orderId", type: "long" }],
  };
  await asAdmin((connection) =>
    new NatsSchemaBucket(connection).create("risk.cleared", {
      fingerprint: fingerprint(parseSchema(schema).schema!),
      text: entryText({ event: "risk.cleared", version: 3, json: schema }),
    }),
  );

  const risk = service("risk");
  risk.start();
  await eventually(async () => expect(risk.deaths).toBeGreaterThan(0));
  await risk.stop();

  const words = lines.map((line) => pretty(line)).join("");
  expect(words).toMatch(/FATAL.*risk: can't start: the schemas that this build writes don't go with/);
  expect(words).toMatch(
    /^\s*risk.cleared v2: type-changed at RiskCleared.orderId, when v\d reads v\d: The writer sends/m,
  );
  expect(words).toContain("risk ended (exit code 1)");
  expect(words).not.toMatch(/at .*\.js:\d+/); // No stack trace.
});

function service(name: string): Supervised {
  const variable = `${name.toUpperCase()}_PASSWORD`;
  const args = [join(projectRoot, "dist", "apps", name, "main.js")];
  return program(name, process.execPath, args, { [variable]: passwords[variable] });
}

function program(name: string, command: string, args: string[], more: NodeJS.ProcessEnv): Supervised {
  const started = new Supervised({
    name,
    command,
    args,
    env: { ...env, ...more },
    pidFile: join(folder, "run", `${name}.pid`),
    node: name !== "nats",
    onLine: (line) => lines.push(line),
  });
  programs.push(started);
  return started;
}

async function asAdmin(work: (connection: NatsConnection) => Promise<void>): Promise<void> {
  const account = { url: natsUrl(config), user: "admin", password: passwords.ADMIN_PASSWORD! };
  const connection = await connectNats(account, true);
  await work(connection).finally(() => connection.close());
}

function urlOf(name: string): string {
  return `http://127.0.0.1:${own(config, name, "PORT")}`;
}

function place(): Promise<Response> {
  const type = { "content-type": "application/json" };
  return fetch(`${urlOf("orders")}/orders`, {
    method: "POST",
    headers: type,
    body: JSON.stringify(anOrder()),
  });
}

// biome-ignore lint/suspicious/noExplicitAny: tests say what they expect of a body by comparing it.
async function get(name: string, path: string): Promise<{ status: number; body: any }> {
  const response = await fetch(`${urlOf(name)}${path}`);
  return { status: response.status, body: await response.json() };
}

/** Tries until it does not throw, for 20 s. */
async function eventually<Result>(attempt: () => Promise<Result>): Promise<Result> {
  for (let left = 400; ; left--) {
    try {
      return await attempt();
    } catch (error) {
      if (left === 0) throw error;
      await sleep(50);
    }
  }
}
