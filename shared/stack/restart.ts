// `npm run -s restart [-- SERVICE...]`: the running stack's services go on with the build that was just compiled.

import { loadConfig } from "../config.ts";
import { wish } from "./control.ts";

try {
  const { DATA_DIR } = loadConfig();
  const ok = await wish(DATA_DIR, { restart: process.argv.slice(2) }, (line) => console.log(line));
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(`Can't restart: ${(error as Error).message}`);
  process.exitCode = 1;
}
