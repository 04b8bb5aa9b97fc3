// Programs of the machine: looked up, and run.

import { execFile } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { basename, delimiter, join } from "node:path";
import { promisify } from "node:util";

export type Env = NodeJS.ProcessEnv;

/** How long a program may take to say what it is, and an archive to be unpacked. */
export const CHECK_MS = 20_000;
export const UNPACK_MS = 60_000;

/** The first program of that name on the `PATH`. */
export function lookUp(command: string, env: Env): string | undefined {
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean);
  return folders.map((folder) => join(folder, command)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** What a command prints. Throws an Error with its reason, in a line, if it fails or takes `timeout` ms. */
export async function run(
  command: string,
  args: string[],
  options: { env: Env; cwd?: string; timeout: number },
) {
  try {
    const { stdout } = await promisify(execFile)(command, args, { ...options, killSignal: "SIGKILL" });
    return stdout;
  } catch (error) {
    const { code, killed, stderr = "" } = error as { code?: unknown; killed?: boolean; stderr?: string };
    const lines = stderr.split("\n").filter((line) => line.trim());
    const reason = killed
      ? `took more than ${options.timeout / 1000} s`
      : (lines.find((line) => line.startsWith("E:")) ?? lines.at(-1) ?? `failed with ${code}`);
    throw new Error(`${basename(command)}: ${reason}`);
  }
}
