// How a consumer stands, judged by its last looks alone.

import { describe, expect, it } from "vitest";
import { judge } from "../../apps/monitor/status.ts";
import { extend, follow, type Look, WINDOW } from "../../apps/monitor/window.ts";

const AT = Date.UTC(2026, 0, 5, 9);
const EVERY_MS = 2_000;

/** A look at a consumer with nothing to do and somebody listening, but for what is given. */
type Seen = Partial<Look>;

/** The window after these looks, two seconds apart. */
function windowOf(...seen: Seen[]): Look[] {
  const calm = {
    pending: 0,
    ackPending: 0,
    redelivered: 0,
    waiting: 1,
    deliveries: 0,
    cameIn: 0,
    cameBack: 0,
  };
  return seen.reduce<Look[]>((window, look, index) => {
    const at = AT + index * EVERY_MS;
    return extend(window, { at, ...calm, deliveredSeq: 0, floorSeq: 0, ...look });
  }, []);
}

/** Looks with so many events waiting, of which some came in since the look before; the rest was handled. */
function lags(lags: readonly number[], cameIn = 0): Seen[] {
  let handled = 0;
  return lags.map((pending, index) => {
    if (index > 0) handled += lags[index - 1]! + cameIn - pending;
    return {
      pending,
      cameIn: index > 0 ? cameIn : 0,
      deliveries: handled,
      deliveredSeq: handled,
      floorSeq: handled,
    };
  });
}

const standing = (...seen: Seen[]) => judge(windowOf(...seen));
const many = (look: Seen, count = WINDOW): Seen[] => Array.from({ length: count }, () => look);

describe("OK", () => {
  it("is who has nothing before it, also at the very first look", () => {
    expect(standing({})).toEqual({
      status: "OK",
      why: "nothing waits",
      lag: 0,
      perSecondIn: null,
      perSecondOut: null,
      etaSeconds: 0,
    });
  });

  it("is who handles what comes in but for one event, and says so", () => {
    const passing = Array.from({ length: WINDOW }, (_, n) => ({
      pending: 0,
      ackPending: 3,
      cameIn: 20,
      deliveries: 20 * n,
      deliveredSeq: 20 * n + 8,
      floorSeq: 7,
    }));
    expect(standing(...passing)).toMatchObject({
      status: "OK",
      why: "3 events wait, no more than come in between two looks; the first of them has not been handled for at least 18 s, and others pass it by",
    });
  });

  it("is who has some events under way at every look, and handles what comes in", () => {
    expect(standing(...lags([5, 4, 6, 5, 7, 4, 5, 6, 5, 5], 100))).toMatchObject({
      status: "OK",
      why: "5 events wait, no more than come in between two looks",
      perSecondIn: 50,
      perSecondOut: 50,
    });
  });

  it("is who had nothing before it a moment ago", () => {
    expect(standing({}, ...many({ pending: 40 }, WINDOW - 1)).status).toBe("OK");
  });

  it("is who was not looked at often enough", () => {
    expect(standing({ ackPending: 1 })).toMatchObject({
      status: "OK",
      why: "1 event waits; there were too few looks to say more",
    });
    expect(standing(...many({ ackPending: 1 }, 3))).toMatchObject({
      status: "OK",
      why: "1 event waits; none was handled in the 4 s that it has been watched, too short to say more",
    });
    expect(standing(...lags([500, 500, 500], 100))).toMatchObject({
      status: "OK",
      why: "500 events wait; 50 are handled per second in the 4 s that it has been watched, too short to say more",
    });
  });
});

describe("NOBODY LISTENING", () => {
  it("is when nobody asked at two looks and nothing happened in between, whether or not something waits", () => {
    expect(standing({}, { waiting: 0 }, { waiting: 0 })).toMatchObject({
      status: "NOBODY LISTENING",
      why: "nobody asks NATS for its events; nothing waits for it yet",
    });
    const down = lags([0, 200, 400], 200).map((look) => ({
      ...look,
      waiting: 0,
      deliveries: 0,
      deliveredSeq: 0,
      floorSeq: 0,
    }));
    expect(standing(...down)).toEqual({
      status: "NOBODY LISTENING",
      why: "nobody asks NATS for its events; 400 events wait for it",
      lag: 400,
      perSecondIn: 100,
      perSecondOut: 0,
      etaSeconds: null,
    });
  });

  it("is not between two requests of a service that works", () => {
    const busy = lags([50, 40, 30], 0).map((look) => ({ ...look, waiting: 0 }));
    expect(standing(...busy).status).toBe("CATCHING UP");
    expect(standing({}, { waiting: 0 }).status).toBe("OK");
  });
});

