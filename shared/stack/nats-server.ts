// Which nats-server is new enough, and where one is fetched when the machine has none.

import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fetchDebianPackages } from "./debian.ts";
import { findProgram, type Places, type Program } from "./find-program.ts";
import { type Env, run, UNPACK_MS } from "./tools.ts";

/** The oldest nats-server that works: the first that checks for duplicates inside an atomic batch. */
export const OLDEST = "v2.12.1";

const RELEASE = "v2.12.15";
const RELEASE_URL = `https://github.com/nats-io/nats-server/releases/download/${RELEASE}`;

const CPUS: Record<string, string> = { x64: "amd64", arm64: "arm64" };

const CONNECT_MS = 3_000;
const DOWNLOAD_MS = 120_000;

type Version = { text: string; numbers: number[]; preRelease: boolean };

const NATS_SERVER: Program = {
  name: "nats-server",
  variable: "NATS_SERVER_BIN",
  commands: ["nats-server"],
  version: "--version",
  objection: (answer) =>
    isNewEnough(answer)
      ? undefined
      : `is ${parseVersion(answer)?.text ?? "of an unknown version"}, not ${OLDEST} or newer`,
  sources: [
    { name: `the official release ${RELEASE}`, fetchInto: fetchRelease },
    { name: "the distribution's newest package", fetchInto: fetchPackage },
  ],
  whatToDo: `Install nats-server ${OLDEST} or newer and set NATS_SERVER_BIN to its path.`,
};

/** The absolute path of a nats-server that runs here and is `OLDEST` or newer; see `findProgram`. */
export function findNatsServer(places: Places = {}): Promise<string> {
  return findProgram(NATS_SERVER, places);
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
