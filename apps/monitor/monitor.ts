// The monitor at work: it looks again and again, keeps the last look, and tells who listens. It drives nothing.

import type { Config } from "../../shared/config.ts";
import type { Account } from "../../shared/nats/connect.ts";
import { Observer } from "../../shared/nats/observer.ts";
import type { Log } from "../../shared/observability/log.ts";
import { Board } from "../../shared/parked/board.ts";
import type { AnyService } from "../../shared/service/define.ts";
import { Inspector } from "./inspect.ts";
import { Poll, type Snapshot } from "./poll.ts";

const HOUR_MS = 3_600_000;

/** What there is of a monitor that has found NATS. */
export interface Sight {
  readonly observer: Observer;
  readonly board: Board;
  readonly inspector: Inspector;
}

/** One monitor. */
export class Monitor {
  readonly services: readonly AnyService[];
  readonly config: Config;
  readonly #log: Log;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  #sight: (Sight & { readonly poll: Poll }) | undefined;
  #latest: Snapshot | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(services: readonly AnyService[], config: Config, log: Log) {
    this.services = services;
    this.config = config;
    this.#log = log;
  }

  /** The last look; undefined before the first. */
  get latest(): Snapshot | undefined {
    return this.#latest;
  }

  /** What it sees with; undefined before NATS was there for the first time. */
  get sight(): Sight | undefined {
    return this.#sight;
  }

  /** Whether it sees, and if not, why. */
  get state(): { ready: boolean; reason?: string } {
    if (!this.#latest) return { ready: false, reason: "NATS was not looked at yet" };
    const { isConnected, cause } = this.#latest.nats;
    return isConnected ? { ready: true } : { ready: false, reason: cause ?? "NATS is not reachable" };
  }

  /** Waits for NATS and begins to look. Rejects when NATS refuses the user. */
  async start(account: Account): Promise<void> {
    const observer = await Observer.connect(account, true);
    if (this.#isStopped) return observer.close();
    const { services, config } = this;
    this.#sight = {
      observer,
      poll: new Poll(observer, services),
      board: new Board(observer, config.PARKED_MAX_AGE_HOURS * HOUR_MS),
      inspector: new Inspector(observer, services, config, this.#log),
    };
    this.#log.info("connected to NATS");
    this.#look();
  }

  /** Calls back after every look, until the returned function is called. */
  listen(listener: (snapshot: Snapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    clearTimeout(this.#timer);
    await this.#sight?.observer.close().catch(() => {});
  }

  async #look(): Promise<void> {
    const { poll, board } = this.#sight!;
    const begun = performance.now();
    try {
      await board.look();
      this.#tell(await poll.look());
    } catch (error) {
      const cause = (error as Error).message;
      if (this.#latest?.nats.isConnected !== false)
        this.#log.warn({ cause }, "can't look at NATS; trying again");
      this.#tell({ ...(this.#latest ?? NOTHING), at: Date.now(), nats: { isConnected: false, cause } });
    }
    if (this.#isStopped) return;
    const inMs = Math.max(0, this.config.MONITOR_POLL_MS - (performance.now() - begun));
    this.#timer = setTimeout(() => this.#look(), inMs);
  }

  #tell(snapshot: Snapshot): void {
    if (snapshot.nats.isConnected && this.#latest?.nats.isConnected === false)
      this.#log.info("sees NATS again");
    this.#latest = snapshot;
    for (const listener of this.#listeners) listener(snapshot);
  }
}

const NOTHING: Snapshot = {
  at: 0,
  nats: { isConnected: false },
  stream: { messages: 0, lastSeq: 0 },
  perSecond: {},
  consumers: [],
  cost: { requests: 0, ms: 0 },
};
