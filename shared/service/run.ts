// Runs one service as a process: configuration, database, HTTP, NATS, and a clean end.

import { join } from "node:path";
import type { OpenAPIHono } from "@hono/zod-openapi";
import { type Config, ConfigError, loadConfig, natsUrl, own, variableOf } from "../config.ts";
import { exerciseReaders } from "../contracts/events.ts";
import { httpApp } from "../http/app.ts";
import { type Served, serve } from "../http/serve.ts";
import { workRoutes } from "../http/work.ts";
import type { Account } from "../nats/connect.ts";
import { Link } from "../nats/link.ts";
import { createLog, type Log } from "../observability/log.ts";
import type { Meters } from "../observability/meters.ts";
import { type Observing, observe } from "../observability/observing.ts";
import { Agreement } from "./agreement.ts";
import { type Alone, takeAlone } from "./alone.ts";
import { openDatabase } from "./database.ts";
import { emits, type Service, type Store } from "./define.ts";
import { ForgetfulError } from "./memory.ts";
import { notYet } from "./not-yet.ts";
import { Runtime } from "./runtime.ts";
import { AWAITS_DATABASE, StartRefusedError } from "./start-refused.ts";
import { listen, type Tied, tiesTo } from "./ties.ts";
import { Work } from "./work.ts";

/** What a service's `main.ts` has to work with. */
export interface Wiring {
  readonly config: Config;
  readonly log: Log;
  /** The service's folder, for files of adapters. */
  readonly folder: string;
}

/** What a service brings besides its table. */
export interface Assembly<Port, ServiceStore extends Store<unknown>> {
  // biome-ignore lint/suspicious/noExplicitAny: the state is between the service's own parts.
  readonly service: Service<any, Port, ServiceStore>;
  readonly port: Port;
  /** The most calls that the outside world takes at once, if that is few. */
  readonly callsAtOnce?: number;
  /** Adds the service's routes to the base. */
  readonly routes?: (app: OpenAPIHono, runtime: Runtime<ServiceStore, Port>) => void;
  /** Adds the service's own figures to those of the kit. */
  readonly figures?: (meters: Meters, runtime: Runtime<ServiceStore, Port>) => void;
}

// The most that each part of a stop may take: a bit under 10 s in all, with 1 s for whoever holds the port to answer.
const PAUSE_MS = 3_000;
const DELIVERIES_MS = 3_400;
const HTTP_GRACE_MS = 1_000;
const OUTBOX_MS = 1_000;
const LAST_WORDS_MS = 500;

/**
 * Starts the service and keeps it running until SIGTERM or SIGINT, then drains and exits 0 within 10 s. A fault at
 * the start is one sentence on standard error and exit code 1.
 */
export async function run<Port, ServiceStore extends Store<unknown>>(
  name: string,
  assemble: (wiring: Wiring) => Assembly<Port, ServiceStore>,
): Promise<void> {
  const stopRequested = untilStopped(); // First of all: the request may come at any time.
  let stop: () => Promise<void>;
  try {
    checkReaders();
    stop = await start(name, assemble);
  } catch (error) {
    const known =
      error instanceof ConfigError ||
      error instanceof ReaderError ||
      error instanceof StartRefusedError ||
      (error as NodeJS.ErrnoException).code !== undefined;
    console.error(`${name} can't start: ${known ? (error as Error).message : (error as Error).stack}`);
    process.exit(1);
  }
  await stopRequested;
  await stop();
  process.exit(0);
}

/** This build can't read an event in every version that it knows of. */
class ReaderError extends Error {
  override name = "ReaderError";
}

/** Reads every event in every version before one comes: a version that can't be read is found now, and not at night. */
function checkReaders(): void {
  try {
    exerciseReaders();
  } catch (cause) {
    throw new ReaderError((cause as Error).message, { cause });
  }
}

/** What one process of a service is made of. */
interface Parts extends Tied {
  /** That the folder is this process's alone. */
  readonly alone: Alone;
  readonly observing: Observing;
  // biome-ignore lint/suspicious/noExplicitAny: see AnyService.
  readonly assembly: Assembly<any, any>;
}

