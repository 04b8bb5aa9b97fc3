// Finds a program that a package of Debian brings, and fetches it into the project's cache when the machine has none.

import { existsSync } from "node:fs";
import { join, resolve } from "node:path";
import { fetchDebianPackages } from "./debian.ts";
import { projectRoot } from "./project.ts";
import { CHECK_MS, type Env, fetchToCache, lookUp, run } from "./tools.ts";

/** A program, and where it comes from. */
export interface DebianProgram {
  readonly name: string;
  /** The environment variable that may name its path. */
  readonly variable: string;
  /** Prints `name` first of all. */
  readonly version: string;
  readonly packages: readonly string[];
  /** Where it is in the cache. */
  readonly cached: string;
  /** Where what goes into the cache is, in the folder that the packages were unpacked to. */
  readonly fetched: (folder: string) => string | Promise<string>;
  /** What a person can do about it where it is missing. */
  readonly whatToDo: string;
}

/** Where it is looked for: this process' own environment and the project's cache, unless given. */
export interface Places {
  readonly env?: Env;
  readonly cacheDir?: string;
  readonly log?: (line: string) => void;
}

/**
 * The absolute path of a program that runs here. Looks at its variable, the `PATH` and the cache; then fetches the packages
 * of Debian and its kin.
 *
 * @throws Error when its variable is set but no good, or when nothing worked: it says why, and what to do.
 */
export async function findDebianProgram(program: DebianProgram, places: Places = {}): Promise<string> {
  const { name, variable, packages, fetched, whatToDo } = program;
  const { env = process.env, log = console.error } = places;
  const cached = join(resolve(places.cacheDir ?? join(projectRoot, ".cache", name)), program.cached);
  const chosen = env[variable];
  if (chosen) {
    const refusal = await refusalOf(program, resolve(chosen), env);
    if (refusal) throw new Error(`${variable} is refused: ${refusal}. ${whatToDo}`);
    return resolve(chosen);
  }
  const onPath = lookUp(name, env);
  if (onPath) return onPath;
  if (!(await refusalOf(program, cached, env))) return cached;

  log(`Fetching ${name} from the distribution's package.`);
  const fetchInto = async (folder: string) => {
    await fetchDebianPackages(packages, "own", folder, env);
    return fetched(folder);
  };
  try {
    await fetchToCache(cached, fetchInto, (path) => refusalOf(program, path, env));
    return cached;
  } catch (error) {
    throw new Error(`No ${name} found, and none could be fetched: ${(error as Error).message}. ${whatToDo}`);
  }
}

/** Why a binary cannot be used, or undefined if it can. */
async function refusalOf(
  { name, version }: DebianProgram,
  binary: string,
  env: Env,
): Promise<string | undefined> {
  if (!existsSync(binary)) return `${binary} does not exist`;
  try {
    const answer = await run(binary, [version], { env, timeout: CHECK_MS });
    return answer.startsWith(name) ? undefined : `${binary} is no ${name}`;
  } catch (error) {
    return `${binary} does not run (${(error as Error).message})`;
  }
}