describe("CATCHING UP", () => {
  it("is who has much before it that becomes less, and when it will be done", () => {
    expect(standing(...lags([40_000, 36_000, 32_000, 28_000], 1_000))).toEqual({
      status: "CATCHING UP",
      why: "28,000 events wait and the number is falling: 2,500 are handled per second; none will be left in about 14 s",
      lag: 28_000,
      perSecondIn: 500,
      perSecondOut: 2_500,
      etaSeconds: 14,
    });
  });

  it("is seen as soon as somebody listens again, whatever was before", () => {
    const down = many({ pending: 40_000, waiting: 0 });
    const up = lags([40_000, 30_000, 20_000]);
    expect(standing(...down, ...up)).toMatchObject({ status: "CATCHING UP", etaSeconds: 4 });
  });

  it("is who has begun since the last look, though nobody knows yet how fast it is", () => {
    const down = many({ pending: 40_000, waiting: 0 });
    expect(standing(...down, { pending: 37_000, deliveries: 3_000, deliveredSeq: 3_000 })).toEqual({
      status: "CATCHING UP",
      why: "37,000 events wait and the number is falling; how fast is not known yet",
      lag: 37_000,
      perSecondIn: null,
      perSecondOut: null,
      etaSeconds: null,
    });
  });

  it("goes by the last eight seconds: neither a burst nor what was slow long ago misleads", () => {
    const track = (everyMs: number, ...waiting: number[]) => {
      const looks = lags(waiting).map(
        (look, n) => windowOf(look).map((one) => ({ ...one, at: AT + n * everyMs }))[0]!,
      );
      return looks.reduce<Look[]>((followed, _, n) => follow(followed, looks.slice(0, n + 1)), []);
    };
    const close = track(250, ...Array.from({ length: 60 }, (_, n) => 12_000 - 200 * n));
    expect([close.length, close.at(-1)!.at - close[0]!.at]).toEqual([33, 8_000]);
    expect(track(5_000, 9_000, 8_990, 8_980, 8_000, 7_000, 6_000).map(({ pending }) => pending)).toEqual([
      8_980, 8_000, 7_000, 6_000,
    ]);
    const now = windowOf(...lags([12_000, 11_000, 10_000, 4_000]));
    expect(judge(now, [{ ...now[0]!, at: AT - 10_000, pending: 20_000 }, now.at(-1)!]).etaSeconds).toBe(4);
  });
});

describe("SLOW", () => {
  it("is who handles less than comes in, at every look of a whole window", () => {
    const growing = Array.from({ length: WINDOW }, (_, n) => 1_000 + 100 * n);
    expect(standing(...lags(growing, 300))).toMatchObject({
      status: "SLOW",
      why: "1,900 events wait and the number has not fallen for at least 18 s: 150 come in and 100 are handled per second",
      etaSeconds: null,
    });
    expect(standing(...lags(growing.slice(1), 300)).status).toBe("OK");
  });

  it("is who has the same before it for a whole window, though it works", () => {
    expect(
      standing(
        ...lags(
          many({}).map(() => 500),
          100,
        ),
      ).status,
    ).toBe("SLOW");
  });
});

describe("STALLED", () => {
  it("is at once who gets nothing, since somebody has paused it in NATS", () => {
    const pausedUntil = AT + 600_000;
    expect(standing({ pending: 3, pausedUntil })).toMatchObject({
      status: "STALLED",
      why: "3 events wait, and somebody has paused its consumer in NATS until 09:10:00 UTC",
      etaSeconds: null,
    });
    expect(standing({ pausedUntil })).toMatchObject({
      status: "OK",
      why: expect.stringMatching(/^nothing waits, and somebody/),
    });
  });

  it("is who listens, and handles nothing for a whole window", () => {
    expect(standing(...many({ pending: 7 }))).toMatchObject({
      status: "STALLED",
      why: "7 events wait, and for at least 18 s nothing has been handled",
      etaSeconds: null,
    });
  });

  it("is who tries the same again and again", () => {
    const retrying = many({ ackPending: 1, redelivered: 1 }).map((look, n) => ({ ...look, deliveries: n }));
    expect(standing(...retrying)).toMatchObject({
      status: "STALLED",
      why: "1 event waits, and for at least 18 s only the same has been tried again, in vain",
    });
  });

  it("is over with the first event that is handled", () => {
    expect(
      standing(...many({ pending: 7 }), { pending: 6, deliveries: 1, deliveredSeq: 1, floorSeq: 1 }).status,
    ).toBe("CATCHING UP");
  });
});

describe("a window", () => {
  it("is of the last looks alone", () => {
    expect(windowOf(...many({}, 25))).toHaveLength(WINDOW);
  });

  it("begins anew with a consumer that was made anew: its numbers count from one", () => {
    expect(windowOf(...lags([90, 80, 70]), { pending: 5, deliveries: 1 })).toMatchObject([{ pending: 5 }]);
  });
});
