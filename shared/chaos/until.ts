// Waiting for something that others bring about.

import { setTimeout as sleep } from "node:timers/promises";

const POLL_MS = 50;

/** Asks again and again until there is an answer; undefined when there was none within `withinMs`. What throws has none. */
export async function until<Answer>(
  withinMs: number,
  probe: () => Promise<Answer | undefined> | Answer | undefined,
): Promise<Answer | undefined> {
  const deadline = performance.now() + withinMs;
  for (;;) {
    try {
      const answer = await probe();
      if (answer !== undefined) return answer;
    } catch {
      // Who is down or out of reach has no answer yet.
    }
    if (performance.now() > deadline) return undefined;
    await sleep(POLL_MS);
  }
}
