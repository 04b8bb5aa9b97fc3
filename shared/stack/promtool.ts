// Finds promtool, which tests the alert rules, and fetches it into the project's cache when the machine has none.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fetchDebianPackage } from "./debian.ts";
import { projectRoot } from "./project.ts";
import { CHECK_MS, type Env, fetchToCache, lookUp, run } from "./tools.ts";

const WHAT_TO_DO = "Install Prometheus and set PROMTOOL_BIN to the path of its promtool.";

/**
 * The absolute path of a promtool that runs here. Looks at `PROMTOOL_BIN`, the `PATH` and the cache; then fetches the
 * package of Debian and its kin.
 *
 * @throws Error when `PROMTOOL_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export async function findPromtool(
  options: { env?: Env; cacheDir?: string; log?: (line: string) => void } = {},
): Promise<string> {
  const { env = process.env, log = console.error } = options;
  const cached = join(resolve(options.cacheDir ?? join(projectRoot, ".cache", "promtool")), "promtool");
  if (env.PROMTOOL_BIN) {
    const refusal = await refusalOf(resolve(env.PROMTOOL_BIN), env);
    if (refusal) throw new Error(`PROMTOOL_BIN is refused: ${refusal}. ${WHAT_TO_DO}`);
    return resolve(env.PROMTOOL_BIN);
  }
  const onPath = lookUp("promtool", env);
  if (onPath) return onPath;
  if (!(await refusalOf(cached, env))) return cached;

  log("Fetching promtool from the distribution's package.");
  const fetchInto = async (folder: string) => {
    await fetchDebianPackage("prometheus", "own", folder, env);
    return join(folder, "usr/bin/promtool");
  };
  try {
    await fetchToCache(cached, fetchInto, (path) => refusalOf(path, env));
    return cached;
  } catch (error) {
    throw new Error(
      `No promtool found, and none could be fetched: ${(error as Error).message}. ${WHAT_TO_DO}`,
    );
  }
}

/** Why a binary cannot be used, or undefined if it can. */
async function refusalOf(binary: string, env: Env): Promise<string | undefined> {
  if (!existsSync(binary)) return `${binary} does not exist`;
  try {
    const answer = await run(binary, ["--version"], { env, timeout: CHECK_MS });
    return answer.startsWith("promtool") ? undefined : `${binary} is no promtool`;
  } catch (error) {
    return `${binary} does not run (${(error as Error).message})`;
  }
}
