// How much memory the processes of a stack hold.

import { execFile } from "node:child_process";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import type { Site } from "../site.ts";

/** A pause in which garbage that nobody needs any more may be collected. */
const PAUSE_MS = 3_000;
const MB = 1_024; // `ps` counts in KiB.

/** The resident set of each process by its name, in MiB, after a pause. */
export async function memory(site: Pick<Site, "services" | "program">): Promise<Record<string, number>> {
  await sleep(PAUSE_MS);
  const names = ["nats", ...site.services.map(({ name }) => name)];
  const sizes = names.map(async (name) => {
    const { stdout } = await promisify(execFile)("ps", ["-o", "rss=", "-p", `${site.program(name).pid}`]);
    return [name, Math.round(Number(stdout) / MB)] as const;
  });
  return Object.fromEntries(await Promise.all(sizes));
}
