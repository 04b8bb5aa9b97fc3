// One stack for one data folder: refuses a second one, and ends what a killed one left behind.

import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";

const LEFTOVER_MS = 12_000;
const POLL_MS = 50;

/**
 * Takes the data folder for this process. A process of ours is known by its pid file in `run/` and by its command
 * line: nothing else is ever stopped. Rejects when another stack is running on the folder.
 */
export async function claim(folder: string, programs: readonly string[]): Promise<void> {
  const file = join(folder, "run", "stack.pid");
  const owner = readPid(file);
  // The command line tells the owner from another process that has its number by now.
  if (owner && owner !== process.pid && /bootstrap\.mjs start|stack\/start\.js/.test(commandOf(owner))) {
    throw new Error(
      `it is already running on ${folder} (process ${owner}): stop it, or set DATA_DIR to another folder`,
    );
  }
  writeFileSync(file, `${process.pid}\n`);
  await Promise.all(programs.map((name) => endLeftover(join(folder, "run", `${name}.pid`), name)));
}

async function endLeftover(file: string, name: string): Promise<void> {
  const pid = readPid(file);
  const mark = name === "nats" ? "nats-server" : join("apps", name, "main.js");
  const runs = () => pid !== undefined && commandOf(pid).includes(mark);
  if (!pid || !runs()) return;

  process.kill(pid, "SIGTERM");
  const deadline = Date.now() + LEFTOVER_MS;
  while (runs()) {
    if (Date.now() > deadline)
      throw new Error(`process ${pid}, a ${name} left over from an earlier start, does not end`);
    await sleep(POLL_MS);
  }
}

function readPid(file: string): number | undefined {
  return existsSync(file) ? Number.parseInt(readFileSync(file, "utf8"), 10) || undefined : undefined;
}

/** The command line of a process; empty when there is no such process. */
function commandOf(pid: number): string {
  try {
    return execFileSync("ps", ["-o", "args=", "-p", `${pid}`], { encoding: "utf8" });
  } catch {
    return "";
  }
}
