// A disk of its own for each service, so that one can be full: a tmpfs that is made as small as what is on it.

import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, renameSync, statfsSync } from "node:fs";
import { join } from "node:path";

const ROOM = "4g"; // Only what is used takes memory.
const TRIES = 20;

/** The disks of a stack. */
export class Disks {
  readonly #paths: readonly string[];

  private constructor(paths: readonly string[]) {
    this.#paths = paths;
  }

  /** Mounts a disk for each service, at its name in `folder`; undefined where that is not allowed. */
  static mount(folder: string, services: readonly string[]): Disks | undefined {
    const paths: string[] = [];
    try {
      for (const service of services) {
        const path = join(folder, service);
        mkdirSync(path, { recursive: true });
        mount("-t", "tmpfs", "-o", `size=${ROOM},mode=0700`, "quadrille-chaos", path);
        paths.push(path);
      }
      return new Disks(paths);
    } catch {
      new Disks(paths).unmount();
      return undefined;
    }
  }

  /** Leaves no room on a service's disk. */
  fill(path: string): void {
    for (let tries = 1; ; tries++) {
      try {
        const { blocks, bfree, bsize } = statfsSync(path);
        mount("-o", `remount,size=${(blocks - bfree) * bsize}`, path);
        return;
      } catch (error) {
        if (tries === TRIES) throw error; // It grows while it is looked at.
      }
    }
  }

  /** Makes room again. */
  free(path: string): void {
    mount("-o", `remount,size=${ROOM}`, path);
  }

  /** Takes the disks away, and all that is on them, unless it is to be kept. */
  unmount(keep = false): void {
    for (const path of this.#paths) {
      const kept = `${path}-kept`;
      if (keep) cpSync(path, kept, { recursive: true });
      execFileSync("umount", ["-l", path]);
      if (keep) renameSync(kept, path);
    }
  }
}

function mount(...args: string[]): void {
  execFileSync("mount", args, { stdio: "pipe" });
}
