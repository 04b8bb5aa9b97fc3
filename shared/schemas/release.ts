// `release`: puts the versions that are not in the lock yet at its end.

import { renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Report } from "./check.ts";
import { lockLine, readLock } from "./lock.ts";
import { LOCK } from "./names.ts";

/** Appends a line for each unreleased version of a report without findings. */
export function release(folder: string, { findings, unreleased }: Report): void {
  if (findings.length > 0) throw new Error("nothing is released while there are findings");

  const before = readLock(folder, folder);
  const lines = unreleased.map((file) => `${lockLine(file)}\n`);
  const separator = before === "" || before.endsWith("\n") ? "" : "\n";
  // Written beside it and moved: the lock is never there by half.
  const draft = join(folder, `.${LOCK}.${process.pid}`);
  writeFileSync(draft, before + separator + lines.join(""));
  renameSync(draft, join(folder, LOCK));
}
