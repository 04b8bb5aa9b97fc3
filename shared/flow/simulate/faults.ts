// What goes wrong in a simulation, and how often.

import type { Chance } from "./chance.ts";

/** Chances from 0 to 1, for each occasion that there is; and how often, on average, something happens by itself. */
export interface Faults {
  /** A delivery takes up to seconds, and others overtake it. */
  readonly lateDelivery: number;
  /** A delivery comes again while it is worked on. */
  readonly repeatedDelivery: number;
  /** The broker never hears of an ack or a nak. */
  readonly lostAck: number;
  /** The broker stores nothing, and says so. */
  readonly refusedPublish: number;
  /** The broker stores some of the facts: any of those that were sent together, and all before them. */
  readonly partialPublish: number;
  /** The broker stores the facts, and nobody hears of it. */
  readonly unansweredPublish: number;
  /** The broker stores the facts after whoever sent them has stopped waiting. */
  readonly latePublish: number;
  /** The broker comes back without the end of its store. */
  readonly lostStore: number;
  /** The database can't store a fact, or can't commit. */
  readonly failedWrite: number;
  /** A call to the outside fails before it has an effect. */
  readonly lostCall: number;
  /** A call takes effect after its caller has stopped waiting. */
  readonly lateCall: number;
  /** A call takes effect, and the answer is lost. */
  readonly lostAnswer: number;
  /** A call takes effect, and the answer comes after its caller has stopped waiting. */
  readonly slowAnswer: number;
  /** A person hears of no answer and asks again, under the same idempotency key. */
  readonly repeatedCommand: number;
  /** Milliseconds between two kills of a service, no matter which; 0 for never. The others are of that kind. */
  readonly killEvery: number;
  /** A service is stopped in good order. */
  readonly stopEvery: number;
  /** The broker is down for a while. */
  readonly brokerDownEvery: number;
  /** What one service calls outside is out of order for a while. */
  readonly outageEvery: number;
  /** A clock jumps forward: one service's, or everybody's. */
  readonly jumpEvery: number;
}

/** How much goes wrong. */
export type Level = "none" | "light" | "heavy";

const heavy: Faults = {
  lateDelivery: 0.05,
  repeatedDelivery: 0.01,
  lostAck: 0.01,
  refusedPublish: 0.03,
  partialPublish: 0.03,
  unansweredPublish: 0.02,
  latePublish: 0.01,
  lostStore: 0.5,
  failedWrite: 0.001,
  lostCall: 0.05,
  lateCall: 0.02,
  lostAnswer: 0.05,
  slowAnswer: 0.01,
  repeatedCommand: 0.05,
  killEvery: 1_000,
  stopEvery: 5_000,
  brokerDownEvery: 15_000,
  outageEvery: 10_000,
  jumpEvery: 15_000,
};

const LIGHTER = 10;

/** No faults at all. */
export const noFaults = scaled(() => 0);

/**
 * The faults of one run. At `light` and `heavy` each run leaves a few kinds of them out and has more of others: what
 * one kind hides another run shows (swarm testing, Groce and others, 2012).
 */
export function faultsAt(level: Level, chance: Chance): Faults {
  if (level === "none") return noFaults;
  const lighter = level === "light" ? LIGHTER : 1;
  return scaled((rate) => {
    const factor = chance.is(0.25) ? 0 : chance.spread(50, 200) / 100 / lighter;
    if (rate < 1) return rate * factor;
    return factor === 0 ? 0 : rate / factor;
  });
}

function scaled(by: (rate: number) => number): Faults {
  return Object.fromEntries(
    Object.entries(heavy).map(([kind, rate]) => [kind, by(rate)]),
  ) as unknown as Faults;
}
