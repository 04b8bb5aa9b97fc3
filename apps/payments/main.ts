import { join } from "node:path";
import { openDatabase } from "../../shared/service/database.ts";
import { run } from "../../shared/service/run.ts";
import { routes } from "./http.ts";
import { sandboxGateway } from "./sandbox.ts";
import { payments } from "./service.ts";

// The sandbox stands for a system outside: its ledger is a file of its own, which no kill of ours may roll back.
await run("payments", ({ config, folder }) => ({
  service: payments({ gatewayMs: config.GATEWAY_DEADLINE_MS }),
  port: sandboxGateway(openDatabase(join(folder, "sandbox-gateway.db"), "relaxed")),
  routes,
}));
