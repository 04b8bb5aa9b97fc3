// Whether all has come to rest, and if not, who is still at it.

import { FLOW_STREAM, PARKED_STREAM, parkedSubject } from "../nats/topology.ts";
import { newestSaid, rowsOf, stateFile } from "./database.ts";
import type { Site } from "./site.ts";
import { until } from "./until.ts";

/** So long nothing may move. */
const REST_MS = 1_000;

type Place = Pick<Site, "services" | "folder" | "manager" | "url">;

/** Waits until nothing moves any more; else sentences that say who still does. `more` says who else does. */
export async function untilCalm(
  site: Place,
  withinMs: number,
  more: () => Promise<string[]> = async () => [],
): Promise<string[]> {
  const unrest = async () => [...(await unrestOf(site)), ...(await more())];
  let calmSince: number | undefined;
  const calm = await until(withinMs, async () => {
    const isCalm = (await unrest()).length === 0;
    calmSince = isCalm ? (calmSince ?? performance.now()) : undefined;
    return calmSince !== undefined && performance.now() - calmSince > REST_MS ? true : undefined;
  });
  return calm ? [] : unrest();
}

async function unrestOf(site: Place): Promise<string[]> {
  const names = site.services.map(({ name }) => name);
  const found = names.map(async (name) => [...(await notReady(site, name)), ...(await lagging(site, name))]);
  return [
    ...(await Promise.all(found)).flat(),
    ...(await openReviews(site)),
    ...(await unhealed(site, names)),
  ];
}

/** What services have said and is not in the stream: the newest fact of each tells, since they are stored in order. */
export async function unhealed(
  { folder, manager }: Pick<Site, "folder" | "manager">,
  services: readonly string[],
): Promise<string[]> {
  const found = services.map(async (service) => {
    const newest = newestSaid(folder, service);
    if (!newest) return [];
    const stored = await manager.streams
      .getMessage(FLOW_STREAM, { last_by_subj: newest.subject })
      .catch(() => null);
    return stored?.header.get("ce-id") === newest.id
      ? []
      : [`${newest.subject} of ${service} is not in the stream`];
  });
  return (await Promise.all(found)).flat();
}

/** What a service has put aside, or let go, and PARKED does not know yet. */
export async function unparked(
  { folder, manager }: Pick<Site, "folder" | "manager">,
  service: string,
): Promise<string[]> {
  const found = rowsOf(stateFile(folder, service), "parked").map(async ({ place, key, state }) => {
    const last_by_subj = parkedSubject(service, { place: `${place}`, key: `${key}` });
    const stored = await manager.streams.getMessage(PARKED_STREAM, { last_by_subj }).catch(() => null);
    const isThere = stored?.header.has("Quadrille-Subject");
    return isThere && (state === "failed" || state === "waiting") ? [] : [`${key} of ${service} is ${state}`];
  });
  return (await Promise.all(found)).flat();
}

async function notReady(site: Place, service: string): Promise<string[]> {
  try {
    const { ok } = await fetch(`${site.url(service)}/readyz`, { signal: AbortSignal.timeout(REST_MS) });
    return ok ? [] : [`${service} is not ready`];
  } catch {
    return [`${service} does not answer`];
  }
}

/** How many events a service is not done with. Rejects when NATS does not say so. */
export async function lagOf({ manager }: Pick<Site, "manager">, service: string): Promise<number> {
  const { num_pending, num_ack_pending } = await manager.consumers.info(FLOW_STREAM, service);
  return num_pending + num_ack_pending;
}

async function lagging(site: Place, service: string): Promise<string[]> {
  try {
    const left = await lagOf(site, service);
    return left === 0 ? [] : [`${service} has ${left} events that it is not done with`];
  } catch (error) {
    return [`NATS does not say how far ${service} is: ${(error as Error).message}`];
  }
}

async function openReviews(site: Place): Promise<string[]> {
  const open = await fetch(`${site.url("risk")}/reviews`, { signal: AbortSignal.timeout(REST_MS) })
    .then((response) => response.json() as Promise<{ reviews?: unknown[] }>)
    .catch(() => undefined);
  return open?.reviews?.length === 0 ? [] : ["there are orders that wait for a person"];
}
