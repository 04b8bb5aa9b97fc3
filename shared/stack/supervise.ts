// Keeps one child process running: starts it, passes its output on by lines, and starts it again when it dies. Its port, if
// it has one, is held here, so that nobody is refused meanwhile.

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync, writeFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { type Address, Door } from "./door.ts";

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
  /** The port that is held for a Node child, from its start until it is stopped. */
  readonly address?: Address;
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
  #retired = false;
  #restartInMs = RESTART_FROM_MS;
  #restart: NodeJS.Timeout | undefined;
  #door: Door | undefined;
  /** How often the process ended without being asked to. */
  deaths = 0;
  /** The exit code with which it did so last, since it was last restarted, unless a signal ended it. */
  lastDeath: number | null = null;
  /** How the last stop that was asked for went: the exit code, unless a signal ended the process, and how long it took. */
  lastStop: { readonly code: number | null; readonly ms: number } | undefined;

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
    const { command, args, env, pidFile, node, address, onLine } = this.#program;
    const startedAt = Date.now();
    this.#stopping = this.#retired = false;
    if (address) this.#door ??= new Door(address, (error) => onLine(`${this.name}: ${error.message}`));
    const child = spawn(command, args, {
      env: { ...env, ...(address && { HTTP_HELD: "true" }) },
      detached: true,
      stdio: node ? ["ignore", "pipe", "pipe", "ipc"] : ["ignore", "pipe", "pipe"],
    });
    this.#child = child;
    // Whoever is no Node child does not learn that this process is gone.
    const leave = () => child.kill();
    if (!node) process.on("exit", leave);
    this.#door?.attend(child);
    if (child.pid) writeFileSync(pidFile, `${child.pid}\n`);
    for (const output of [child.stdout, child.stderr]) {
      createInterface({ input: output as Readable }).on("line", onLine);
    }
    child.on("error", (error) => onLine(`${this.name}: ${error.message}`));
    child.on("close", (code, signal) => {
      process.off("exit", leave);
      this.#child = undefined;
      rmSync(pidFile, { force: true });
      if (this.#stopping) return;

      this.deaths++;
      this.lastDeath = code;
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
    this.#retired = true;
    this.#door?.retire();
    await this.#end();
    this.#door?.close();
    this.#door = undefined;
  }

  /**
   * Replaces the process by a new one, while connections wait; between the two, `meanwhile` has its time. Rejects when
   * `stop` was called before or meanwhile.
   */
  async restart(meanwhile?: () => Promise<unknown>): Promise<void> {
    await this.#end();
    await meanwhile?.();
    if (this.#retired) throw new Error(`${this.name} has been stopped for good`);
    this.lastDeath = null;
    this.start();
  }

  /** Kills the process, as a crash does, and keeps it down until it is started again. Meanwhile connections wait. */
  fell(): Promise<void> {
    return this.#end("SIGKILL");
  }

  async #end(signal: NodeJS.Signals = "SIGTERM"): Promise<void> {
    this.#stopping = true;
    clearTimeout(this.#restart);
    const child = this.#child;
    if (!child) return;
    const ended = once(child, "close");
    const askedAt = performance.now();
    child.kill(signal);
    const timer = setTimeout(() => child.kill("SIGKILL"), KILL_AFTER_MS);
    const [code] = await ended;
    clearTimeout(timer);
    this.lastStop = { code, ms: performance.now() - askedAt };
  }
}
