// The whole stack on one machine: nats-server, every service and the monitor, each a process of its own.

import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { NatsConnection } from "nats";
import { allServices } from "../../apps/services.ts";
import { type Config, loadConfig, own, serviceUrl } from "../config.ts";
import { arrangement } from "../nats/conf.ts";
import { connectNats } from "../nats/connect.ts";
import { keep } from "../nats/keeper.ts";
import { provision } from "../nats/provision.ts";
import { ADMIN, MONITOR, OPERATOR, users } from "../nats/topology.ts";
import { createLog } from "../observability/log.ts";
import { AWAITS_DATABASE } from "../service/start-refused.ts";
import { claim } from "./claim.ts";
import type { Caller, StackRequest } from "./control.ts";
import { findNatsServer } from "./nats-server.ts";
import { ensurePasswords, type Passwords } from "./passwords.ts";
import { expectFreePorts } from "./ports.ts";
import { projectRoot } from "./project.ts";
import { seed } from "./seed.ts";
import { Supervised } from "./supervise.ts";

/**
 * Eight processes share one machine: a heap that is collected before it grows, and one malloc arena, save a fifth of
 * their memory. A nursery of 8 MB takes a tenth less CPU than one of 4, and 16 no less. The Dockerfile sets the same.
 */
export const SMALL_PROCESS = {
  NODE_OPTIONS: "--max-semi-space-size=8 --max-old-space-size=256",
  MALLOC_ARENA_MAX: "1",
};

/**
 * nats-server clears its garbage away before it is half of what it holds. A fixed bound would be met some day, since every fact
 * is a subject and takes memory: from 120,000 orders on, 512 MiB cost up to a quarter of the orders a second.
 */
const TIDY_NATS = { GOGC: "50" };

const READY_WITHIN_MS = 120_000;
const POLL_MS = 50;
const ASK_MS = 1_000;

const OTHERWISE_ARRANGED =
  "this build has other services than the stack was started with, or they publish or hear other facts: stop the stack with Ctrl-C, then npm start";

/** A stack that is running. */
export class Stack {
  readonly config: Config;
  readonly passwords: Passwords;
  readonly nats: Supervised;
  readonly services: ReadonlyMap<string, Supervised>;
  /** Only looks: the flow runs without it. */
  readonly monitor: Supervised;
  readonly #stopping = new AbortController();

  private constructor(
    config: Config,
    passwords: Passwords,
    nats: Supervised,
    services: Map<string, Supervised>,
    monitor: Supervised,
  ) {
    this.config = config;
    this.passwords = passwords;
    this.nats = nats;
    this.services = services;
    this.monitor = monitor;
  }

