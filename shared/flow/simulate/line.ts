// A service's line to the simulated broker, on which publishing goes wrong in every way in which it can.

import type { OutboxRow } from "../../service/engine.ts";
import { SENT_TOGETHER } from "../../service/lost.ts";
import type { Broker } from "./broker.ts";
import type { Setting } from "./setting.ts";

/** As the link to NATS has it: who hears nothing stops waiting, and does not know. */
const TIMEOUT_MS = 5_000;
const LATE_MS = [TIMEOUT_MS, 4 * TIMEOUT_MS] as const;

/** What becomes of the rows, and what their sender hears of it. */
interface Fate {
  /** What the simulation counts it as, if it is a fault. */
  readonly name?: string;
  readonly stored: readonly OutboxRow[];
  readonly inMs: number;
  /** How many rows from the first are known to be stored; none is an error. */
  readonly known: number;
  /** Whether the answer comes at once, and not when the sender stops waiting. */
  readonly isQuick: boolean;
}

/**
 * Publishes outbox rows for a life of a service; see `Publish`. What is on its way when the life ends may arrive or not;
 * nobody hears the answer.
 */
export function publish(
  rows: readonly OutboxRow[],
  again: string | undefined,
  service: string,
  isAlive: () => boolean,
  broker: Broker,
  setting: Setting,
): Promise<number> {
  const { scheduler, chance, trace } = setting;
  if (!broker.isUp) return Promise.reject(new Error("NATS is not reachable"));
  const { name, stored, inMs, known, isQuick } = fateOf(rows, setting);
  if (name) trace.count(name);
  const { falls } = broker;
  return new Promise((resolve, reject) => {
    const answer = (count: number) => {
      if (!isAlive()) return;
      if (count > 0) resolve(count);
      else reject(new Error(isQuick ? "no responders" : "no answer from NATS"));
    };
    let arrives = false;
    scheduler.errand(inMs, () => {
      arrives = broker.isUp && broker.falls === falls && (isAlive() || chance.is(0.5));
      if (arrives) for (const row of stored) broker.store(row, service, again);
    });
    const timeOut = (count: number) => scheduler.errand(TIMEOUT_MS, () => answer(count));
    if (isQuick) scheduler.errand(inMs + chance.between(0, 2), () => (arrives ? answer(known) : timeOut(0)));
    else timeOut(known);
  });
}

/** Looks into the stream for a life of a service; see `Lookout`. */
export function newestLike(
  row: OutboxRow,
  isAlive: () => boolean,
  broker: Broker,
  { scheduler, chance }: Setting,
): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    scheduler.errand(chance.between(1, 3), () => {
      if (!isAlive()) return;
      if (broker.isUp) resolve(broker.newestLike(row));
      else reject(new Error("NATS is not reachable"));
    });
  });
}

function fateOf(rows: readonly OutboxRow[], { chance, faults }: Setting): Fate {
  const none = { inMs: 1, known: 0, isQuick: false };
  if (chance.is(faults.refusedPublish))
    return { ...none, name: "refused publishes", stored: [], isQuick: true };
  if (chance.is(faults.partialPublish)) {
    const sent = SENT_TOGETHER * chance.between(0, Math.floor((rows.length - 1) / SENT_TOGETHER));
    const mayBe = rows.slice(sent, sent + SENT_TOGETHER).filter(() => chance.is(0.5));
    const stored = [...rows.slice(0, sent), ...mayBe];
    const missing = rows.findIndex((row) => !stored.includes(row));
    return { ...none, name: "partial publishes", stored, known: missing < 0 ? rows.length : missing };
  }
  if (chance.is(faults.unansweredPublish)) return { ...none, name: "unanswered publishes", stored: rows };
  if (chance.is(faults.latePublish))
    return { ...none, name: "late publishes", stored: rows, inMs: chance.spread(...LATE_MS) };
  return { ...none, stored: rows, known: rows.length, isQuick: true };
}
