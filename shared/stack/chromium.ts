// A Chromium for the tests of the monitor's page, and how Debian's is fetched when the machine has none.

import { existsSync } from "node:fs";
import { chmod, readdir, rename, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expectApt, privateApt } from "./apt.ts";
import { findProgram, type Places, type Program } from "./find-program.ts";
import { type Env, run } from "./tools.ts";

const UNPACK_MS = 120_000;
const DOWNLOAD_MS = 300_000;

const CHROMIUM: Program = {
  name: "Chromium",
  variable: "CHROMIUM_BIN",
  commands: ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"],
  version: "--version",
  sources: [{ name: "the distribution's packages, which can take minutes", fetchInto: fetchPackages }],
  whatToDo: "Install Chromium or Chrome and set CHROMIUM_BIN to its path.",
};

/** The absolute path of a Chromium that runs here; see `findProgram`. Nothing on the system changes. */
export function findChromium(places: Places = {}): Promise<string> {
  return findProgram(CHROMIUM, places);
}

/** Fetches the distribution's package with what it needs and the machine lacks, and a script that starts it. */
async function fetchPackages(folder: string, env: Env): Promise<string> {
  expectApt(env);
  const apt = await privateApt(folder, env, DOWNLOAD_MS);
  await apt("update");
  await apt("install", "--yes", "--download-only", "--no-install-recommends", "chromium");
  const root = join(folder, "root");
  for (const name of await readdir(join(folder, "archives"))) {
    if (!name.endsWith(".deb")) continue;
    await run("dpkg-deb", ["-x", join(folder, "archives", name), root], { env, timeout: UNPACK_MS });
  }
  const home = join(dirname(folder), `root-${Date.now()}`);
  await rename(root, home);
  const script = join(folder, "chromium");
  await writeFile(script, await startScript(home));
  await chmod(script, 0o755);
  return script;
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
