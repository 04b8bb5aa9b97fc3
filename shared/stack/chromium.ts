// Finds a Chromium for the tests of the monitor's page, and fetches Debian's into the project's cache when there is none.

import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { expectApt, privateApt } from "./apt.ts";
import { projectRoot } from "./project.ts";
import { type Env, lookUp, run } from "./tools.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];
const CHECK_MS = 20_000;
const UNPACK_MS = 120_000;
const DOWNLOAD_MS = 300_000;

const WHAT_TO_DO = "Install Chromium or Chrome and set CHROMIUM_BIN to its path.";

/**
 * The absolute path of a Chromium that runs here. Looks at `CHROMIUM_BIN`, the `PATH` and the cache; then, on Debian and its
 * kin, fetches the distribution's package with what it needs and the machine lacks. Nothing on the system changes.
 *
 * @throws Error when `CHROMIUM_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export async function findChromium(
  options: { env?: Env; cacheDir?: string; log?: (line: string) => void } = {},
): Promise<string> {
  const { env = process.env, log = console.error } = options;
  const cacheDir = resolve(options.cacheDir ?? join(projectRoot, ".cache", "chromium"));

  if (env.CHROMIUM_BIN) {
    const chosen = resolve(env.CHROMIUM_BIN);
    const refusal = await refusalOf(chosen, env);
    if (refusal) throw new Error(`CHROMIUM_BIN is refused: ${refusal}. ${WHAT_TO_DO}`);
    return chosen;
  }
  for (const onPath of NAMES.flatMap((name) => lookUp(name, env) ?? []))
    if (!(await refusalOf(onPath, env))) return onPath;

  const cached = join(cacheDir, "chromium");
  if (!(await refusalOf(cached, env))) return cached;

  log("Fetching Chromium from the distribution's packages, which can take minutes.");
  try {
    await fetchToCache(cacheDir, env);
    const refusal = await refusalOf(cached, env);
    if (refusal) throw new Error(refusal);
    return cached;
  } catch (error) {
    throw new Error(
      `No Chromium found, and none could be fetched: ${(error as Error).message}. ${WHAT_TO_DO}`,
    );
  }
}

/** Why a binary cannot be used, or undefined if it can. */
async function refusalOf(binary: string, env: Env): Promise<string | undefined> {
  if (!existsSync(binary)) return `${binary} does not exist`;
  try {
    await run(binary, ["--version"], { env, timeout: CHECK_MS });
    return undefined;
  } catch (error) {
    return `${binary} does not run (${(error as Error).message})`;
  }
}

// Fetched and unpacked in a folder of its own; the start script, which comes last, makes it the one that is used.
async function fetchToCache(cacheDir: string, env: Env): Promise<void> {
  expectApt(env);
  await mkdir(cacheDir, { recursive: true });
  const folder = await mkdtemp(join(cacheDir, "fetch-"));
  try {
    const apt = await privateApt(folder, env, DOWNLOAD_MS);
    await apt("update");
    await apt("install", "--yes", "--download-only", "--no-install-recommends", "chromium");
    const root = join(folder, "root");
    for (const name of await readdir(join(folder, "archives"))) {
      if (!name.endsWith(".deb")) continue;
      await run("dpkg-deb", ["-x", join(folder, "archives", name), root], { env, timeout: UNPACK_MS });
    }
    const home = join(cacheDir, `root-${Date.now()}`);
    await rename(root, home);
    await writeFile(join(folder, "chromium"), await startScript(home));
    await chmod(join(folder, "chromium"), 0o755);
    await rename(join(folder, "chromium"), join(cacheDir, "chromium"));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Starts it with the libraries that came with it, and with its fonts where the machine has none. */
async function startScript(root: string): Promise<string> {
  const all = await readdir(root, { recursive: true, withFileTypes: true });
  const libraries = all.filter(({ name }) => /\.so(\.|$)/.test(name)).map(({ parentPath }) => parentPath);
  const main = all.find(({ name, parentPath }) => name === "chromium" && parentPath.endsWith("lib/chromium"));
  if (!main) throw new Error("the package has no chromium in it");
  const folders = [...new Set(libraries)];
  const fonts = existsSync("/etc/fonts/fonts.conf") ? [] : [`export FONTCONFIG_SYSROOT='${root}'`];
  return [
    "#!/bin/sh",
    `export LD_LIBRARY_PATH='${folders.join(":")}'`,
    ...fonts,
    `exec '${join(main.parentPath, main.name)}' "$@"`,
    "",
  ].join("\n");
}
