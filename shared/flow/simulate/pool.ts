// Runs in worker threads: each run is a world of its own, so several go side by side.

import { isMainThread, parentPort, Worker } from "node:worker_threads";
import type { Run, RunOptions } from "./run.ts";

type Answer = { readonly run: Run } | { readonly error: Error };

/** A simulation makes much that is soon forgotten: with room for it, it need not be tidied up so often. */
const resourceLimits = { maxYoungGenerationSizeMb: 192 };

/** Threads that carry out runs, one at a time each. */
export class Pool {
  readonly #idle: Worker[];
  readonly #workers: readonly Worker[];
  readonly #waiting: ((worker: Worker) => void)[] = [];

  /** Starts `size` threads of the module `file`, which has to call {@link serveRuns}. */
  constructor(file: URL, size: number) {
    this.#workers = Array.from({ length: size }, () => new Worker(file, { resourceLimits }));
    this.#idle = [...this.#workers];
  }

  /** Carries out a run as soon as a thread is free. */
  run = async (options: RunOptions): Promise<Run> => {
    const worker = this.#idle.pop() ?? (await new Promise<Worker>((free) => this.#waiting.push(free)));
    try {
      return await ask(worker, options);
    } finally {
      const next = this.#waiting.shift();
      if (next) next(worker);
      else this.#idle.push(worker);
    }
  };

  async close(): Promise<void> {
    await Promise.all(this.#workers.map((worker) => worker.terminate()));
  }
}

/** In a thread of a pool, carries out what is asked for; elsewhere it does nothing. */
export function serveRuns(run: (options: RunOptions) => Promise<Run>): void {
  if (isMainThread) return;
  parentPort!.on("message", async (options: RunOptions) => {
    const answer: Answer = await run(options).then(
      (one) => ({ run: one }),
      (error) => ({ error }),
    );
    parentPort!.postMessage(answer);
  });
}

function ask(worker: Worker, options: RunOptions): Promise<Run> {
  return new Promise((resolve, reject) => {
    worker.once("error", reject);
    worker.once("message", (answer: Answer) => {
      worker.off("error", reject);
      if ("run" in answer) resolve(answer.run);
      else reject(answer.error);
    });
    worker.postMessage(options);
  });
}
