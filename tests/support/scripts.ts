// Programs that are played by shell scripts, in a folder of their own.

import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";

/** A folder with scripts in it, of which `path` is all that is on the PATH, and `cache` is where things are fetched to. */
export class Scripts {
  readonly folder: string;
  /** What was logged by who looks for a program here. */
  readonly log: string[] = [];

  constructor(name: string) {
    this.folder = mkdtempSync(join(tmpdir(), `${name}-`));
  }

  /** Writes a shell script, and returns its path. */
  write(name: string, lines: readonly string[]): string {
    const path = join(this.folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, ["#!/bin/sh", ...lines, ""].join("\n"));
    chmodSync(path, 0o755);
    return path;
  }

  /** Where to look, for who looks for a program. */
  whereabouts(env: NodeJS.ProcessEnv = {}) {
    return {
      env: { PATH: join(this.folder, "path"), ...env },
      cacheDir: join(this.folder, "cache"),
      log: (line: string) => this.log.push(line),
    };
  }

  /** The scripts on the PATH, with the machine's own tools behind them. */
  get beforeOthers(): NodeJS.ProcessEnv {
    return { PATH: `${join(this.folder, "path")}:${process.env.PATH}` };
  }

  remove(): void {
    rmSync(this.folder, { recursive: true });
  }
}
