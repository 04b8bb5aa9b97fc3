// The monitor at work: it looks again and again, keeps the last look, and tells who listens. It drives nothing.

import type { Config } from "../../shared/config.ts";
import type { Account } from "../../shared/nats/connect.ts";
import { isAway, NatsObserver } from "../../shared/nats/observer.ts";
import type { Log } from "../../shared/observability/log.ts";
import { Board } from "../../shared/parked/board.ts";
import type { AnyService } from "../../shared/service/define.ts";
import { type Checked, check } from "./check.ts";
import { Inspector } from "./inspect.ts";
import { Poll, type Snapshot } from "./poll.ts";

/** After so many looks one consumer's numbers are checked, if no more than so many messages have to be read for it. */
const CHECK_EVERY = 5;
const CHECKED = 2_000;

/** What there is of a monitor that has found NATS. */
export interface Sight {
  readonly observer: NatsObserver;
  readonly board: Board;
}

/** After this it is said that NATS is not there yet: whoever watches would hear nothing at all. */
const LATE_MS = 1_000;

/** One monitor. */
export class Monitor {
  readonly services: readonly AnyService[];
  readonly config: Config;
  readonly #log: Log;
  readonly #listeners = new Set<(snapshot: Snapshot) => void>();
  /** Of what a look costs, only its own requests are counted. */
  #sight: (Sight & { readonly poll: Poll; readonly looking: NatsObserver }) | undefined;
  #inspector: Inspector;
  #latest: Snapshot | undefined;
  #looks = 0;
  #turn = 0;
  /** What the last check of each consumer has found. */
  readonly #checked = new Map<string, Checked>();
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(services: readonly AnyService[], config: Config, log: Log) {
    this.services = services;
    this.config = config;
    this.#log = log;
    this.#inspector = new Inspector(undefined, services, config, log);
  }

  /** The last look; undefined before the first. */
  get latest(): Snapshot | undefined {
    return this.#latest;
  }

  /** What it sees with; undefined before NATS was there for the first time. */
  get sight(): Sight | undefined {
    return this.#sight;
  }

  /** What the last check of each consumer's numbers has found; none where there was too much to count. */
  get checks(): Checked[] {
    return [...this.#checked.values()];
  }

  /** Looks at single orders; it can tell little before NATS was there for the first time. */
  get inspector(): Inspector {
    return this.#inspector;
  }

  /** Whether it sees, and if not, why. */
  get state(): { ready: boolean; reason?: string } {
    if (!this.#latest) return { ready: false, reason: "NATS has not been looked at yet" };
    const { cause } = this.#latest.nats;
    const isConnected = this.#latest.nats.isConnected && this.#sight!.observer.isConnected;
    return isConnected ? { ready: true } : { ready: false, reason: cause ?? "NATS is not reachable" };
  }

  /** Waits for NATS, says so if that takes its time, and begins to look. Rejects when NATS refuses the user. */
  async start(account: Account): Promise<void> {
    const late = setTimeout(() => this.#tell({ ...NOTHING, at: Date.now() }), LATE_MS);
    const observer = await NatsObserver.connect(account, true).finally(() => clearTimeout(late));
    if (this.#isStopped) return observer.close();
    const { services, config } = this;
    const looking = observer.another();
    this.#sight = {
      observer,
      looking,
      poll: new Poll(looking, services),
      board: new Board(looking),
    };
    this.#inspector = new Inspector(observer, services, config, this.#log);
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
    const { looking, poll, board } = this.#sight!;
    const begun = performance.now();
    const asked = looking.requests;
    try {
      await board.look().catch(({ message: cause }: Error) => {
        this.#log.warn({ cause }, "can't look at what is parked; trying again");
      });
      const snapshot = await poll.look();
      const ms = Math.round(performance.now() - begun);
      this.#tell({ ...snapshot, cost: { requests: looking.requests - asked, ms } });
      if (this.#looks++ % CHECK_EVERY === 0) await this.#check();
    } catch (error) {
      const cause = (error as Error).message;
      if (this.#latest?.nats.isConnected !== false)
        this.#log.warn({ cause }, "can't look at NATS; trying again");
      const nats = { isConnected: false, isThere: !isAway(error), cause };
      this.#tell({ ...(this.#latest ?? NOTHING), at: Date.now(), nats });
    }
    if (this.#isStopped) return;
    const inMs = Math.max(0, this.config.MONITOR_POLL_MS - (performance.now() - begun));
    this.#timer = setTimeout(() => this.#look(), inMs);
  }

  /** Checks the numbers of one consumer, another one each time. */
  async #check(): Promise<void> {
    const service = this.services[this.#turn]!;
    const { observer } = this.#sight!;
    this.#turn = (this.#turn + 1) % this.services.length;
    const checked = await check(observer, service, CHECKED).catch(() => undefined);
    if (!checked) this.#checked.delete(service.name);
    else this.#checked.set(service.name, checked);
    if (checked?.agrees === false)
      this.#log.warn(checked, "a consumer's numbers are not those of the stream");
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
  nats: { isConnected: false, isThere: false, cause: "it is not reachable, and has not been seen yet" },
  stream: { messages: 0, lastSeq: 0 },
  perSecond: {},
  consumers: [],
  cost: { requests: 0, ms: 0 },
};
