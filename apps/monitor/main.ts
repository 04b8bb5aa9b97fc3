// Runs the monitor as a process: configuration, HTTP, NATS, and a clean end. There is no database.

import { ConfigError, loadConfig, natsUrl } from "../../shared/config.ts";
import { httpApp } from "../../shared/http/app.ts";
import { serve } from "../../shared/http/serve.ts";
import { MONITOR } from "../../shared/nats/topology.ts";
import { createLog } from "../../shared/observability/log.ts";
import { observe } from "../../shared/observability/observing.ts";
import { untilStopped } from "../../shared/service/run.ts";
import { allServices } from "../services.ts";
import { actions } from "./actions.ts";
import { showFigures } from "./figures.ts";
import { routes } from "./http.ts";
import { Monitor } from "./monitor.ts";
import { overview } from "./overview.ts";
import { page } from "./page.ts";

const HTTP_GRACE_MS = 1_000;
const LAST_WORDS_MS = 500;

const stopRequested = untilStopped(); // First of all: the request may come at any time.
try {
  const stop = await start();
  await stopRequested;
  await stop();
  process.exit(0);
} catch (error) {
  console.error(`monitor can't start: ${(error as Error).message}`);
  process.exit(1);
}

/** Starts the monitor; what it returns ends it in good order. Throws a sentence when it can't start. */
async function start(): Promise<() => Promise<void>> {
  const config = loadConfig();
  const { MONITOR_PASSWORD: password } = config;
  if (!password) {
    throw new ConfigError("MONITOR_PASSWORD is not set: npm start makes one, compose reads it from .env");
  }
  const log = createLog(MONITOR, config.LOG_LEVEL);
  const monitor = new Monitor(allServices(config), config, log);
  const { metrics, http, close } = await observe(MONITOR, config, log);
  if (metrics) showFigures(metrics, monitor);
  const app = httpApp({
    name: MONITOR,
    names: config.HTTP_NAMES,
    ready: () => monitor.state,
    log,
    observers: http,
    metrics: metrics && (() => metrics.text()),
  });
  routes(app, monitor);
  overview(app, monitor);
  page(app, monitor);
  const operator = actions(app, monitor);
  const server = await serve(app, {
    host: config.HTTP_HOST,
    port: config.MONITOR_PORT,
    variable: "MONITOR_PORT",
    held: config.HTTP_HELD && process.connected,
  });
  log.info({ url: server.url }, "serving HTTP");

  monitor.start({ url: natsUrl(config), user: MONITOR, password }).catch((error) => {
    const message = "NATS refused the monitor: is its password the one in NATS's environment?";
    log.fatal({ cause: error.message }, message);
    process.exit(1);
  });

  return async () => {
    log.info("stopping");
    await server.close(HTTP_GRACE_MS);
    await Promise.all([monitor.stop(), operator.close(), close(LAST_WORDS_MS)]);
    log.info("stopped");
  };
}
