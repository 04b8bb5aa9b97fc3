// The time to zero that the monitor tells of a backlog, against what comes true: services that are played, one tick each 100 ms.

import { describe, expect, it } from "vitest";
import { type Course, goOn, UNKNOWN } from "../../apps/monitor/eta.ts";
import { type Judgement, judge } from "../../apps/monitor/status.ts";
import { extend, follow, type Look, nobodyListens } from "../../apps/monitor/window.ts";

const TICK_MS = 100;

/** How a service works off what waits for it. */
interface Play {
  readonly waiting: number;
  /** How many events it handles a second, and in which bursts. */
  readonly perSecond: number;
  readonly burst?: number;
  /** How long it takes to start. */
  readonly startMs?: number;
  /** How many events come back of one that waited, and after how long. */
  readonly comesBack?: number;
  readonly afterMs?: number;
  /** What the monitor has seen come back of each before. */
  readonly share?: number;
  /** How many events a second come from outside meanwhile. */
  readonly perSecondIn?: number;
  readonly pollMs?: number;
  /** After which time it is over in any case. */
  readonly forMs?: number;
}

/** What was told at each look since the first event was handled, and how long it took from then on. */
function played(play: Play): { told: Judgement; took: number }[] {
  const { waiting, perSecond, burst = 1, startMs = 0, comesBack = 0, afterMs = 0, perSecondIn = 0 } = play;
  const { pollMs = 2_000, forMs = 600_000, share = 0 } = play;
  const queue = { first: waiting, back: 0 };
  const due: number[] = [];
  let [handled, credit, since, backSince] = [0, 0, 0, 0];
  let [window, track, course]: [Look[], Look[], Course] = [[], [], { ...UNKNOWN, share }];
  const said: { at: number; told: Judgement }[] = [];
  for (let at = 0; at < forMs && queue.first + queue.back > waiting / 200; at += TICK_MS) {
    if (at % pollMs === 0) {
      const pending = Math.round(queue.first + queue.back);
      const done = Math.round(handled);
      const counts = { ackPending: 0, redelivered: 0, waiting: at < 1 ? 0 : 1 };
      const seqs = { deliveries: done, deliveredSeq: done, floorSeq: done };
      const look: Look = { at, pending, ...counts, ...seqs, cameIn: since, cameBack: backSince };
      const before = window.at(-1);
      window = extend(window, look);
      track = follow(track, window);
      course = goOn(course, nobodyListens(window) ? undefined : before, look);
      if (done > 0) said.push({ at, told: judge(window, track, course) });
      [since, backSince] = [0, 0];
    }
    const tick = TICK_MS / 1_000;
    const came = due[at / TICK_MS] ?? 0;
    queue.back += came;
    backSince += came;
    queue.first += perSecondIn * tick;
    since += came + perSecondIn * tick;
    if (at < startMs) continue;
    credit += perSecond * tick;
    const now = Math.min(Math.floor(credit / burst) * burst, queue.first + queue.back);
    credit -= now;
    const first = Math.min(now, queue.first);
    queue.first -= first;
    queue.back -= now - first;
    handled += now;
    const later = (at + TICK_MS + afterMs) / TICK_MS;
    due[later] = (due[later] ?? 0) + first * comesBack;
  }
  const end = said.at(-1)!.at + pollMs;
  return said.map(({ at, told }) => ({ told, took: (end - at) / 1_000 }));
}

/** The looks, but for the first `but` and those within the last three polls, whose length is all that counts there. */
function between(looks: ReturnType<typeof played>, but: number, pollMs = 2_000) {
  return looks.slice(but).filter(({ took }) => took > (3 * pollMs) / 1_000);
}

describe("the time to zero is within 30 % of what comes true", () => {
  const cases: [what: string, play: Play, but: number][] = [
    ["at an even rate", { waiting: 20_000, perSecond: 800 }, 1],
    ["in bursts", { waiting: 20_000, perSecond: 800, burst: 500 }, 2],
    ["after a slow start", { waiting: 20_000, perSecond: 800, startMs: 5_000 }, 2],
    ["when looked at four times a second", { waiting: 20_000, perSecond: 800, pollMs: 250 }, 4],
    ["while others place orders", { waiting: 20_000, perSecond: 800, perSecondIn: 300 }, 1],
    ["when a third comes back", { waiting: 20_000, perSecond: 800, comesBack: 1 / 3 }, 1],
    [
      "when all comes back, and nothing becomes less for long",
      { waiting: 20_000, perSecond: 800, comesBack: 1 },
      1,
    ],
    [
      "when all comes back after a while",
      { waiting: 20_000, perSecond: 500, comesBack: 1, afterMs: 1_500 },
      2,
    ],
    [
      "when all comes back late, once it does",
      { waiting: 20_000, perSecond: 1_000, comesBack: 1, afterMs: 8_000, share: 1 },
      9,
    ],
    [
      "when nothing comes back before all is handled, though it will",
      { waiting: 20_000, perSecond: 800, comesBack: 0.2, afterMs: 60_000, share: 0.2 },
      1,
    ],
    [
      "when half comes back while others place orders",
      { waiting: 20_000, perSecond: 800, comesBack: 0.5, perSecondIn: 200, burst: 100 },
      1,
    ],
  ];
  for (const [what, play, but] of cases) {
    it(what, () => {
      const looks = between(played(play), but, play.pollMs);
      expect(looks.length).toBeGreaterThan(4);
      for (const { told, took } of looks) {
        expect(told).toMatchObject({ status: "CATCHING UP", etaSeconds: expect.any(Number) });
        expect(told.etaSeconds! / took, `${told.etaSeconds} s told, ${took} s taken`).toBeGreaterThan(0.7);
        expect(told.etaSeconds! / took, `${told.etaSeconds} s told, ${took} s taken`).toBeLessThan(1.3);
      }
    });
  }
});

it("is told of what comes back in words", () => {
  const looks = played({ waiting: 20_000, perSecond: 800, comesBack: 1 });
  expect(looks[11]!.told.why).toMatch(
    /^19,920 events wait; 800 are handled per second, and lead to more; none will be left in about \d+ s$/,
  );
});

it("is told to nobody for whom more comes in, and back of it, than is handled", () => {
  const looks = played({ waiting: 20_000, perSecond: 800, perSecondIn: 500, comesBack: 1, forMs: 300_000 });
  for (const { told } of looks.slice(10)) expect(told).toMatchObject({ status: "SLOW", etaSeconds: null });
});
