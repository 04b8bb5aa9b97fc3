// Stocks the demo catalogue where nothing was ever stocked, and ends: the `seed` container of docker-compose.yml.

import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { ConfigError, loadConfig } from "../config.ts";
import { seed } from "./seed.ts";

const ANSWER_WITHIN_MS = 10_000;
const READY_WITHIN_MS = 30_000;
const POLL_MS = 200;

/** Stocks the catalogue if inventory, at `INVENTORY_URL`, has no SKU and `SEED` is `demo`. Says what it did. */
export async function seedOnce(env: NodeJS.ProcessEnv): Promise<string> {
  const url = env.INVENTORY_URL;
  if (!url) throw new ConfigError("INVENTORY_URL is not set: it is where the inventory service answers HTTP");
  if (loadConfig(env).SEED === "none") return "SEED is none: nothing was stocked.";

  const response = await fetch(`${url}/stock`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`inventory does not show its stock: ${await response.text()}`);
  const { stock } = (await response.json()) as { stock: unknown[] };
  if (stock.length > 0) return "There is stock already: nothing was changed.";

  await untilReady(url);
  await seed(url);
  return "The demo catalogue is in stock.";
}

/** Inventory answers before it takes anything: it has to agree with NATS on its schemas first. */
async function untilReady(url: string): Promise<void> {
  for (let waited = 0; waited < READY_WITHIN_MS; waited += POLL_MS) {
    if ((await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) })).ok) return;
    await sleep(POLL_MS);
  }
  throw new Error(`inventory was not ready within ${READY_WITHIN_MS / 1_000} s`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await seedOnce(process.env));
  } catch (error) {
    console.error(`Can't seed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
