// A consumer that looks alive and delivers nothing is noticed; one that is only busy, or has nothing to deliver, is left alone.

import type { ConsumerInfo } from "@nats-io/jetstream";
import { describe, expect, it } from "vitest";
import { untilStalled } from "../../shared/nats/progress.ts";

const MAX_ACK_PENDING = 2_000;

describe("a consumer stalls", () => {
  it("when what waits at one look still waits at the next one, and nothing came in between", async () => {
    expect(await looksUntilStalled([{ pending: 0 }, { pending: 3 }, { pending: 3 }])).toBe(3);
  });

  it("when nobody asks for what was handed back, and may come again", async () => {
    const deaf = { pending: 0, unacked: 3, waiting: 0 };
    expect(await looksUntilStalled([deaf, { ...deaf, waiting: 1 }, deaf, deaf])).toBe(4);
  });

  it("not when something came", async () => {
    expect(await looksUntilStalled([{ pending: 3 }, { pending: 3, came: 1 }, { pending: 3, came: 2 }])).toBe(
      undefined,
    );
  });

  it("not while its service is busy with what it has", async () => {
    expect(
      await looksUntilStalled([
        { pending: 3, held: 1 },
        { pending: 3, held: 1 },
      ]),
    ).toBe(undefined);
  });

  it("not when there is nothing to deliver", async () => {
    expect(await looksUntilStalled([{ pending: 0 }, { pending: 0 }])).toBe(undefined);
  });

  it("not when all that may be delivered at once was handed back, to come again later", async () => {
    const full = { pending: 3, unacked: MAX_ACK_PENDING };
    expect(await looksUntilStalled([full, full])).toBe(undefined);
  });

  it("not because the broker does not answer", async () => {
    expect(await looksUntilStalled([{ pending: 3 }, "silence", { pending: 3 }])).toBe(undefined);
  });
});

interface Look {
  readonly pending: number;
  readonly unacked?: number;
  /** How many requests for deliveries are open. */
  readonly waiting?: number;
  /** How many deliveries have come so far. */
  readonly came?: number;
  readonly held?: number;
}

/** How often it is looked until the consumer is found to be stalled; undefined when it is not. */
async function looksUntilStalled(looks: (Look | "silence")[]): Promise<number | undefined> {
  const over = new AbortController();
  let made = 0;
  let seen: Look = { pending: 0 };
  const ask = async (): Promise<ConsumerInfo> => {
    const look = looks[made++];
    if (!look) over.abort();
    if (!look || look === "silence") throw new Error("timeout");
    seen = look;
    const { pending: num_pending, unacked: num_ack_pending = 0, waiting: num_waiting = 1 } = look;
    const config = { max_ack_pending: MAX_ACK_PENDING };
    return { num_pending, num_ack_pending, num_waiting, config } as ConsumerInfo;
  };
  const progress = () => ({ deliveries: seen.came ?? 0, held: seen.held ?? 0 });
  await untilStalled(ask, progress, over.signal, 1);
  return over.signal.aborted ? undefined : made;
}
