// Catch-up: the real inventory process meets a backlog, with everything on.

import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { jetstreamManager } from "@nats-io/jetstream";
import { FLOW_STREAM } from "../../nats/topology.ts";
import { projectRoot } from "../project.ts";
import { SMALL_PROCESS } from "../stack.ts";
import { Supervised } from "../supervise.ts";
import type { Broker } from "./broker.ts";

const POLL_MS = 10;
const GIVE_UP_MS = 120_000;

/** Seconds from the first delivery to the last ack, and from the start of the process. */
export async function measureCatchUp(
  { env, connection }: Broker,
  count: number,
): Promise<{ seconds: number; withStartSeconds: number }> {
  const manager = await jetstreamManager(connection);
  const service = new Supervised({
    name: "inventory",
    node: true,
    command: process.execPath,
    args: [join(projectRoot, "dist", "apps", "inventory", "main.js")],
    env: { ...SMALL_PROCESS, ...env, LOG_LEVEL: "warn" },
    pidFile: join(env.DATA_DIR!, "run", "inventory.pid"),
    onLine: (line) => console.error(line),
  });
  const startedAt = performance.now();
  let firstAt: number | undefined;
  service.start();
  try {
    for (;;) {
      const { delivered, num_pending, num_ack_pending } = await manager.consumers.info(
        FLOW_STREAM,
        "inventory",
      );
      const now = performance.now();
      if (delivered.consumer_seq > 0) firstAt ??= now;
      if (delivered.consumer_seq >= count && num_pending === 0 && num_ack_pending === 0) {
        return { seconds: (now - firstAt!) / 1_000, withStartSeconds: (now - startedAt) / 1_000 };
      }
      if (now - startedAt > GIVE_UP_MS)
        throw new Error(`${num_pending + num_ack_pending} events are still waiting`);
      await sleep(POLL_MS);
    }
  } finally {
    await service.stop();
  }
}
