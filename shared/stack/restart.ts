// `npm run -s restart [-- SERVICE...]`: the running stack's services go on with the build that was just compiled.

import { allServices } from "../../apps/services.ts";
import { CannotRun } from "../cannot-run.ts";
import { loadConfig } from "../config.ts";
import { arrangement } from "../nats/conf.ts";
import { understood } from "./arguments.ts";
import { askStack } from "./control.ts";

const restart = understood(servicesIn);
try {
  const config = loadConfig();
  const wanted = { restart, arrangement: arrangement(allServices(config)) };
  const ok = await askStack(config.DATA_DIR, wanted, (line) => console.log(line));
  process.exitCode = ok ? 0 : 1;
} catch (error) {
  console.error(`Can't restart: ${(error as Error).message}`);
  process.exitCode = 1;
}

function servicesIn(args: string[]): string[] {
  const option = args.find((arg) => arg.startsWith("-"));
  if (option) throw new CannotRun(`restart takes names of services, not ${option}.`);
  return args;
}
