// Keeps one child process running: starts it, passes its output on by lines, and starts it again when it dies.

import { type ChildProcess, spawn } from "node:child_process";
import { rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";

/** What to run, and whom to tell. */
export interface Program {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  /** Holds the process id while the process runs. */
  readonly pidFile: string;
  /** A Node child: it learns over a channel when this process is gone, and stops. */
  readonly node: boolean;
  readonly onLine: (line: string) => void;
}

const RESTART_FROM_MS = 200;
const RESTART_UP_TO_MS = 5_000;
const STEADY_AFTER_MS = 10_000;
const KILL_AFTER_MS = 12_000;

/** A supervised process. */
export class Supervised {
  readonly #program: Program;
  #child: ChildProcess | undefined;
  #stopping = false;
  #restartInMs = RESTART_FROM_MS;
  #restart: NodeJS.Timeout | undefined;
  /** How often the process ended without being asked to. */
  deaths = 0;

  constructor(program: Program) {
    this.#program = program;
  }

  get name(): string {
    return this.#program.name;
  }

  /** The process id, while it runs. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Starts the process. It leads a process group of its own, so that Ctrl-C reaches only who stops it in order. */
  start(): void {
    const { command, args, env, pidFile, node, onLine } = this.#program;
    const startedAt = Date.now();
    this.#stopping = false;
    const child = spawn(command, args, {
      env,
      detached: true,
      stdio: node ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    if (child.pid) writeFileSync(pidFile, `${child.pid}\n`);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output as Readable }).on("line", onLine);
    }
    child.on("error", (error) => onLine(`${this.name}: ${error.message}`));
    child.on("close", (code, signal) => {
      this.#child = undefined;
      rmSync(pidFile, { force: true });
      if (this.#stopping) return;

      this.deaths++;
      if (Date.now() - startedAt > STEADY_AFTER_MS) this.#restartInMs = RESTART_FROM_MS;
      onLine(
        `${this.name} ended (${signal ?? `exit code ${code}`}); starting it again in ${this.#restartInMs} ms`,
      );
      this.#restart = setTimeout(() => this.start(), this.#restartInMs);
      this.#restartInMs = Math.min(this.#restartInMs * 2, RESTART_UP_TO_MS);
    });
  }

  /** Sends a signal, e.g. SIGKILL for a crash. */
  signal(signal: NodeJS.Signals): void {
    this.#child?.kill(signal);
  }

  /** Asks the process to stop and resolves when it has; after 12 s it is killed. */
  async stop(): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    const ended = new Promise<void>((resolve) => child.once("close", () => resolve()));
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    await ended;
    clearTimeout(timer);
  }
}
