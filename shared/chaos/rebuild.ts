// Has a service's database rebuilt from the stream, by the command that does it for everybody.

import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Rebuilt } from "../service/rebuild.ts";
import { projectRoot } from "../stack/project.ts";

const COMMAND = join(projectRoot, "dist", "shared", "stack", "rebuild.js");

/** How it exits when the state is another one. */
const DIFFERS = 1;

/** Rebuilds the database of a service that is not running; `env` is the stack's, with the passwords. */
export async function rebuild(service: string, env: NodeJS.ProcessEnv): Promise<Rebuilt> {
  const run = promisify(execFile)(process.execPath, [COMMAND, service, "--json"], { env });
  const { stdout } = await run.catch((error) => {
    if (error.code === DIFFERS) return error;
    throw error;
  });
  return JSON.parse(stdout);
}

/** Rebuilds a service's database once more: its state has to be what it was. */
export async function rebuiltAlike(service: string, env: NodeJS.ProcessEnv): Promise<string[]> {
  const { before, after } = await rebuild(service, env);
  return before === after
    ? []
    : [`${service} is rebuilt from the stream to another state: ${before}, then ${after}`];
}
