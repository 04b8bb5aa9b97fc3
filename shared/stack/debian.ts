// Fetches packages of Debian and its kin, from the mirror that the machine's apt uses. Their signatures are checked, and
// nothing on the system changes.

import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { expectApt, privateApt } from "./apt.ts";
import { CHECK_MS, type Env, run, UNPACK_MS } from "./tools.ts";

const DOWNLOAD_MS = 120_000;
const MIRRORS_TRIED = 3;

/** Where a package comes from: the distribution's newest suite, or the one that the machine has. */
export type Suite = "newest" | "own";

/** Unpacks packages into `folder`, which is empty. Rejects with the reason when that can't be. */
export async function fetchDebianPackages(
  names: readonly string[],
  suite: Suite,
  folder: string,
  env: Env,
): Promise<void> {
  expectApt(env);
  const distribution = readDistribution();
  const mirrors = await findMirrors(distribution.codename, env);
  const failures: string[] = [];
  for (const mirror of mirrors.slice(0, MIRRORS_TRIED)) {
    try {
      return await fetchFrom(mirror, names, distribution[suite], distribution.keyring, folder, env);
    } catch (error) {
      failures.push(`${mirror}: ${(error as Error).message}`);
    }
  }
  throw new Error(failures.join("; ") || "apt has no mirror on this machine");
}

type Distribution = { codename: string | undefined; keyring: string } & Record<Suite, string>;

function readDistribution(): Distribution {
  const release = existsSync("/etc/os-release") ? readFileSync("/etc/os-release", "utf8") : "";
  const codename = /^VERSION_CODENAME="?(\w+)/m.exec(release)?.[1];
  const keyring = (name: string) => `/usr/share/keyrings/${name}-archive-keyring.gpg`;
  return /^ID(_LIKE)?=.*ubuntu/m.test(release)
    ? { codename, newest: "devel universe", own: `${codename} universe`, keyring: keyring("ubuntu") }
    : { codename, newest: "sid main", own: `${codename} main`, keyring: keyring("debian") };
}

// The machine's own mirrors, likeliest first. Release info is left out so that a machine which has never
// run `apt-get update` answers too. Suites such as bookworm-security live on mirrors that lack the newest suite.
async function findMirrors(codename: string | undefined, env: Env): Promise<string[]> {
  const query = [
    "--no-release-info",
    "indextargets",
    "--format",
    "$(RELEASE) $(SITE)",
    "Created-By: Packages",
  ];
  const sources = (await run("apt-get", query, { env, timeout: CHECK_MS }))
    .split("\n")
    .map((line) => line.split(" "))
    .filter(([suite, site]) => site && !/[-/]/.test(suite!));
  const own = sources.filter(([suite]) => suite === codename);
  return [...new Set([...own, ...sources].map(([, site]) => site!))];
}

async function fetchFrom(
  mirror: string,
  names: readonly string[],
  suite: string,
  keyring: string,
  folder: string,
  env: Env,
): Promise<void> {
  const signedBy = existsSync(keyring) ? `signed-by=${keyring} ` : "";
  const sources = `deb [${signedBy}target=Packages] ${mirror} ${suite}\n`;
  const apt = await privateApt(folder, env, DOWNLOAD_MS, sources);

  await apt("update");
  await apt("download", ...names);
  const debs = (await readdir(folder)).filter((name) => name.endsWith(".deb"));
  if (debs.length < names.length) throw new Error("apt-get downloaded too few packages");
  for (const deb of debs) await run("dpkg-deb", ["-x", deb, "."], { env, cwd: folder, timeout: UNPACK_MS });
}
