// A service's line to the simulated broker, on which publishing goes wrong in every way in which it can.

import type { OutboxRow } from "../../service/engine.ts";
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
  service: string,
  isAlive: () => boolean,
  broker: Broker,
  setting: Setting,
): Promise<number> {
  const { scheduler, chance, trace } = setting;
  if (!broker.isUp) return Promise.reject(new Error("NATS is not reachable"));
  const { name, stored, inMs, known, isQuick } = fateOf(rows, setting);
  if (name) trace.count(name);
  return new Promise((resolve, reject) => {
    const answer = (count: number) => {
      if (!isAlive()) return;
      if (count > 0) resolve(count);
      else reject(new Error(isQuick ? "no responders" : "no answer from NATS"));
    };
    let arrives = false;
    scheduler.errand(inMs, () => {
      arrives = broker.isUp && (isAlive() || chance.is(0.5));
      if (arrives) for (const row of stored) broker.store(row, service);
    });
    const timeOut = (count: number) => scheduler.errand(TIMEOUT_MS, () => answer(count));
    if (isQuick) scheduler.errand(inMs + chance.between(0, 2), () => (arrives ? answer(known) : timeOut(0)));
    else timeOut(known);
  });
}

function fateOf(rows: readonly OutboxRow[], { chance, faults }: Setting): Fate {
  const none = { inMs: 1, known: 0, isQuick: false };
  if (chance.is(faults.refusedPublish))
    return { ...none, name: "refused publishes", stored: [], isQuick: true };
  if (chance.is(faults.partialPublish)) {
    const stored = rows.filter(() => chance.is(0.5));
    const missing = rows.findIndex((row) => !stored.includes(row));
    return { ...none, name: "partial publishes", stored, known: missing < 0 ? rows.length : missing };
  }
  if (chance.is(faults.unansweredPublish)) return { ...none, name: "unanswered publishes", stored: rows };
  if (chance.is(faults.latePublish))
    return { ...none, name: "late publishes", stored: rows, inMs: chance.spread(...LATE_MS) };
  return { ...none, stored: rows, known: rows.length, isQuick: true };
}