  /**
   * Starts everything on the data folder of `env`, which is made if it is missing, and resolves when every service is ready, but for
   * those that wait for their database to be put back or rebuilt. Output comes to `onLine` line by line. Rejects with a sentence when
   * something is in the way.
   */
  static async start(env: NodeJS.ProcessEnv, onLine: (line: string) => void): Promise<Stack> {
    const config = loadConfig(env);
    const folder = resolve(config.DATA_DIR);
    const isNew = !existsSync(join(folder, "nats"));
    mkdirSync(join(folder, "run"), { recursive: true, mode: 0o700 });
    // Stays until the catalogue is in stock, so that a first start that is cut short is made good by the next one.
    const unseeded = join(folder, "run", "unseeded");
    if (isNew && config.SEED === "demo") writeFileSync(unseeded, "");
    const all = allServices(config);
    const names = all.map(({ name }) => name);
    await claim(folder, ["nats", ...names, MONITOR]);
    await expectFreePorts(config);

    const passwords = ensurePasswords(join(folder, "passwords.env"), users(all));
    const publicEnv = Object.fromEntries(Object.entries(env).filter(([name]) => !name.endsWith("_PASSWORD")));
    const program = (name: string) => ({ name, pidFile: join(folder, "run", `${name}.pid`), onLine });

    const nats = new Supervised({
      ...program("nats"),
      onLine: (line) => worthReading(line) && onLine(`nats-server: ${line}`),
      node: false,
      command: await findNatsServer({ env, log: onLine }),
      args: ["-c", join(projectRoot, "nats.conf")],
      env: { ...TIDY_NATS, ...publicEnv, ...natsEnv(config, folder), ...passwords },
    });
    const app = (name: string, known: readonly string[]) =>
      new Supervised({
        ...program(name),
        node: true,
        address: { host: config.HTTP_HOST, port: own(config, name, "PORT") },
        command: process.execPath,
        args: [join(projectRoot, "dist", "apps", name, "main.js")],
        env: { ...SMALL_PROCESS, ...publicEnv, DATA_DIR: folder, ...passwordsOf(known, passwords) },
      });
    const services = new Map(names.map((name) => [name, app(name, [name])]));

    // What a person does on the monitor's page is said by the operators' user.
    const stack = new Stack(config, passwords, nats, services, app(MONITOR, [MONITOR, OPERATOR]));
    try {
      nats.start();
      for (const each of stack.apps) each.start();
      await stack.#provision(onLine);
      await Promise.all(stack.apps.map((each) => stack.#isStarted(each, onLine)));
      if (existsSync(unseeded)) await seed(stack.url("inventory"));
      rmSync(unseeded, { force: true });
      return stack;
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** The services, and then the monitor. */
  get apps(): Supervised[] {
    return [...this.services.values(), this.monitor];
  }

  /** Where a service, or the monitor, answers HTTP. */
  url(service: string): string {
    return serviceUrl(this.config, service);
  }

  /** Connects to NATS as the administrator. The caller closes the connection. */
  connect(): Promise<NatsConnection> {
    const url = `nats://${this.config.NATS_HOST}:${this.config.NATS_PORT}`;
    return connectNats({ url, user: ADMIN, password: this.passwords.ADMIN_PASSWORD! }, false);
  }

  /** Resolves when every service, and the monitor, says that it is ready. */
  async untilReady(): Promise<void> {
    await Promise.all(this.apps.map((app) => this.#untilReady(app)));
  }

  /** Whether the app has become ready; `tell` hears of one that waits for its database instead. */
  async #isStarted(app: Supervised, tell: (line: string) => void): Promise<boolean> {
    try {
      await this.#untilReady(app);
      return true;
    } catch (error) {
      if (app.lastDeath !== AWAITS_DATABASE) throw error;
      tell(`${app.name} does not start without its database; the others go on meanwhile.`);
      return false;
    }
  }

  /**
   * Restarts services and the monitor one after the other, all of them if none is named, with the build that is now in `dist`. Each has to
   * be ready before the next one is stopped; `tell` gets a line of each. When one does not come back, it rejects with a sentence at once,
   * and the others are left as they are; one that waits for its database is passed over, and it rejects in the end.
   */
  async restart(names: readonly string[], tell: (line: string) => void): Promise<void> {
    const all = names.length > 0 ? names.map((name) => this.#app(name)) : this.apps;
    const waiting: string[] = [];
    for (const service of all) {
      const startedAt = performance.now();
      await service.restart();
      if (!(await this.#isStarted(service, tell))) {
        waiting.push(service.name);
        continue;
      }
      const seconds = (ms: number) => `${(ms / 1_000).toFixed(1)} s`;
      const stopMs = service.lastStop?.ms ?? 0;
      tell(
        `${service.name} is ready again after ${seconds(performance.now() - startedAt)}, ${seconds(stopMs)} of it to stop`,
      );
    }
    if (waiting.length > 0)
      throw new Error(
        `still without a database that is up to date: ${waiting.join(", ")}; npm run -s rebuild -- ${waiting[0]} says more`,
      );
  }

  /** Does what a command asks for. Rejects with a sentence, before anything is done, when NATS is not set up for its build. */
  async fulfil(request: StackRequest, { tell, held }: Caller): Promise<void> {
    if ("hold" in request) return this.hold(request.hold, held);
    if (request.arrangement !== arrangement(allServices(this.config))) throw new Error(OTHERWISE_ARRANGED);
    return this.restart(request.restart, tell);
  }

  /** Stops a service, and starts it again when what must not happen while it runs has happened `meanwhile`. */
  async hold(name: string, meanwhile: () => Promise<unknown>): Promise<void> {
    const service = this.#app(name);
    await service.restart(meanwhile);
    await this.#untilReady(service);
  }

  /** Stops the services and the monitor, then nats-server, each in its own good time. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.apps.map((app) => app.stop()));
    await this.nats.stop();
    rmSync(join(resolve(this.config.DATA_DIR), "run", "stack.pid"), { force: true });
  }

  #app(name: string): Supervised {
    const app = this.apps.find((one) => one.name === name);
    if (app) return app;
    throw new Error(
      `there is no service ${name}; the services are: ${this.apps.map((one) => one.name).join(", ")}`,
    );
  }

  async #untilReady(service: Supervised): Promise<void> {
    const url = `${this.url(service.name)}/readyz`;
    // A connection may wait for the process longer than one wants to wait for news of its death.
    await this.#until(service, async () => (await fetch(url, { signal: AbortSignal.timeout(ASK_MS) })).ok);
  }

  /** Makes what the services need in NATS, and looks after it until the stack is stopped. */
  async #provision(onLine: (line: string) => void): Promise<void> {
    const connection = await this.#until(this.nats, () => this.connect());
    this.#stopping.signal.addEventListener("abort", () => connection.close());
    const services = allServices(this.config);
    await provision(connection, services, this.config);
    const log = createLog("keeper", this.config.LOG_LEVEL, { write: (line) => onLine(line.trimEnd()) });
    keep(connection, services, this.config, log, this.#stopping.signal);
  }

  /** Asks until there is a good answer; gives up when the process has died, or has had its time. */
  async #until<Answer>(program: Supervised, ask: () => Promise<Answer>): Promise<Answer> {
    const deadline = Date.now() + READY_WITHIN_MS;
    const deaths = program.deaths;
    for (;;) {
      const answer = await ask().catch(() => undefined);
      if (answer) return answer;
      if (program.deaths > deaths)
        throw new Error(`${program.name} could not start; its last words are above`);
      if (Date.now() > deadline)
        throw new Error(`${program.name} was not ready within ${READY_WITHIN_MS / 1000} s`);
      await sleep(POLL_MS);
    }
  }
}

/** What nats.conf needs from the environment, but for the passwords. Text is quoted: a path may hold spaces. */
export function natsEnv(config: Config, folder: string): Record<string, string> {
  return {
    NATS_HOST: config.NATS_HOST,
    NATS_PORT: `${config.NATS_PORT}`,
    NATS_MONITOR_PORT: `${config.NATS_MONITOR_PORT}`,
    NATS_STORE_DIR: JSON.stringify(join(folder, "nats")),
    // From the environment, nats-server takes 2m for two million.
    NATS_SYNC_INTERVAL: config.DURABILITY === "strict" ? "always" : "120s",
  };
}

function passwordsOf(users: readonly string[], all: Passwords): Passwords {
  const names = users.map((user) => `${user.toUpperCase()}_PASSWORD`);
  return Object.fromEntries(names.map((name) => [name, all[name]!]));
}

/** Leaves out what nats-server says of every start; passwords are plain in its environment, and nowhere else. */
function worthReading(line: string): boolean {
  return !/\[INF\]|Plaintext passwords detected/.test(line);
}
