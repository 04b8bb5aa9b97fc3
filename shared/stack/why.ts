// `npm run -s why -- ID [--json]`: why an order stands where it stands, in one sentence, and one safe command.

import { Inspector } from "../../apps/monitor/inspect.ts";
import type { Why } from "../../apps/monitor/why.ts";
import { ConfigError } from "../config.ts";
import { createLog } from "../observability/log.ts";
import { orderIn } from "./arguments.ts";
import { FOUND_FAULT } from "./command-line.ts";
import { askMonitor, look, observe, standing, type View } from "./terminal.ts";

await look("Can't tell why", async (args, view) => {
  const { orderId, json } = orderIn("why", args);
  const answer = await ask(view, orderId);
  console.log(json ? JSON.stringify(answer) : `${answer.sentence}\n\n  ${answer.command}`);
  return answer.situation === "stuck" || answer.situation === "unknown" ? FOUND_FAULT : 0;
});

/** Asks the monitor; looks for itself where that does not answer. */
async function ask(view: View, orderId: string): Promise<Why> {
  const { config, services } = view;
  const told = (await askMonitor(config, `/api/orders/${orderId}/why`)) as Why | undefined;
  if (told) return told;
  const log = createLog("why", "warn");
  const observer = await observe(config).catch((error) => {
    if (error instanceof ConfigError) throw error;
    return undefined; // That NATS is not there is an answer.
  });
  try {
    const consumers = observer ? (await standing(view, observer)).consumers : [];
    return await new Inspector(observer, services, config, log).why(orderId, consumers);
  } finally {
    await observer?.close();
  }
}
