// The promises of README and docs: what they say to type works as it stands there, and their links lead somewhere.

import { type ChildProcess, execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, expect, test } from "vitest";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { flowMap } from "../../shared/flow/map.ts";
import { isolatedEnv } from "../../shared/stack/ports.ts";
import { projectRoot } from "../../shared/stack/project.ts";

const read = (path: string) => readFileSync(join(projectRoot, path), "utf8");
const pages = [
  "README.md",
  ...readdirSync(join(projectRoot, "docs"))
    .filter((name) => name.endsWith(".md"))
    .map((name) => `docs/${name}`),
];

let folder: string;
let env: NodeJS.ProcessEnv;
let shop: ChildProcess;
const lines: string[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "quadrille-readme-"));
  env = { ...(await isolatedEnv(folder)), SEED: "demo" };
  // A process group of its own, as a terminal gives it, so that Ctrl-C can be sent to all of it.
  shop = spawn("npm", ["start"], {
    cwd: projectRoot,
    env,
    detached: true,
    stdio: ["ignore", "pipe", "pipe"],
  });
  await new Promise<void>((resolve, reject) => {
    for (const input of [shop.stdout!, shop.stderr!]) {
      createInterface({ input }).on("line", (line) => {
        lines.push(line);
        if (line.startsWith("curl ")) resolve();
      });
    }
    shop.once("close", () => reject(new Error(`npm start ended early:\n${lines.join("\n")}`)));
  });
});

afterAll(() => {
  if (shop.exitCode === null && shop.signalCode === null) process.kill(-shop.pid!, "SIGKILL");
  rmSync(folder, { recursive: true, force: true });
});

function sh(script: string): string {
  return execFileSync("bash", ["-euo", "pipefail", "-c", script], {
    encoding: "utf8",
    env,
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function examplesOf(page: string) {
  const found = [...read(page).matchAll(/```sh\n([\s\S]*?)```/g)];
  return found.map(([, script], n) => ({ page, n: n + 1, script: script! }));
}

/** The headings of a page, as a link names them. */
function anchorsOf(page: string): string[] {
  return [...read(page).matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w -]/g, "")
      .replaceAll(" ", "-"),
  );
}

/** The examples talk to the ports of an untouched environment; this stack has others. */
function onOurPorts(script: string): string {
  const usual = loadConfig({});
  const ours = loadConfig(env);
  const ports = Object.keys(usual).filter((name) => name.endsWith("_PORT")) as "ORDERS_PORT"[];
  return ports.reduce((text, name) => text.replaceAll(`:${usual[name]}/`, `:${ours[name]}/`), script);
}

test("npm start says where everything is, and the curl line it prints places an order that completes", async () => {
  const ready = lines.find((line) => line.startsWith("Quadrille is ready"));
  for (const { name } of allServices(loadConfig({}))) expect(ready).toMatch(new RegExp(`${name} http://127`));

  const answer = sh(`${lines.find((line) => line.startsWith("curl "))} -s`);
  expect(answer).toContain("HTTP/1.1 202");
  const location = /^location: (.*)$/im.exec(answer)![1]!.trim();
  const url = new URL(
    location,
    /http:\S+(?=\/orders)/.exec(lines.find((line) => line.startsWith("curl "))!)![0],
  );
  const stream = await (await fetch(`${url}/stream`)).text();
  expect(stream).toContain('"status":"completed"');
});

test.each(pages.flatMap(examplesOf))("example $n of $page works", ({ script }) => {
  expect(sh(onOurPorts(script).replaceAll("curl ", "curl -sS --fail-with-body "))).not.toBe("");
});

test.each(pages)("every link of %s leads somewhere", (page) => {
  const links = [...read(page).matchAll(/\]\((?!https?:)([^)]*)\)/g)].map(([, to]) => to!);
  const lost = links.filter((link) => {
    const [path, heading] = link.split("#");
    const to = path ? join(dirname(page), path) : page;
    return !existsSync(join(projectRoot, to)) || (heading && !anchorsOf(to).includes(heading));
  });

  expect(lost).toEqual([]);
});

test("a service is restarted, and others are not; names that are none and a folder without a stack are told apart", () => {
  const pid = (name: string) => readFileSync(join(folder, "run", `${name}.pid`), "utf8");
  const before = { risk: pid("risk"), orders: pid("orders") };
  const restart = (names: string, more = {}) =>
    spawnSync("npm", ["run", "-s", "restart", "--", ...names.split(" ")], {
      cwd: projectRoot,
      env: { ...env, ...more },
      encoding: "utf8",
    });

  const restarted = restart("risk shipping");
  expect(restarted.stdout).toMatch(
    /^risk is ready again after .* s of it to stop\nshipping is ready again .*\n$/,
  );
  expect(restarted.status).toBe(0);
  expect(pid("risk")).not.toBe(before.risk);
  expect(pid("orders")).toBe(before.orders);

  expect(restart("riks")).toMatchObject({
    status: 1,
    stdout: expect.stringContaining("there is no service riks; the services are: orders,"),
  });
  expect(restart("risk", { DATA_DIR: join(folder, "elsewhere") })).toMatchObject({
    status: 1,
    stderr: expect.stringContaining("no stack is running on"),
  });
});

test("Ctrl-C stops everything cleanly", async () => {
  process.kill(-shop.pid!, "SIGINT");
  await once(shop, "close");
  expect(lines.at(-1)).toBe("Quadrille has stopped.");
  for (const name of ["nats", "orders", "payments"])
    expect(existsSync(join(folder, "run", `${name}.pid`))).toBe(false);
});

test("the picture of the flow is the one that the tables draw", () => {
  expect(read("README.md")).toContain(`\`\`\`mermaid\n${flowMap(allServices(loadConfig({})))}\n\`\`\``);
});
