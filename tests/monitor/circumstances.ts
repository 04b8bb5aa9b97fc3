// What an answer to "why is this order stuck?" rests on, as far as a test says nothing else.

import { adviceFor } from "../../apps/monitor/advice.ts";
import type { Expected } from "../../apps/monitor/expected.ts";
import type { ConsumerStand } from "../../apps/monitor/poll.ts";
import { type Circumstances, why } from "../../apps/monitor/why.ts";
import { loadConfig } from "../../shared/config.ts";
import type { WorkOfKey } from "../../shared/service/work.ts";
import { heard, NOW, ORDER, order } from "../pure/given.ts";
import { toldOf } from "./told.ts";

export const advice = adviceFor(loadConfig({}));
export const created = heard("order.created", order(), { source: "orders" });
export const LATER = NOW + 60_000;

/** Nothing is wrong with an order that was just placed, and nobody has anything to do for it. */
export const calm: Circumstances = {
  orderId: ORDER,
  now: LATER,
  isNatsThere: true,
  told: toldOf([created]),
  outlook: { expected: [], waiting: [] },
  consumers: [],
  work: new Map(),
  troubles: new Map(),
  parked: [],
};

/** The answer where all is calm but for what is given. */
export const tell = (change: Partial<Circumstances>) => why({ ...calm, ...change }, advice);

/** What a service is to do about the order. */
export function due(service: string, change: Partial<Expected> = {}): Expected {
  const on = { type: "order.created", seq: 1, id: created.id, at: NOW };
  const says = ["stock.reserved" as const];
  return { service, kind: "decides", what: null, on, says, by: null, otherwise: [], commands: [], ...change };
}

/** A consumer with nothing before it. */
export function stand(name: string, change: Partial<ConsumerStand> = {}): ConsumerStand {
  const counts = {
    pending: 0,
    ackPending: 0,
    redelivered: 0,
    waiting: 1,
    deliveries: 1,
    deliveredSeq: 1,
    floorSeq: 1,
    floorDelivery: 1,
  };
  const standing = { status: "OK", why: "nothing waits", lag: 0, perSecondIn: 0, perSecondOut: 0 } as const;
  return { name, ...standing, ...counts, etaSeconds: 0, oldest: null, lagSeconds: 0, ...change };
}

/** What a service says of an order that it has nothing to do with. */
export function workOf(change: Partial<WorkOfKey> = {}): WorkOfKey {
  const nothing = { handled: [], tries: [], unpublished: [], parked: [], isBusy: false };
  return { outbox: { depth: 0, oldestAt: null }, pausedUntil: null, pausedFor: null, ...nothing, ...change };
}

export const expecting = (...expected: Expected[]) => ({ expected, waiting: [] });
export const down = (name: string, lag = 1) => stand(name, { status: "NOBODY LISTENING", lag });
