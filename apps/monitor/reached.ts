// What NATS was asked for by whoever asks the monitor over HTTP: an answer, or a 503 that says what is in the way.

import { Problem } from "../../shared/http/problem.ts";
import { isAway } from "../../shared/nats/observer.ts";

/** What NATS was asked for; 503 with the cause when it does not answer, or has something that can't be looked at. */
export async function reached<Result>(asked: Promise<Result>): Promise<Result> {
  try {
    return await asked;
  } catch (error) {
    if (error instanceof Problem) throw error;
    const { message } = error as Error;
    const [type, what] = isAway(error)
      ? ["nats-silent", "NATS does not answer"]
      : ["not-seen", "NATS is up, but that can't be looked at"];
    throw new Problem({ status: 503, type, detail: `${what}: ${message}.`, headers: { "retry-after": "2" } });
  }
}