/** Starts the service; what it returns ends it in good order. */
async function start<Port, ServiceStore extends Store<unknown>>(
  name: string,
  assemble: (wiring: Wiring) => Assembly<Port, ServiceStore>,
): Promise<() => Promise<void>> {
  const config = loadConfig();
  const account = accountOf(name, config);
  const log = createLog(name, config.LOG_LEVEL);
  const folder = join(config.DATA_DIR, name);
  const alone = takeAlone(name, folder);
  const db = openDatabase(join(folder, "state.db"), config.DURABILITY);
  const assembly = assemble({ config, log, folder });
  const { service, port, callsAtOnce } = assembly;
  const observing = await observe(name, config, log);
  const { observer } = observing;

  const link = new Link(account, log);
  const agreement = new Agreement(emits(service), db, log);
  const ties = tiesTo(link, config, log);
  const runtime = new Runtime(service, { db, port, log, callsAtOnce, observer, ...ties });
  const parts: Parts = { alone, service, config, log, db, link, agreement, runtime, observing, assembly };

  const server = await serveHttp(parts);
  listen(parts).catch((error) => giveUp(error, log));
  return () => stop(parts, server);
}

/** The service's user at NATS. */
function accountOf(name: string, config: Config): Account {
  const password = own(config, name, "PASSWORD");
  if (password) return { url: natsUrl(config), user: name, password };
  throw new ConfigError(
    `${variableOf(name, "PASSWORD")} is not set: npm start makes one, compose reads it from .env`,
  );
}

/** Serves the service's routes and the kit's, and shows its figures. */
async function serveHttp(parts: Parts): Promise<Served> {
  const { service, config, log, db, link, runtime, observing, assembly } = parts;
  const { name } = service;
  const { metrics } = observing;
  if (metrics) {
    metrics.show(
      () => runtime.standing,
      () => link.behind,
    );
    assembly.figures?.(metrics, runtime);
  }
  const app = httpApp({
    name,
    names: config.HTTP_NAMES,
    ready: () => link.state,
    refusal: () => notYet(parts),
    log,
    observers: observing.http,
    metrics: metrics && (() => metrics.text()),
  });
  assembly.routes?.(app, runtime); // First of all in the reference, too.
  workRoutes(app, new Work(db, runtime));
  const server = await serve(app, {
    host: config.HTTP_HOST,
    port: own(config, name, "PORT"),
    variable: variableOf(name, "PORT"),
    held: config.HTTP_HELD && process.connected,
  });
  log.info({ url: server.url }, "serving HTTP");
  return server;
}

/** Ends a process that NATS has no use for. */
function giveUp(error: Error, log: Log): never {
  if (error instanceof StartRefusedError) log.fatal(`can't start: ${error.message}`);
  else {
    const message = "NATS refused the service: is its password the one in NATS's environment?";
    log.fatal({ cause: error.message }, message);
  }
  process.exit(error instanceof ForgetfulError ? AWAITS_DATABASE : 1);
}

/** Ends what was taken, the customers' requests and the outbox, in this order, each within its time. */
async function stop({ alone, log, db, link, runtime, observing }: Parts, server: Served): Promise<void> {
  log.info("stopping");
  await link.pause(PAUSE_MS);
  await runtime.finishDeliveries(DELIVERIES_MS); // Customers are served meanwhile.
  await server.close(HTTP_GRACE_MS);
  await runtime.drain(OUTBOX_MS);
  await Promise.all([link.close(LAST_WORDS_MS), observing.close(LAST_WORDS_MS)]);
  db.close();
  alone.letGo();
  log.info("stopped");
}

/** Resolves on SIGTERM, on SIGINT, or when the process that started this one is gone. */
export function untilStopped(): Promise<void> {
  return new Promise((resolve) => {
    process.on("SIGTERM", () => resolve());
    process.on("SIGINT", () => resolve());
    process.on("disconnect", () => resolve());
    if (process.send && !process.connected) resolve();
  });
}
