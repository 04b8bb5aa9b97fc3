// Reads messages of the flow as steps of a story: facts, operators' words, and what nobody can read.

import {
  type FactType,
  parseSubject,
  UndecodableError,
  UnknownSchemaError,
} from "../../shared/contracts/events.ts";
import { readEvent } from "../../shared/nats/headers.ts";
import type { NatsObserver, Stored } from "../../shared/nats/observer.ts";
import { sayable } from "../../shared/nats/parking.ts";
import { NatsSchemaBucket } from "../../shared/nats/schemas.ts";
import { wishes } from "../../shared/nats/topology.ts";
import type { Log } from "../../shared/observability/log.ts";
import { learnKept } from "../../shared/service/unknown-schemas.ts";
import type { OperatorsWish, Told } from "./timeline.ts";

/** So often the bucket is asked for the schemas of one event. */
const ASK_AGAIN_AFTER_MS = 10_000;

/** Reads messages; schemas that this build does not know are looked for in the bucket. */
export class Reader {
  readonly #observer: NatsObserver;
  readonly #log: Log;
  readonly #asked = new Map<FactType, number>();

  constructor(observer: NatsObserver, log: Log) {
    this.#observer = observer;
    this.#log = log;
  }

  /** All that the flow says of a key. */
  async about(key: string): Promise<Told[]> {
    const messages = await this.#observer.about(key);
    const told: Told[] = [];
    for (const message of messages) told.push(await this.#read(message));
    return told;
  }

  async #read(message: Stored): Promise<Told> {
    const { seq, subject, time, header: headers, data } = message;
    const told = { seq, at: time.getTime(), subject, payload: data };
    const wish = wishIn(message);
    if (wish) return { ...told, event: undefined, wish };
    try {
      return { ...told, event: readEvent({ subject, headers, data }) };
    } catch (error) {
      if (error instanceof UnknownSchemaError && (await this.#learn(error.type as FactType)))
        return this.#read(message);
      if (!(error instanceof UndecodableError)) throw error;
      return { ...told, event: undefined, fault: error.message };
    }
  }

  /** Learns what the bucket has of an event; says whether it was asked. */
  async #learn(type: FactType): Promise<boolean> {
    const now = performance.now();
    const before = this.#asked.get(type);
    if (before !== undefined && now - before < ASK_AGAIN_AFTER_MS) return false;
    this.#asked.set(type, now);
    await learnKept([type], new NatsSchemaBucket(this.#observer.connection), this.#log);
    return true;
  }
}

/** What an operator has said in it; undefined where it is none of their words. */
function wishIn({ subject, header, data }: Stored): OperatorsWish | undefined {
  const [said = "", service = ""] = subject.split(".");
  if (parseSubject(subject) || !Object.hasOwn(wishes, said)) return undefined;
  const headers = sayable({ subject, headers: header, data });
  return {
    said: said as OperatorsWish["said"],
    service,
    by: headers.get("Quadrille-By") || "unknown",
    eventId: headers.get("Quadrille-Event") || undefined,
    reason: headers.get("Quadrille-Reason") || undefined,
  };
}
