import { join } from "node:path";
import { openDatabase } from "../../shared/service/database.ts";
import { run } from "../../shared/service/run.ts";
import { sandboxCarrier } from "./sandbox.ts";
import { shipping } from "./service.ts";

// The sandbox stands for a system outside: its book is a file of its own, which no kill of ours may roll back.
await run("shipping", ({ config, folder }) => ({
  service: shipping({ carrierMs: config.CARRIER_DEADLINE_MS }),
  port: sandboxCarrier(openDatabase(join(folder, "sandbox-carrier.db"), "relaxed")),
}));
