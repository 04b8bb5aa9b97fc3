// Stocks the demo catalogue where nothing was ever stocked, and ends: the `seed` container of docker-compose.yml.

import { fileURLToPath } from "node:url";
import { ConfigError, loadConfig } from "../config.ts";
import { seed } from "./seed.ts";

const ANSWER_WITHIN_MS = 10_000;

/** Stocks the catalogue if inventory, at `INVENTORY_URL`, has no SKU and `SEED` is `demo`. Says what it did. */
export async function seedOnce(env: NodeJS.ProcessEnv): Promise<string> {
  const url = env.INVENTORY_URL;
  if (!url) throw new ConfigError("INVENTORY_URL is not set: it is where the inventory service answers HTTP");
  if (loadConfig(env).SEED === "none") return "SEED is none: nothing was stocked.";

  const response = await fetch(`${url}/stock`, { signal: AbortSignal.timeout(ANSWER_WITHIN_MS) });
  if (!response.ok) throw new Error(`inventory does not show its stock: ${await response.text()}`);
  const { stock } = (await response.json()) as { stock: unknown[] };
  if (stock.length > 0) return "There is stock already: nothing was changed.";

  await seed(url);
  return "The demo catalogue is in stock.";
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  try {
    console.log(await seedOnce(process.env));
  } catch (error) {
    console.error(`Can't seed: ${(error as Error).message}`);
    process.exitCode = 1;
  }
}
