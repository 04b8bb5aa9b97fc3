// Released versions against the files that are there now: none may be edited, deleted or renamed.

import { posix } from "node:path";
import type { Finding, Place } from "./finding.ts";
import type { VersionFile } from "./folder.ts";
import { type Base, blobId } from "./git.ts";
import type { Lock } from "./lock.ts";
import { LOCK, parseName } from "./names.ts";

/** A version that was released, by the word of a record: the lock, or a commit. */
export interface Released {
  /** Within the folder: `order.created/v1.avsc`. */
  readonly name: string;
  /** What the record is called. */
  readonly record: string;
  /** Whether a file has the bytes that were released. */
  readonly is: (file: VersionFile) => boolean;
}

/** What a lock holds for released. */
export function releasedByLock(lock: Lock, record: string): Released[] {
  return [...lock.lines.values()].map(({ name, sha256: released }) => {
    return { name, record, is: (file) => file.sha256 === released };
  });
}

/** What a commit without a lock holds for released: every version that is in it. */
export function releasedByCommit({ blobs, commit }: Base): Released[] {
  return [...blobs]
    .filter(([name]) => parseName(name))
    .map(([name, id]) => ({ name, record: commit, is: ({ bytes }) => blobId(bytes, id.length) === id }));
}

/** One finding for each version that is not what some record says. */
export function checkReleased(
  released: readonly Released[],
  files: ReadonlyMap<string, VersionFile>,
  lock: Lock,
  shown: string,
): Finding[] {
  const findings = new Map<string, Finding>();
  for (const each of released) {
    if (findings.has(each.name)) continue;
    const found = checkOne(each, files, lock, shown);
    if (found) findings.set(each.name, found);
  }
  return [...findings.values()];
}

function checkOne(
  { name, record, is }: Released,
  files: ReadonlyMap<string, VersionFile>,
  lock: Lock,
  shown: string,
): Finding | undefined {
  const { event, version } = parseName(name)!;
  const file = files.get(name);
  const finding = (
    text: Pick<Finding, "rule" | "cause" | "mend">,
    at: Omit<Place, "pointer" | "version">,
  ) => {
    return { ...text, event, path: "(file)", at: { ...at, version, pointer: "" } };
  };

  if (file) {
    if (is(file)) return undefined;
    const cause = `v${version} is released, and its bytes are not those of ${record}.`;
    const mend = "Put the file back as it was, and make the change in a new version.";
    return finding({ rule: "released-edited", cause, mend }, { file: file.file });
  }
  const moved = [...files.values()].find(is);
  if (moved) {
    const cause = `v${version} is released as ${name}, and its file is now ${moved.name}.`;
    const mend = `Move it back to ${name}.`;
    return finding({ rule: "released-renamed", cause, mend }, { file: moved.file });
  }
  const line = lock.lines.get(name)?.line;
  const cause = `v${version} is released by ${record}, and its file is gone.`;
  const mend = `Put ${name} back: events that were written with it are still in the stream.`;
  const at = line ? { file: posix.join(shown, LOCK), line, column: 1 } : { file: posix.join(shown, name) };
  return finding({ rule: "released-deleted", cause, mend }, at);
}
