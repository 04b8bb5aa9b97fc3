// `npm run chaos`: the real stack under load while everything goes wrong, and the laws that must hold all the same.

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { SMTP_CONNECTIONS } from "../../apps/notifications/post.ts";
import { worldsOf } from "../../apps/proof/books.ts";
import { laws } from "../../apps/proof/laws.ts";
import type { World } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { rowsOf } from "../chaos/database.ts";
import { reportOf } from "../chaos/report.ts";
import { type ChaosOptions, type ChaosRun, runChaos } from "../chaos/run.ts";
import type { Shaken } from "../chaos/verdict.ts";
import { loadConfig } from "../config.ts";
import { options, whole } from "./arguments.ts";
import { runTrial, seedIn } from "./trial.ts";

const MOST_ORDERS = 1_000_000;
const MOST_KILLS = 100_000;

/** The order flow, its laws, and the books of the sandboxes. */
export const orderFlow: Shaken<World> = {
  services: allServices(loadConfig({})),
  laws,
  sender: { service: "notifications", atOnce: SMTP_CONNECTIONS },
  books: (folder, mails, stream) =>
    worldsOf(
      {
        ledger: rowsOf(join(folder, "payments", "sandbox-gateway.db"), "ledger"),
        bookings: rowsOf(join(folder, "shipping", "sandbox-carrier.db"), "bookings"),
        mails,
      },
      stream,
    ),
};

/** Shakes the order flow; see `runChaos`. */
export function chaos(
  wanted: ChaosOptions,
  say: (line: string) => void,
  signal?: AbortSignal,
): Promise<ChaosRun> {
  return runChaos(orderFlow, wanted, say, signal);
}

/** What the arguments ask for; a seed of its own where none is given. Throws `CannotRun`. */
function optionsOf(args: readonly string[]): { wanted: ChaosOptions; json: boolean } {
  const { seed, orders, kills, json } = options("chaos takes --seed, --orders, --kills and --json", args, {
    seed: { type: "string" },
    orders: { type: "string", default: "500" },
    kills: { type: "string", default: "50" },
    json: { type: "boolean", default: false },
  });
  const wanted = {
    seed: seedIn(seed),
    orders: whole("--orders", orders, 1, MOST_ORDERS),
    kills: whole("--kills", kills, 0, MOST_KILLS),
  };
  return { wanted, json };
}

// Customers of a run that ends early would not give in.
if (process.argv[1] === fileURLToPath(import.meta.url)) await runTrial({ optionsOf, run: chaos, reportOf });
