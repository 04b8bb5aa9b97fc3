// Finds Prometheus, and its promtool, which tests the alert rules; fetches either into the project's cache when the machine has
// none.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fetchDebianPackage } from "./debian.ts";
import { projectRoot } from "./project.ts";
import { CHECK_MS, type Env, fetchToCache, lookUp, run } from "./tools.ts";

interface Where {
  readonly env?: Env;
  readonly cacheDir?: string;
  readonly log?: (line: string) => void;
}

/**
 * The absolute path of a promtool that runs here. Looks at `PROMTOOL_BIN`, the `PATH` and the cache; then fetches the
 * package of Debian and its kin.
 *
 * @throws Error when `PROMTOOL_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export function findPromtool(where: Where = {}): Promise<string> {
  return find("promtool", where);
}

/** The absolute path of a Prometheus that runs here, found as promtool is; `PROMETHEUS_BIN` names another. */
export function findPrometheus(where: Where = {}): Promise<string> {
  return find("prometheus", where);
}

async function find(program: "promtool" | "prometheus", where: Where): Promise<string> {
  const { env = process.env, log = console.error } = where;
  const cached = join(resolve(where.cacheDir ?? join(projectRoot, ".cache", program)), program);
  const variable = `${program.toUpperCase()}_BIN`;
  const whatToDo = `Install Prometheus and set ${variable} to the path of its ${program}.`;
  const chosen = env[variable];
  if (chosen) {
    const refusal = await refusalOf(program, resolve(chosen), env);
    if (refusal) throw new Error(`${variable} is refused: ${refusal}. ${whatToDo}`);
    return resolve(chosen);
  }
  const onPath = lookUp(program, env);
  if (onPath) return onPath;
  if (!(await refusalOf(program, cached, env))) return cached;

  log(`Fetching ${program} from the distribution's package.`);
  const fetchInto = async (folder: string) => {
    await fetchDebianPackage("prometheus", "own", folder, env);
    return join(folder, "usr/bin", program);
  };
  try {
    await fetchToCache(cached, fetchInto, (path) => refusalOf(program, path, env));
    return cached;
  } catch (error) {
    throw new Error(
      `No ${program} found, and none could be fetched: ${(error as Error).message}. ${whatToDo}`,
    );
  }
}

/** Why a binary cannot be used, or undefined if it can. */
async function refusalOf(program: string, binary: string, env: Env): Promise<string | undefined> {
  if (!existsSync(binary)) return `${binary} does not exist`;
  try {
    const answer = await run(binary, ["--version"], { env, timeout: CHECK_MS });
    return answer.startsWith(program) ? undefined : `${binary} is no ${program}`;
  } catch (error) {
    return `${binary} does not run (${(error as Error).message})`;
  }
}
