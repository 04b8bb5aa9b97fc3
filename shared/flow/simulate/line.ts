// A service's line to the simulated broker, on which publishing goes wrong in every way in which it can.

import type { OutboxRow } from "../../service/engine.ts";
import type { Broker } from "./broker.ts";
import type { Setting } from "./setting.ts";

/** As the link to NATS has it: who hears nothing stops waiting, and does not know. */
const TIMEOUT_MS = 5_000;
const LATE_MS = [TIMEOUT_MS, 4 * TIMEOUT_MS] as const;

/** What becomes of the rows, and what their sender hears: how many from the first are stored, or an error. */
interface Fate {
  readonly name: string;
  readonly stored: readonly OutboxRow[];
  readonly inMs: number;
  readonly answer: number | Error;
  readonly answerInMs: number;
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
  const fate = fateOf(rows, setting);
  if (fate.name) trace.count(fate.name);
  return new Promise((resolve, reject) => {
    let { answer, answerInMs } = fate;
    scheduler.errand(fate.inMs, () => {
      if (broker.isUp && (isAlive() || chance.is(0.5))) {
        for (const row of fate.stored) broker.store(row, service);
      } else {
        answer = timedOut();
        answerInMs = TIMEOUT_MS;
      }
    });
    const tell = () => {
      if (answerInMs > fate.answerInMs) {
        scheduler.errand(answerInMs - fate.answerInMs, tell);
        answerInMs = fate.answerInMs;
      } else if (!isAlive()) return;
      else if (typeof answer === "number") resolve(answer);
      else reject(answer);
    };
    scheduler.errand(answerInMs, tell);
  });
}

function fateOf(rows: readonly OutboxRow[], { chance, faults }: Setting): Fate {
  const inMs = 1;
  const answerInMs = inMs + chance.between(0, 2);
  if (chance.is(faults.refusedPublish)) {
    const answer = new Error("no responders");
    return { name: "refused publishes", stored: [], inMs, answer, answerInMs };
  }
  if (chance.is(faults.partialPublish)) {
    const stored = rows.filter(() => chance.is(0.5));
    const missing = rows.findIndex((row) => !stored.includes(row));
    const answer = missing === 0 ? timedOut() : missing === -1 ? rows.length : missing;
    return { name: "partial publishes", stored, inMs, answer, answerInMs: TIMEOUT_MS };
  }
  if (chance.is(faults.unansweredPublish))
    return { name: "unanswered publishes", stored: rows, inMs, answer: timedOut(), answerInMs: TIMEOUT_MS };
  if (chance.is(faults.latePublish)) {
    const late = { stored: rows, inMs: chance.spread(...LATE_MS) };
    return { name: "late publishes", ...late, answer: timedOut(), answerInMs: TIMEOUT_MS };
  }
  return { name: "", stored: rows, inMs, answer: rows.length, answerInMs };
}

function timedOut(): Error {
  return new Error("no answer from NATS");
}
