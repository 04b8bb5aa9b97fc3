// apt with lists and archives of its own: packages are fetched and their signatures checked, and nothing on the system changes.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type Env, lookUp, run } from "./tools.ts";

/** Runs apt-get with these arguments and gives what it prints. */
export type Apt = (...args: string[]) => Promise<string>;

/** Throws unless this machine has what packages are fetched and unpacked with. */
export function expectApt(env: Env): void {
  for (const tool of ["apt-get", "dpkg-deb"]) {
    if (!lookUp(tool, env)) throw new Error(`there is no ${tool} on this machine`);
  }
}

/** An apt-get that writes to `folder` alone. With `sources` it knows these and no others; else the machine's own. */
export async function privateApt(folder: string, env: Env, timeout: number, sources?: string): Promise<Apt> {
  const here = (name: string) => join(folder, name);
  await mkdir(here("lists/partial"), { recursive: true });
  await mkdir(here("archives/partial"), { recursive: true });
  if (sources !== undefined) await writeFile(here("sources.list"), sources);
  await writeFile(here("apt.conf"), settings(folder, sources !== undefined));
  return (...args) => run("apt-get", ["-q", "-c", here("apt.conf"), ...args], { env, cwd: folder, timeout });
}

// Read after the machine's own settings, whose proxy is wanted, but not its pins, its hooks, or any licence
// to skip signatures. Nothing outside the folder is written.
const settings = (folder: string, hasSources: boolean) => `
  #clear APT::Update::Pre-Invoke;
  #clear APT::Update::Post-Invoke;
  #clear APT::Update::Post-Invoke-Success;
  #clear APT::Default-Release;
  APT::Update::Error-Mode "any";
  APT::Get::AllowUnauthenticated "false";
  Acquire::AllowInsecureRepositories "false";
  Acquire::Languages "none";
  Acquire::http::Timeout "10";
  Acquire::https::Timeout "10";
  ${hasSources ? `Dir::Etc::sourcelist "${folder}/sources.list"; Dir::Etc::sourceparts "/dev/null";` : ""}
  Dir::Etc::preferences "/dev/null";
  Dir::Etc::preferencesparts "/dev/null";
  Dir::State::lists "${folder}/lists";
  Dir::Cache "${folder}";
  Dir::Cache::pkgcache "";
  Dir::Cache::srcpkgcache "";
  Debug::NoLocking "true";
  ${process.getuid?.() === 0 ? 'APT::Sandbox::User "root";' : ""}
`;
