// Asks services over HTTP for what only they know. Nobody waits long for an answer, and no answer is an answer as well.

import { type Config, serviceUrl } from "../../shared/config.ts";
import type { WorkOfKey, WorkStand } from "../../shared/service/work.ts";

/** The service that takes orders. */
export const ORDERS = "orders";

const TIMEOUT_MS = 1_000;

/** What a service has answered. */
export interface Answered {
  readonly status: number;
  readonly body: unknown;
}

/** A service's answer to a GET; undefined when it does not answer within a second. */
export async function get(config: Config, service: string, path: string): Promise<Answered | undefined> {
  try {
    const response = await fetch(`${serviceUrl(config, service)}${path}`, {
      signal: AbortSignal.timeout(TIMEOUT_MS),
    });
    return { status: response.status, body: await response.json() };
  } catch {
    return undefined;
  }
}

/** A service's answer to a POST. Rejects when it does not answer. */
export async function post(config: Config, service: string, path: string, body: unknown): Promise<Answered> {
  const response = await fetch(`${serviceUrl(config, service)}${path}`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(5 * TIMEOUT_MS),
  });
  return { status: response.status, body: await response.json() };
}

/** How a service's work stands; undefined when it does not answer. */
export async function askWork(config: Config, service: string): Promise<WorkStand | undefined> {
  return good(await get(config, service, "/standing")) as WorkStand | undefined;
}

/** A service's work on one key; undefined when it does not answer. */
export async function askWorkOf(
  config: Config,
  service: string,
  key: string,
): Promise<WorkOfKey | undefined> {
  return good(await get(config, service, `/standing/${encodeURIComponent(key)}`)) as WorkOfKey | undefined;
}

/** Why a service is not ready, in its own words; undefined when it is, or does not answer. */
export async function askTrouble(config: Config, service: string): Promise<string | undefined> {
  const answer = await get(config, service, "/readyz");
  return answer?.status === 503 ? (answer.body as { detail?: string }).detail : undefined;
}

function good(answer: Answered | undefined): unknown {
  return answer?.status === 200 ? answer.body : undefined;
}
