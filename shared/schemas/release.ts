// `release`: puts the versions that are not in the lock yet at its end.

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { CannotRun } from "../cannot-run.ts";
import type { Report } from "./check.ts";
import { lockLine, parseLock, readLock } from "./lock.ts";
import { LOCK } from "./names.ts";

/** Appends a line for each unreleased version of a report without findings. Throws `CannotRun` next to another release. */
export function release(folder: string, { findings, unreleased }: Report): void {
  if (findings.length > 0) throw new Error("nothing is released while there are findings");

  // Written beside it and moved: the lock is never there by half. Whoever has the draft is alone.
  const draft = join(folder, `.${LOCK}.draft`);
  claim(draft);
  const before = readLock(folder, folder);
  const { lines } = parseLock(before);
  const added = unreleased.filter(({ name }) => !lines.has(name)).map((file) => `${lockLine(file)}\n`);
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  writeFileSync(draft, before + separator + added.join(""));
  renameSync(draft, join(folder, LOCK));
}

function claim(draft: string): void {
  try {
    writeFileSync(draft, "", { flag: "wx" });
  } catch (error) {
    throw (error as NodeJS.ErrnoException).code === "EEXIST"
      ? new CannotRun(`Another release is under way; if there is none, one was cut short: remove ${draft}.`)
      : new CannotRun(`The lock can't be written: ${(error as Error).message}.`);
  }
}
