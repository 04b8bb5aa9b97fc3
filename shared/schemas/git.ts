// What git has of the folder at a commit.

import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { CannotRun } from "../cannot-run.ts";
import { LOCK } from "./names.ts";

/** The folder at a commit. */
export interface Base {
  /** What the commit is called in findings: `main (1a2b3c4)`. */
  readonly commit: string;
  /** The id of every file's content, by its name within the folder. */
  readonly blobs: ReadonlyMap<string, string>;
  /** The text of the lock, if it had one. */
  readonly lock: string | undefined;
}

/** No answer of git is waited for longer than this, nor read further. */
const TIMEOUT_MS = 10_000;
const MAX_OUTPUT_BYTES = 64 * 1024 * 1024;

/**
 * The folder at the commit `ref`. Undefined when there is no such commit to look at, unless it is `required`: that throws
 * `CannotRun`, as does any other trouble with git.
 */
export function readBase(path: string, ref: string, required = false): Base | undefined {
  const id = commitId(path, ref, required);
  if (id === undefined) return undefined;
  const commit = `${ref} (${id.slice(0, 7)})`;
  const blobs = new Map<string, string>();
  for (const entry of must(path, ["ls-tree", "-r", "-z", id]).split("\0")) {
    const [, type, blob, name] = /^\d+ (\w+) ([0-9a-f]+)\t(.*)$/s.exec(entry) ?? [];
    if (type === "blob" && blob && name) blobs.set(name, blob);
  }
  const lock = blobs.get(LOCK);
  return { commit, blobs, lock: lock && must(path, ["cat-file", "blob", lock]) };
}

/** What git calls content of these bytes; `length` tells SHA-1 (40 digits) from SHA-256 (64). */
export function blobId(bytes: Uint8Array, length: number): string {
  const hash = createHash(length === 64 ? "sha256" : "sha1");
  return hash.update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}

function commitId(path: string, ref: string, asked: boolean): string | undefined {
  const { error, status, stdout, stderr } = git(path, [
    "rev-parse",
    "--verify",
    "--end-of-options",
    `${ref}^{commit}`,
  ]);
  if (status === 0) return stdout.trim();

  if ((error as NodeJS.ErrnoException | undefined)?.code === "ENOENT") {
    if (asked) throw new CannotRun("--base needs git, which is not installed.");
    return undefined;
  }
  if (stderr.includes("not a git repository")) {
    if (asked) throw new CannotRun(`--base needs a git repository, and ${path} is in none.`);
    return undefined;
  }
  if (stderr.includes("Needed a single revision")) {
    if (asked) throw new CannotRun(`There is no commit "${ref}" here: fetch it first, or correct its name.`);
    return undefined;
  }
  throw failed(error, stderr);
}

/** Runs git, and throws `CannotRun` if it fails. */
function must(path: string, args: readonly string[]): string {
  const { error, status, stdout, stderr } = git(path, args);
  if (status !== 0) throw failed(error, stderr);
  return stdout;
}

function failed(error: Error | undefined, stderr: string): CannotRun {
  return new CannotRun(`git can't say what was released: ${error?.message ?? stderr.trim()}`);
}

function git(path: string, args: readonly string[]) {
  // Variables that a hook sets would point git at another repository; and its words are recognised in English.
  const { GIT_DIR, GIT_WORK_TREE, GIT_INDEX_FILE, GIT_PREFIX, ...env } = process.env;
  return spawnSync("git", ["-C", path, ...args], {
    encoding: "utf8",
    env: { ...env, LC_ALL: "C" },
    timeout: TIMEOUT_MS,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
}
