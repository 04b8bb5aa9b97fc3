// One service in a simulation: a database that outlives its processes, and one life after the other on it.

import type { Database } from "better-sqlite3";
import type { Log } from "../../observability/log.ts";
import type { Clock } from "../../service/clock.ts";
import { openDatabase } from "../../service/database.ts";
import type { AnyService } from "../../service/define.ts";
import type { Outcome } from "../../service/delivery.ts";
import { Runtime } from "../../service/runtime.ts";
import { brittle } from "./brittle.ts";
import type { Broker } from "./broker.ts";
import { newestLike, publish } from "./line.ts";
import type { CallOutside } from "./outside.ts";
import { type AnyRuntime, type Assemble, type Setting, START } from "./setting.ts";

/** As `run` has it. */
const DRAIN_MS = 6_500;

/** A process of a service, from its start until it is killed or stopped. */
interface Life {
  readonly runtime: AnyRuntime;
  isStopping: boolean;
  /** From then on nobody hears what it has asked for, and no timer of it goes off. */
  readonly die: () => void;
}

/** One service, its database and its clock. */
export class Station {
  readonly service: AnyService;
  readonly db: Database;
  /** How often each event was taken up, by id: a reaction, or the decision that there is none. */
  readonly handled = new Map<string, number>();
  /** Why the latest work could not be finished. */
  trouble: string | undefined;
  /** How far its clock is ahead of virtual time, in milliseconds. */
  ahead = 0;
  readonly #assemble: Assemble;
  readonly #broker: Broker;
  readonly #setting: Setting;
  #life: Life | undefined;

  constructor(
    service: AnyService,
    broker: Broker,
    call: CallOutside,
    setting: Setting,
    assemble: Assemble = (...parts) => new Runtime(...parts),
  ) {
    this.service = askingOutside(service, call);
    this.#broker = broker;
    this.#setting = setting;
    this.#assemble = assemble;
    this.db = openDatabase(":memory:");
  }

  get name(): string {
    return this.service.name;
  }

  /** The running service, unless it is down or about to stop. */
  get runtime(): AnyRuntime | undefined {
    return this.#life?.isStopping ? undefined : this.#life?.runtime;
  }

  get isDown(): boolean {
    return this.#life === undefined;
  }

  /** Whether nothing is left to be done before a deadline strikes or somebody comes. */
  get isAtRest(): boolean {
    const { runtime } = this;
    if (!runtime) return false;
    const { engine, outbox } = runtime;
    return outbox.through === engine.lastRow && !((engine.nextDeadline ?? Infinity) <= this.clockTime);
  }

  /** What the service takes the time for. */
  get clockTime(): number {
    return START + this.#setting.scheduler.now + this.ahead;
  }

  start(): void {
    let alive = true;
    const isAlive = () => alive;
    const runtime = this.#assemble(this.service, {
      db: brittle(this.db, this.#setting),
      port: isAlive,
      log: this.#log(),
      clock: this.#clock(isAlive),
      publish: (rows, again) => publish(rows, again, this.name, isAlive, this.#broker, this.#setting),
      lookout: {
        newestLike: (row) => newestLike(row, isAlive, this.#broker, this.#setting),
        onLost: (rows) => this.#setting.trace.count("facts said again", rows),
        saysAgainMs: Number.POSITIVE_INFINITY,
      },
    });
    const die = () => {
      alive = false;
    };
    this.#life = { runtime, isStopping: false, die };
    this.#setting.trace.tell(`${this.name} starts`);
    runtime.watchDeadlines();
    runtime.outbox.retryNow();
    this.#broker.connect(this.name, (delivery) => runtime.consumer.take(delivery));
  }

  /** As `kill -9` does it: what is committed stays, all else is gone, and what it still waits for comes to nobody. */
  kill(): void {
    if (!this.#life) return;
    this.#setting.trace.tell(`${this.name} is killed`);
    this.#end(this.#life);
  }

  /** As SIGTERM does it. It may be killed before it has ended. */
  stop(): void {
    const life = this.#life;
    if (!life || life.isStopping) return;
    this.#setting.trace.tell(`${this.name} is stopped`);
    life.isStopping = true;
    this.#broker.stopDelivering(this.name);
    life.runtime.drain(DRAIN_MS).then(() => {
      if (this.#life === life) this.#end(life);
    });
  }

  /** The broker is there again. Who is about to stop hears of it as well. */
  reconnect(): void {
    this.#life?.runtime.outbox.retryNow();
  }

  #end(life: Life): void {
    life.die();
    this.#life = undefined;
    this.#broker.disconnect(this.name);
  }

  #clock(isAlive: () => boolean): Clock {
    const { scheduler, chance } = this.#setting;
    const living = (call: () => void) => () => {
      if (isAlive()) call();
    };
    return {
      now: () => this.clockTime,
      after: (milliseconds, call) => scheduler.after(milliseconds, living(call)),
      soon: (call) => scheduler.after(0, living(call)),
      random: () => chance.random(),
    };
  }

  /** A log that nobody reads but the simulation. */
  #log(): Log {
    const { trace, broken } = this.#setting;
    const note = ({ outcome, id, type, cause }: Line) => {
      if (cause) this.trouble = `${cause}`;
      if (!outcome) return;
      trace.count(outcome);
      if (outcome === "reacted" || outcome === "ignored")
        this.handled.set(id!, (this.handled.get(id!) ?? 0) + 1);
      if (outcome === "parked") broken.push(`${this.name} has no answer to ${type} ${id}: ${cause}`);
    };
    const log = {
      isLevelEnabled: () => true,
      debug: note,
      info: () => {},
      warn: note,
      error: (line: Line) => {
        note(line);
        if (!line.outcome) broken.push(`${this.name} can't end the wait of ${line.key}: ${line.cause}`);
      },
    };
    return log as unknown as Log;
  }
}

interface Line {
  readonly outcome?: Outcome;
  readonly id?: string;
  readonly type?: string;
  readonly key?: string;
  readonly cause?: string;
}

/** The service, with its calls made to the simulated outside; `call` is told for which event's key. */
function askingOutside(service: AnyService, call: CallOutside): AnyService {
  const keys = new WeakMap<object, string>();
  return {
    ...service,
    reactions: service.reactions.map((reaction) => {
      if (!reaction.request || !reaction.call) return reaction;
      return {
        ...reaction,
        request: (state, event) => {
          const request = reaction.request!(state, event);
          if (request !== undefined) keys.set(request as object, event.key);
          return request;
        },
        call: (isAlive, request, signal) => {
          const key = keys.get(request as object)!;
          const methods = {
            get: (_: object, method: string) => (asked: object) =>
              call({ service: service.name, method, request: asked, key, isAlive: isAlive as () => boolean }),
          };
          return reaction.call!(new Proxy({}, methods), request, signal);
        },
      };
    }),
  };
}
