// `npm run provision`: creates or updates streams and consumers, for stacks that `npm start` does not run.

import { allServices } from "../../apps/services.ts";
import { ConfigError, loadConfig, natsUrl } from "../config.ts";
import { connectNats } from "../nats/connect.ts";
import { provision } from "../nats/provision.ts";
import { ADMIN } from "../nats/topology.ts";

try {
  const config = loadConfig();
  if (!config.ADMIN_PASSWORD)
    throw new ConfigError("ADMIN_PASSWORD is not set: it is the one in NATS's environment");
  const account = { url: natsUrl(config), user: ADMIN, password: config.ADMIN_PASSWORD };
  const connection = await connectNats(account, true);
  await provision(connection, allServices(config), config);
  await connection.close();
  console.log("Streams and consumers are as the reaction tables say.");
} catch (error) {
  console.error(`Can't provision NATS: ${(error as Error).message}`);
  process.exitCode = 1;
}
