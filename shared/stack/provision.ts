// `npm run provision`: creates or updates streams and consumers, for stacks that `npm start` does not run. With `--keep` it
// stays, makes anew what is missing later on, and says that it has begun by a file, for whoever waits for it.

import { writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { allServices } from "../../apps/services.ts";
import { ConfigError, loadConfig, natsUrl } from "../config.ts";
import { connectNats } from "../nats/connect.ts";
import { keep } from "../nats/keeper.ts";
import { provision } from "../nats/provision.ts";
import { ADMIN } from "../nats/topology.ts";
import { createLog } from "../observability/log.ts";
import { flag, understood } from "./arguments.ts";
import { end, stopSignal } from "./end.ts";

const stays = understood((args) => flag("provision", args, ["--keep"])) !== undefined;
try {
  const config = loadConfig();
  if (!config.ADMIN_PASSWORD)
    throw new ConfigError("ADMIN_PASSWORD is not set: it is the one in NATS's environment");
  const account = { url: natsUrl(config), user: ADMIN, password: config.ADMIN_PASSWORD };
  const connection = await connectNats(account, true);
  const services = allServices(config);
  await provision(connection, services, config);
  console.log("Streams and consumers match the reaction tables.");
  if (stays) {
    const stopped = stopSignal(); // Before anyone hears that it has begun, and may want it to end.
    writeFileSync(join(tmpdir(), "provisioned"), "");
    await keep(connection, services, config, createLog("keeper", config.LOG_LEVEL), stopped);
  }
  await connection.close();
  end(0);
} catch (error) {
  console.error(`Can't provision NATS: ${(error as Error).message}`);
  end(1);
}
