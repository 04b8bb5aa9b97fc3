// Files of the project that are written from its tables.

import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectRoot } from "./project.ts";

/** Writes a file of the project, unless that is what it says already; returns a sentence that tells which. */
export function renew(path: string, text: string): string {
  const file = join(projectRoot, path);
  if (existsSync(file) && readFileSync(file, "utf8") === text) return `${path} is up to date.`;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
  return `${path} is written.`;
}
