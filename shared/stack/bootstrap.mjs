// Makes a fresh clone ready, then runs a command of the project: `node shared/stack/bootstrap.mjs start`.
// Plain JavaScript with nothing but Node's own modules and a text, since on a fresh clone neither TypeScript nor any package is there.

import { spawn } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { constants } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { USAGE } from "./usage.mjs";

const OLDEST_NODE = [20, 19];
const STDERR = 2;
/** The exit code of a command that could not do its work, as against one that found a fault. */
const COULD_NOT_RUN = 2;
const INSTALLED = "node_modules/.package-lock.json";
const PAGE = "apps/monitor/page";
const BUNDLED = "dist/page/.vite/manifest.json";

const COMMANDS = {
  start: "shared/stack/start",
  restart: "shared/stack/restart",
  rebuild: "shared/stack/rebuild",
  bench: "shared/stack/bench",
  chaos: "shared/stack/chaos",
  fuzz: "shared/stack/fuzz",
  provision: "shared/stack/provision",
  conf: "shared/stack/conf",
  flow: "shared/stack/flow",
  parked: "shared/stack/parked",
  lag: "shared/stack/lag",
  order: "shared/stack/order",
  why: "shared/stack/why",
  demo: "shared/stack/demo",
  passwords: "shared/stack/compose-env",
  schemas: "shared/schemas/command",
};

/** The commands that start the stack, whose monitor serves the page. */
const SERVING = ["start", "restart", "bench", "chaos", "fuzz"];

// Where npm was called: relative paths in arguments start there.
process.env.INIT_CWD ??= process.cwd();
process.chdir(fileURLToPath(new URL("../..", import.meta.url)));
const [command, ...args] = process.argv.slice(2);

checkNode();
if (Object.hasOwn(USAGE, command ?? "") && args.includes("--help")) console.log(USAGE[command]);
else if (command === "test") {
  await install();
  await check();
} else if (Object.hasOwn(COMMANDS, command ?? "")) {
  await install();
  await compile();
  if (SERVING.includes(command)) await bundle();
  const script = resolve("dist", `${COMMANDS[command]}.js`);
  process.argv = [process.argv[0], script, ...args];
  await import(pathToFileURL(script).href);
} else {
  const known = [...Object.keys(COMMANDS), "test"].join(", ");
  fail(`${command ? `There is no command "${command}".` : "Which command?"} The commands are: ${known}.`, 2);
}

function checkNode() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  const [oldestMajor, oldestMinor] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return;
  fail(`Node ${process.versions.node} is too old: please install Node ${OLDEST_NODE.join(".")} or newer.`);
}

/** Installs the packages, unless they are as the lock file has them. */
async function install() {
  const modified = (path) => statSync(path).mtimeMs;
  if (existsSync(INSTALLED) && modified(INSTALLED) >= modified("package-lock.json")) return;

  console.error("Installing packages with npm ci, which can take minutes.");
  const code = await run("npm", ["ci", "--include=dev", "--no-audit", "--no-fund"], headersAtHand(), STDERR);
  if (code !== 0) fail("npm ci could not install the packages; the reasons are above.");
}

/** Where Node's own headers are, if they were installed with it: native modules then compile without a download. */
function headersAtHand() {
  const prefix = resolve(process.execPath, "../..");
  return existsSync(resolve(prefix, "include/node/node.h")) ? { npm_config_nodedir: prefix } : {};
}

/** Compiles for a command, whose standard output stays its own. */
async function compile() {
  if ((await run("tsc", ["-p", "."], {}, STDERR)) === 0) return;
  // Stale generated types break the compiler, which emits all the same: only `schemas` can mend them.
  if (command !== "schemas") process.exit(COULD_NOT_RUN);
  console.error(
    "The compiler's errors are above; schemas runs all the same, since it may be what fixes them.",
  );
}

/** Bundles the monitor's page, unless the bundle is newer than all that it is made of. */
async function bundle() {
  const sources = ["package-lock.json", "apps/monitor"];
  for (const path of readdirSync("apps/monitor", { recursive: true }))
    sources.push(join("apps/monitor", path));
  const modified = (path) => statSync(path).mtimeMs;
  if (existsSync(BUNDLED) && sources.every((path) => modified(path) <= modified(BUNDLED))) return;
  if ((await run("vite", ["build", PAGE, "--logLevel", "warn"], {}, STDERR)) === 0) return;
  fail("vite could not bundle the monitor's page; the reasons are above.", COULD_NOT_RUN);
}

/** All that CI runs, up to the first failure: format and lint, types, tests. */
async function check() {
  await mustPass("biome", ["ci", "."]);
  await mustPass("tsc", ["-p", "."]);
  await mustPass("tsc", ["-p", PAGE]);
  await bundle();
  const { findNatsServer } = await import(pathToFileURL(resolve("dist/shared/stack/nats-server.js")).href);
  const natsServer = await findNatsServer().catch((error) => fail(error.message));
  const { findChromium } = await import(pathToFileURL(resolve("dist/shared/stack/chromium.js")).href);
  const chromium = await findChromium().catch((error) => fail(error.message));
  await mustPass("vitest", ["run", ...args], { NATS_SERVER_BIN: natsServer, CHROMIUM_BIN: chromium });
}

async function mustPass(tool, toolArgs, env) {
  const code = await run(tool, toolArgs, env);
  if (code !== 0) process.exit(code);
}

/** Runs a tool in this terminal, hands it every signal that arrives meanwhile, and resolves with its exit code. */
function run(tool, toolArgs, env = {}, stdout = "inherit") {
  const local = `node_modules/.bin/${tool}`;
  const child = spawn(existsSync(local) ? local : tool, toolArgs, {
    stdio: ["inherit", stdout, "inherit"],
    env: { ...process.env, ...env },
  });
  const forward = (signal) => child.kill(signal);
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"];
  for (const signal of signals) process.on(signal, forward);

  return new Promise((settle) => {
    child.on("error", (error) => fail(`${tool} could not be started: ${error.message}.`));
    child.on("close", (code, signal) => {
      for (const each of signals) process.off(each, forward);
      settle(code ?? 128 + constants.signals[signal]);
    });
  });
}

function fail(sentence, code = 1) {
  console.error(sentence);
  process.exit(code);
}
