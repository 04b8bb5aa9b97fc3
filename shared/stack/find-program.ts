// Finds a program that the project runs and does not bring, and fetches it into the project's cache when the machine has none.

import { existsSync } from "node:fs";
import { mkdir, mkdtemp, rename, rm } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { projectRoot } from "./project.ts";
import { CHECK_MS, type Env, lookUp, run } from "./tools.ts";

/** A program, and where it comes from. */
export interface Program {
  readonly name: string;
  /** The environment variable that may name its path. */
  readonly variable: string;
  /** What it is called on the `PATH`; the first one is what it is called in the cache. */
  readonly commands: readonly [string, ...string[]];
  /** Has it print its version. */
  readonly version: "--version" | "-V";
  /** What speaks against one of this version, such as `is too old`. */
  readonly objection?: (version: string) => string | undefined;
  /** Where it can be fetched, likeliest first. */
  readonly sources: readonly Source[];
  /** What a person can do about it where it is missing. */
  readonly whatToDo: string;
}

/** A way to fetch a program: puts it somewhere below `folder`, which is empty, and returns its path. */
export interface Source {
  readonly name: string;
  readonly fetchInto: (folder: string, env: Env) => Promise<string>;
}

/** Where a program is looked for: this process's own environment and the project's cache, unless given. */
export interface Places {
  readonly env?: Env;
  readonly cacheDir?: string;
  readonly log?: (line: string) => void;
}

/**
 * The absolute path of a program that runs here. Looks at its variable, the `PATH` and the cache, and then fetches it.
 * Every step has a time limit, and any number of processes may call it at once.
 *
 * @throws Error when its variable is set but no good, or when nothing worked: it says why, and what to do.
 */
export async function findProgram(program: Program, places: Places = {}): Promise<string> {
  const { name, variable, commands, objection, sources, whatToDo } = program;
  const { env = process.env, log = console.error } = places;
  const [command] = commands;
  const cached = join(resolve(places.cacheDir ?? join(projectRoot, ".cache", command)), command);

  if (env[variable]) {
    const chosen = resolve(env[variable]);
    const refusal = await refusalOf(program, chosen, env);
    if (refusal) throw new Error(`${variable} is refused: ${refusal}. ${whatToDo}`);
    return chosen;
  }

  for (const onPath of commands.flatMap((each) => lookUp(each, env) ?? [])) {
    const refusal = await refusalOf(program, onPath, env);
    if (!refusal) return onPath;
    if (objection)
      log(`The ${name} on the PATH is refused: ${refusal}. Upgrade or remove it; another is used meanwhile.`);
  }

  if (!(await refusalOf(program, cached, env))) return cached;

  const failures: string[] = [];
  for (const source of sources) {
    log(`Fetching ${name} from ${source.name}.`);
    try {
      await fetchToCache(program, source, cached, env);
      return cached;
    } catch (error) {
      failures.push((error as Error).message);
    }
  }
  const tried = sources.map((source, index) => `\n- ${source.name}: ${failures[index]}`);
  const reasons = tried.length > 1 ? `${tried.join("")}\n` : ` ${failures[0]}. `;
  throw new Error(`No ${name} found, and none could be fetched:${reasons}${whatToDo}`);
}

/** Why a binary cannot be used, or undefined if it can. */
async function refusalOf(
  { version, objection }: Program,
  binary: string,
  env: Env,
): Promise<string | undefined> {
  if (!existsSync(binary)) return `${binary} does not exist`;
  try {
    const answer = await run(binary, [version], { env, timeout: CHECK_MS });
    const found = objection?.(answer);
    return found && `${binary} ${found}`;
  } catch (error) {
    return `${binary} does not run (${(error as Error).message})`;
  }
}

/**
 * Fetches a program to the path `cached`, whose folder sees a whole, working one or none: it is made in a folder of its own,
 * then moved at a stroke. Rejects with what speaks against it.
 */
async function fetchToCache(
  program: Program,
  { fetchInto }: Source,
  cached: string,
  env: Env,
): Promise<void> {
  await mkdir(dirname(cached), { recursive: true });
  const folder = await mkdtemp(join(dirname(cached), "fetch-"));
  try {
    const binary = await fetchInto(folder, env);
    const refusal = await refusalOf(program, binary, env);
    if (refusal) throw new Error(refusal);
    await rename(binary, cached);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
