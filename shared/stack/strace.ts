// strace, which makes disks slow for chaos runs, and how it is fetched when the machine has none.

import { chmod, readdir, rename, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fetchDebianPackages } from "./debian.ts";
import { findProgram, type Places, type Program } from "./find-program.ts";
import type { Env } from "./tools.ts";

const STRACE: Program = {
  name: "strace",
  variable: "STRACE_BIN",
  commands: ["strace"],
  version: "-V",
  objection: (answer) => (answer.startsWith("strace") ? undefined : "is no strace"),
  sources: [{ name: "the distribution's package", fetchInto: fetchPackage }],
  whatToDo: "Install strace and set STRACE_BIN to its path.",
};

/** The absolute path of an strace that runs here, see `findProgram`; whether it may look into other processes is another question. */
export function findStrace(places: Places = {}): Promise<string> {
  return findProgram(STRACE, places);
}

/** Fetches it, and a script that starts it with the library that came with it. */
async function fetchPackage(folder: string, env: Env): Promise<string> {
  await fetchDebianPackages(["strace", "libunwind8"], "own", folder, env);
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
