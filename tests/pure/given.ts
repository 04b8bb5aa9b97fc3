// What the pure tests are made of: events with made-up identities, and a desk where a service hears them one by one.

import fc from "fast-check";
import {
  decode,
  type Event,
  type Fact,
  type FactType,
  fact,
  keyOf,
  type NewFacts,
  type OrderCreated,
} from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import type { Command, Refusal, Service, Store } from "../../shared/service/define.ts";
import { Engine } from "../../shared/service/engine.ts";

// The same examples in every run: whoever looks for more changes the seed or the number of runs here.
fc.configureGlobal({ seed: 20_260_105 });

export const NOW = Date.UTC(2026, 0, 5, 9);
export const ORDER = "0190c0de-0000-7000-8000-000000000001";

/** An event that somebody said about what its data names: an order, or a SKU. */
export function heard<T extends FactType>(
  type: T,
  data: NewFacts[T],
  attributes: Partial<Event> = {},
): Event<T> {
  const said = fact(type, data) as Fact;
  const key = keyOf(said);
  const identity = {
    id: `${key}.${type}`,
    source: "test",
    key,
    time: NOW,
    causationId: "test",
    correlationId: key,
  };
  return { ...identity, ...said, ...attributes } as Event<T>;
}

/** Two teas and a pot to York: 24.00 EUR. */
export function order(changes: Partial<OrderCreated> = {}): OrderCreated {
  return {
    orderId: ORDER,
    customerId: "c-42",
    email: "ada@example.com",
    plan: "STANDARD",
    shippingPriority: "STANDARD",
    currency: "EUR",
    shipTo: { name: "Ada L.", line1: "1 Mill Lane", city: "York", postcode: "YO1 7HB", country: "GB" },
    lines: [
      { sku: "TEA", quantity: 2, unitPriceCents: 450 },
      { sku: "POT", quantity: 1, unitPriceCents: 1500 },
    ],
    totalCents: 2400,
    paymentToken: "tok_approve",
    ...changes,
  };
}

/** The answer of an outside world that never gives one, when the service has had all its time to wait for it. */
export const NO_ANSWER = Symbol("no answer");

/** A service with its real decisions and tables, which hears one event at a time. */
export interface Desk<ServiceStore> {
  readonly store: ServiceStore;
  /** What the service says on hearing the event. Throws what it throws, with nothing changed. */
  hear(event: Event): Fact[];
  /** What the service says when it is asked, or why it refuses. */
  ask<State, Input>(command: Command<ServiceStore, State, Input>, input: Input): Fact[] | Refusal;
  /** What the service says when its deadlines until `time` strike. */
  wait(time: number): Fact[];
  close(): void;
}

/**
 * Opens a desk over an empty database; `answer` is the outside world's answer to what the service asks of it, or
 * {@link NO_ANSWER}: then the service gives up, or says that it can't.
 */
export function desk<State, Port, ServiceStore extends Store<State>>(
  service: Service<State, Port, ServiceStore>,
  answer: (request: never) => unknown = () => undefined,
): Desk<ServiceStore> {
  const db = openDatabase(":memory:");
  const engine = new Engine<ServiceStore>(service, db, () => NOW);
  let commands = 0;

  const transact = (work: () => Refusal | undefined): Fact[] | Refusal => {
    const before = engine.lastRow;
    let refusal: Refusal | undefined;
    engine.transaction(() => {
      refusal = work();
      return true;
    });
    return refusal ?? engine.outboxAfter(before).map(({ type, payload }) => decode(type, payload));
  };

  return {
    store: engine.store,
    hear: (event) =>
      transact(() => {
        const verdict = engine.handle(event);
        if (verdict.outcome !== "asks") return undefined;
        const outcome = answer(verdict.request as never);
        const ended = engine.handle(event, outcome === NO_ANSWER ? { gaveUp: true } : { outcome });
        if (ended.outcome === "asks") throw new Error("the call has to go on until it is answered");
        return undefined;
      }) as Fact[],
    ask: (command, input) =>
      transact(() => {
        const decided = engine.execute(command, input, {
          id: `${command.name} ${++commands}`,
          correlationId: ORDER,
        });
        return "refused" in decided ? decided : undefined;
      }),
    wait: (time) =>
      transact(() => {
        const fail = (error: Error) => {
          throw error;
        };
        engine.expire(time, () => false, fail);
        return undefined;
      }) as Fact[],
    close: () => db.close(),
  };
}
