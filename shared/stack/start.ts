// `npm start`: the whole stack in this terminal, until Ctrl-C.

import type { Server } from "node:net";
import { MONITOR } from "../nats/topology.ts";
import { flag, understood } from "./arguments.ts";
import { listenForRequests } from "./control.ts";
import { EXAMPLE_ORDER } from "./example.ts";
import { pretty } from "./pretty.ts";
import { Stack } from "./stack.ts";

understood((args) => flag("start", args, []));

/** A second Ctrl-C after that many milliseconds ends at once; one that is sooner is npm's, which hands on the first. */
const AGAIN_MS = 1_000;

let stoppingSince: number | undefined;
let requests: Server | undefined;

for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, stop);

const starting = Stack.start(process.env, (line) => process.stdout.write(pretty(line)));
try {
  const stack = await starting;
  if (stoppingSince === undefined) {
    requests = listenForRequests(stack.config.DATA_DIR, (request, caller) => stack.fulfil(request, caller));
    announce(stack);
  }
} catch (error) {
  console.error(`Quadrille can't start: ${(error as Error).message}`);
  process.exitCode = 1;
}

function announce(running: Stack): void {
  const urls = running.apps.map(({ name }) => `${name} ${running.url(name)}`).join(", ");
  console.log(`
Quadrille is ready: ${urls}

Watch the flow at ${running.url(MONITOR)}

Place an order, and look at the Location in the answer (Ctrl-C stops everything; ${running.url("orders")}/docs explains more):
curl -i ${running.url("orders")}/orders -H 'content-type: application/json' -d '${JSON.stringify(EXAMPLE_ORDER)}'
`);
}

async function stop(): Promise<void> {
  if (stoppingSince !== undefined) {
    if (performance.now() - stoppingSince > AGAIN_MS) process.exit(1);
    return;
  }
  stoppingSince = performance.now();
  console.log("\nStopping, once what is under way is finished. Ctrl-C again stops at once.");
  requests?.close();
  const stack = await starting.catch(() => undefined);
  await stack?.stop();
  console.log("Quadrille has stopped.");
}
