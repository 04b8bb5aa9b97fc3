// Deadlines strike when their time has come: a timer for the soonest, and one transaction for all that are due.

import type { Log } from "../observability/log.ts";
import { traceIdOf } from "../observability/traceparent.ts";
import type { Clock, Timer } from "./clock.ts";
import type { Store } from "./define.ts";
import type { Engine } from "./engine.ts";
import type { GroupCommit } from "./group-commit.ts";
import type { Observer } from "./observer.ts";

/** The longest sleep, whatever the store says: a clock may be set, and a timer has a limit. */
const LOOK_EVERY_MS = 1_000;

interface DeadlineParts {
  readonly engine: Engine<Store<unknown>>;
  readonly commits: GroupCommit;
  /** Whether a call for the key is under way: its deadline waits for the end of it. */
  readonly isBusy: (key: string) => boolean;
  /** Told of every key that a deadline struck, once it is committed. */
  readonly onStruck: (key: string) => void;
  readonly log: Log;
  readonly clock: Clock;
  readonly observer: Observer | undefined;
}

/** Watches the waits that a service's store has open. */
export class Deadlines {
  readonly #parts: DeadlineParts;
  #state: "new" | "watching" | "stopped" = "new";
  #timer: Timer | undefined;
  #striking = false;
  #notBefore = 0;

  constructor(parts: DeadlineParts) {
    this.#parts = parts;
  }

  start(): void {
    if (this.#state !== "new") return;
    this.#state = "watching";
    this.look();
  }

  stop(): void {
    this.#state = "stopped";
    this.#timer?.cancel();
  }

  /** Looks for the soonest wait; to be called whenever something was committed. */
  look(): void {
    if (this.#state !== "watching" || this.#striking) return;
    const { engine, clock } = this.#parts;
    const at = engine.nextDeadline;
    this.#timer?.cancel();
    if (at === undefined) return;
    const inMs = Math.max(at, this.#notBefore) - clock.now();
    this.#timer = clock.after(Math.min(Math.max(inMs, 0), LOOK_EVERY_MS), () => this.#strike());
  }

  #strike(): void {
    const { engine, commits, isBusy, onStruck, log, clock, observer } = this.#parts;
    let struck: string[] = [];
    this.#striking = true;
    const rest = () => {
      this.#striking = false;
      // What is due and could not be ended is tried again a while later, not at once.
      this.#notBefore = struck.length > 0 ? 0 : clock.now() + LOOK_EVERY_MS;
      this.look();
    };
    commits.add({
      run: () => {
        const onFault = ({ message: cause, stack }: Error, key: string, traceparent: string | undefined) => {
          const traceId = traceparent && traceIdOf(traceparent);
          log.error({ key, traceId, cause, stack }, "a deadline could not be carried out");
        };
        struck = engine.expire(clock.now(), isBusy, onFault, observer);
        return struck.length > 0;
      },
      committed: () => {
        rest();
        for (const key of struck) onStruck(key);
      },
      failed: (error) => {
        struck = [];
        rest();
        log.warn({ cause: error.message }, "a deadline has to wait for the database");
      },
    });
  }
}
