// Sees to it that no service is ever far behind: what is measured is how it copes, not how long a queue can get.

import { FLOW_STREAM } from "../../nats/topology.ts";
import type { Site } from "../site.ts";
import { until } from "../until.ts";

/** The most messages that may wait for a service, beside those that it holds already. */
const WAITING = 500;
const WITHIN_MS = 120_000;

/** Resolves when hardly anything waits for any service; rejects when that takes two minutes. */
export async function room({ services, manager }: Pick<Site, "services" | "manager">): Promise<void> {
  const hasRoom = await until(WITHIN_MS, async () => {
    const all = await Promise.all(services.map(({ name }) => manager.consumers.info(FLOW_STREAM, name)));
    return all.every(({ num_pending }) => num_pending <= WAITING) ? true : undefined;
  });
  if (!hasRoom) throw new Error("the services do not keep up");
}
