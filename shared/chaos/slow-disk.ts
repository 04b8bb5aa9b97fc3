// A disk that is slow for one process: strace holds each of its fsyncs up, for as long as it is attached.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { findStrace } from "../stack/strace.ts";

/** So long takes every fsync. */
export const FSYNC_MS = 300;
const FSYNCS = "fsync,fdatasync";
const ATTACHED_WITHIN_MS = 10_000;

/** Makes the disks of processes slow. */
export class SlowDisk {
  readonly #strace: string;

  private constructor(strace: string) {
    this.#strace = strace;
  }

  /** Undefined where there is no strace, or where it may not attach to other processes; `tell` is then told why. */
  static async here(tell: (line: string) => void): Promise<SlowDisk | undefined> {
    const child = spawn("sleep", ["60"], { stdio: "ignore" });
    try {
      const disk = new SlowDisk(await findStrace({ log: tell }));
      await disk.during(child.pid!, async () => {});
      return disk;
    } catch (error) {
      tell(`no disk can be slow here: ${(error as Error).message}`);
      return undefined;
    } finally {
      child.kill("SIGKILL");
    }
  }

  /** From before `work` until it has ended each fsync of the process takes {@link FSYNC_MS}. Rejects when that can't be. */
  async during<Result>(pid: number, work: () => Promise<Result>): Promise<Result> {
    const inject = `inject=${FSYNCS}:delay_exit=${FSYNC_MS * 1_000}`;
    const args = ["-f", "-p", `${pid}`, "-e", `trace=${FSYNCS}`, "-e", inject, "-o", "/dev/null"];
    const strace = spawn(this.#strace, args, { stdio: ["ignore", "ignore", "pipe"] });
    const ended = once(strace, "close").catch(() => {});
    try {
      await attached(strace);
      return await work();
    } finally {
      strace.kill("SIGTERM"); // Lets the process go; it runs on.
      await ended;
    }
  }
}

/** Resolves when strace says that it is attached; rejects when it ends instead, with its last words. */
async function attached(strace: ChildProcess): Promise<void> {
  let last = "";
  await new Promise<void>((resolve, reject) => {
    createInterface({ input: strace.stderr as Readable }).on("line", (line) => {
      last = line;
      if (/Process \d+ attached/.test(line)) resolve();
    });
    strace.on("error", reject);
    strace.on("close", () => reject(new Error(last || "strace has ended")));
    setTimeout(() => reject(new Error("strace does not attach")), ATTACHED_WITHIN_MS).unref();
  });
}
