// Finds strace, which makes disks slow for chaos runs, and fetches it into the project's cache when the machine has none.

import { chmod, readdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { type DebianProgram, findDebianProgram, type Places } from "./debian-program.ts";

const STRACE: DebianProgram = {
  name: "strace",
  variable: "STRACE_BIN",
  version: "-V",
  packages: ["strace", "libunwind8"],
  cached: "strace",
  fetched: startScript,
  whatToDo: "Install strace and set STRACE_BIN to its path.",
};

/**
 * The absolute path of an strace that runs here; whether it may look into other processes is another question. Looks at
 * `STRACE_BIN`, the `PATH` and the cache; then fetches the package of Debian and its kin.
 *
 * @throws Error when `STRACE_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export function findStrace(places: Places = {}): Promise<string> {
  return findDebianProgram(STRACE, places);
}

/** Starts it with the library that came with it. */
async function startScript(folder: string): Promise<string> {
  const home = join(dirname(folder), `of-${basename(folder)}`);
  await rename(join(folder, "usr"), home);
  const [libraries = ""] = await readdir(join(home, "lib"));
  const script = join(folder, "strace");
  const lines = [
    "#!/bin/sh",
    `export LD_LIBRARY_PATH='${join(home, "lib", libraries)}'`,
    `exec '${join(home, "bin", "strace")}' "$@"`,
  ];
  await writeFile(script, `${lines.join("\n")}\n`);
  await chmod(script, 0o755);
  return script;
}
