// Finds a nats-server that is new enough, and fetches one into the project's cache when the machine has none.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fetchDebianPackages } from "./debian.ts";
import { projectRoot } from "./project.ts";
import { CHECK_MS, type Env, fetchToCache, lookUp, run, UNPACK_MS } from "./tools.ts";

/** The oldest nats-server that works: the first that checks for duplicates inside an atomic batch. */
export const OLDEST = "v2.12.1";

const RELEASE = "v2.12.15";
const RELEASE_URL = `https://github.com/nats-io/nats-server/releases/download/${RELEASE}`;

const CPUS: Record<string, string> = { x64: "amd64", arm64: "arm64" };

const CONNECT_MS = 3_000;
const DOWNLOAD_MS = 120_000;

const WHAT_TO_DO = `Install nats-server ${OLDEST} or newer and set NATS_SERVER_BIN to its path.`;

type Version = { text: string; numbers: number[]; preRelease: boolean };

/** A way to fetch nats-server: puts it somewhere below `folder`, which is empty, and returns its path. */
type Source = { name: string; fetchInto: (folder: string, env: Env) => Promise<string> };

const SOURCES: Source[] = [
  { name: `the official release ${RELEASE}`, fetchInto: fetchRelease },
  { name: "the distribution's newest package", fetchInto: fetchPackage },
];

/**
 * The absolute path of a nats-server that runs here and is `OLDEST` or newer. Looks at `NATS_SERVER_BIN`, the `PATH`
 * and the cache; then fetches the official release or, on Debian and its kin, the distribution's newest package.
 * Every step has a time limit, and any number of processes may call it at once.
 *
 * @throws Error when `NATS_SERVER_BIN` is set but no good, or when nothing worked: it says why, and what to do.
 */
export async function findNatsServer(
  options: { env?: Env; cacheDir?: string; log?: (line: string) => void } = {},
): Promise<string> {
  const { env = process.env, log = console.error } = options;
  const cacheDir = resolve(options.cacheDir ?? join(projectRoot, ".cache", "nats-server"));

  if (env.NATS_SERVER_BIN) {
    const chosen = resolve(env.NATS_SERVER_BIN);
    const refusal = await refusalOf(chosen, env);
    if (refusal) throw new Error(`NATS_SERVER_BIN is refused: ${refusal}. ${WHAT_TO_DO}`);
    return chosen;
  }

  const onPath = lookUp("nats-server", env);
  if (onPath) {
    const refusal = await refusalOf(onPath, env);
    if (!refusal) return onPath;
    log(
      `The nats-server on the PATH is refused: ${refusal}. Upgrade or remove it; another is used meanwhile.`,
    );
  }

  const cached = join(cacheDir, "nats-server");
  if (!(await refusalOf(cached, env))) return cached;

  const failures: string[] = [];
  for (const source of SOURCES) {
    log(`Fetching nats-server from ${source.name}.`);
    try {
      await fetchToCache(
        cached,
        (folder) => source.fetchInto(folder, env),
        (path) => refusalOf(path, env),
      );
      return cached;
    } catch (error) {
      failures.push(`- ${source.name}: ${(error as Error).message}`);
    }
  }
  throw new Error(`No nats-server found, and none could be fetched.\n${failures.join("\n")}\n${WHAT_TO_DO}`);
}

/** The first version in a text such as `nats-server: v2.12.0-RC.1`, or undefined. */
export function parseVersion(text: string): Version | undefined {
  const [version, major, minor, patch, preRelease] = /v?(\d+)\.(\d+)\.(\d+)(-[\w.]+)?/.exec(text) ?? [];
  if (version === undefined) return undefined;
  return { text: version, numbers: [major, minor, patch].map(Number), preRelease: preRelease !== undefined };
}

/** Whether a text names a version that is `OLDEST` or newer; a pre-release of `OLDEST` is older. */
export function isNewEnough(text: string): boolean {
  const [version, oldest] = [parseVersion(text), parseVersion(OLDEST)!];
  if (!version) return false;

  const difference = version.numbers.map((n, i) => n - oldest.numbers[i]!).find((n) => n !== 0) ?? 0;
  return difference > 0 || (difference === 0 && !version.preRelease);
}

/** Why a binary cannot be used, or undefined if it can. */
async function refusalOf(binary: string, env: Env): Promise<string | undefined> {
  if (!existsSync(binary)) return `${binary} does not exist`;
  try {
    const answer = await run(binary, ["--version"], { env, timeout: CHECK_MS });
    if (isNewEnough(answer)) return undefined;
    return `${binary} is ${parseVersion(answer)?.text ?? "of an unknown version"}, not ${OLDEST} or newer`;
  } catch (error) {
    return `${binary} does not run (${(error as Error).message})`;
  }
}

async function fetchRelease(folder: string, env: Env): Promise<string> {
  const cpu = CPUS[process.arch];
  if (!cpu || !["linux", "darwin"].includes(process.platform)) {
    throw new Error(`there is no archive for ${process.platform} on ${process.arch}`);
  }
  const name = `nats-server-${RELEASE}-${process.platform}-${cpu}.tar.gz`;

  const sums = (await download(`${RELEASE_URL}/SHA256SUMS`)).toString();
  const sum = sums.split("\n").find((line) => line.trim().endsWith(name));
  const archive = await download(`${RELEASE_URL}/${name}`);
  if (createHash("sha256").update(archive).digest("hex") !== sum?.split(/\s/)[0]) {
    throw new Error(`the checksum of ${name} is not the one in SHA256SUMS`);
  }

  await writeFile(join(folder, name), archive);
  await run("tar", ["-xzf", name, "--strip-components=1"], { env, cwd: folder, timeout: UNPACK_MS });
  return join(folder, "nats-server");
}

async function download(url: string): Promise<Buffer> {
  const connecting = new AbortController();
  const timer = setTimeout(() => connecting.abort(new Error("no answer in time")), CONNECT_MS);
  try {
    const signal = AbortSignal.any([connecting.signal, AbortSignal.timeout(DOWNLOAD_MS)]);
    const response = await fetch(url, { signal }).finally(() => clearTimeout(timer));
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    return Buffer.from(await response.arrayBuffer());
  } catch (error) {
    const { message, cause } = error as Error;
    throw new Error(`${url}: ${(cause as Error | undefined)?.message ?? message}`);
  }
}

async function fetchPackage(folder: string, env: Env): Promise<string> {
  await fetchDebianPackages(["nats-server"], "newest", folder, env);
  const here = (name: string) => join(folder, name);
  return (
    ["usr/sbin/nats-server", "usr/bin/nats-server"].map(here).find(existsSync) ?? here("usr/bin/nats-server")
  );
}
