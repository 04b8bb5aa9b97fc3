// The reaction table: what it does not declare can't be said, what its guards do not let through is not decided.

import { describe, expect, it } from "vitest";
import { type Event, type Fact, fact } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import {
  command,
  consumes,
  deadline,
  defineService,
  emits,
  isObserver,
  observe,
  perform,
  type Reaction,
  when,
} from "../../shared/service/define.ts";
import { Engine } from "../../shared/service/engine.ts";
import { heard, NOW } from "../pure/given.ts";

const completed = (orderId: string) => fact("order.completed", { orderId });
const waived = (orderId: string) => fact("shipment.waived", { orderId });
const captured = (orderId: string, id = `${orderId}.paid`) =>
  heard("payment.captured", { orderId, reference: "r", amountCents: 1, currency: "EUR" }, { id });

describe("the compiler", () => {
  // Nothing here is run: what counts is that each marked line does not compile, and that the others do.
  const declared = () => [
    when({
      on: "payment.captured",
      decide: (_: undefined, { key }) => [completed(key)],
      emits: ["order.completed"],
    }),
    perform({
      on: "payment.captured",
      request: (_: undefined, { key }) => key,
      call: async (_: unknown, key) => key,
      decide: (_, { key }) => [completed(key)],
      giveUp: { afterMs: 1, decide: (_, { key }) => [waived(key)] },
      emits: ["order.completed", "shipment.waived"],
    }),
    deadline({
      name: "d",
      open: () => [],
      load: () => undefined,
      decide: (_: undefined, key) => [completed(key)],
      emits: ["order.completed"],
    }),
    command({
      name: "c",
      load: () => undefined,
      decide: (_: undefined, key: string) => (key ? [completed(key)] : { refused: "no" }),
      emits: ["order.completed"],
    }),
  ];

  const undeclared = () => [
    when({
      on: "payment.captured",
      // @ts-expect-error: it says what it does not declare.
      decide: (_: undefined, { key }) => [waived(key)],
      emits: ["order.completed"],
    }),
    when({
      on: "payment.captured",
      // @ts-expect-error: one of the two is not declared.
      decide: (_: undefined, { key }) => [completed(key), waived(key)],
      emits: ["order.completed"],
    }),
    perform({
      on: "payment.captured",
      request: (_: undefined, { key }) => key,
      call: async (_: unknown, key) => key,
      // @ts-expect-error: it says what it does not declare.
      decide: (_, { key }) => [waived(key)],
      emits: ["order.completed"],
    }),
    perform({
      on: "payment.captured",
      request: (_: undefined, { key }) => key,
      call: async (_: unknown, key) => key,
      // @ts-expect-error: without a list of facts it may say none.
      decide: (_, { key }) => [waived(key)],
    }),
    perform({
      on: "payment.captured",
      request: (_: undefined, { key }) => key,
      call: async (_: unknown, key) => key,
      decide: (_, { key }) => [completed(key)],
      // @ts-expect-error: it says what it does not declare when it gives up.
      giveUp: { afterMs: 1, decide: (_, { key }) => [waived(key)] },
      emits: ["order.completed"],
    }),
    deadline({
      name: "d",
      open: () => [],
      load: () => undefined,
      // @ts-expect-error: it says what it does not declare.
      decide: (_: undefined, key) => [waived(key)],
      emits: ["order.completed"],
    }),
    command({
      name: "c",
      load: () => undefined,
      // @ts-expect-error: it says what it does not declare.
      decide: (_: undefined, key: string) => [waived(key)],
      emits: ["order.completed"],
    }),
  ];

  const mismatched = () => [
    when({
      on: "payment.captured",
      // @ts-expect-error: what is decided on is another fact.
      decide: (_: undefined, { data }: Event<"order.created">) => [completed(data.orderId)],
      emits: ["order.completed"],
    }),
    when({
      on: "payment.captured",
      // @ts-expect-error: the guard asks of a state that the decision does not have.
      if: [({ isPaid }: { isPaid: boolean }) => isPaid],
      // @ts-expect-error: and so the two do not go together.
      decide: (_: { isPlaced: boolean }, { key }) => [completed(key)],
      emits: ["order.completed"],
    }),
    when({
      on: "payment.captured",
      decide: (_, { key }) => [completed(key)],
      // @ts-expect-error: there is no such fact.
      emits: ["order.complete"],
    }),
  ];

  it("lets pass what is declared, and nothing else: see the lines above", () => {
    expect([declared, undeclared, mismatched].every((table) => typeof table === "function")).toBe(true);
  });
});

describe("what gets past the compiler", () => {
  const says = (...said: Fact[]): Reaction<unknown, unknown> => ({
    on: ["payment.captured"],
    if: [],
    emits: ["order.completed"],
    decide: () => said,
  });

  it("is refused when it is said, with nothing stored", () => {
    const { engine, hear } = bench(says(completed("a"), waived("a")));

    expect(() => hear(captured("a"))).toThrow(
      "bench may not say shipment.waived here: its table does not declare it",
    );
    expect(engine.outboxAfter(0)).toEqual([]);
    expect(engine.lastRow).toBe(0);
  });

  it("is refused when it is said instead of an answer", () => {
    const { engine } = bench({
      ...says(completed("a")),
      request: () => "please",
      call: async () => "fine",
      giveUp: { afterMs: 1, decide: () => [waived("a")] },
    });

    expect(() =>
      engine.transaction(() => engine.handle(captured("a"), { gaveUp: true }).outcome === "reacted"),
    ).toThrow("bench may not say shipment.waived here");
    expect(engine.outboxAfter(0)).toEqual([]);
  });
});

describe("guards", () => {
  it("let the decision be made only when all of them hold, on what is known then", () => {
    for (const [first, second] of [
      [false, false],
      [true, false],
      [false, true],
      [true, true],
    ]) {
      const decisions: unknown[] = [];
      const { hear } = bench({
        on: ["payment.captured"],
        if: [() => first!, () => second!],
        emits: ["order.completed"],
        decide: (_, { key }) => {
          decisions.push(key);
          return [completed(key)];
        },
      });

      expect(hear(captured("a"))).toBe(first && second ? "reacted" : "ignored");
      expect(decisions).toEqual(first && second ? ["a"] : []);
    }
  });

  it("keep nobody from being asked about again: the event is noted, and a duplicate from then on", () => {
    const { engine, hear, noted } = bench({
      on: ["payment.captured"],
      if: [() => false],
      emits: ["order.completed"],
      decide: (_, { key }) => [completed(key)],
    });

    expect([hear(captured("a")), hear(captured("a"))]).toEqual(["ignored", "duplicate"]);
    expect(noted).toEqual(["payment.captured a"]);
    expect(engine.outboxAfter(0)).toEqual([]);
  });

  it("see what the event itself has changed", () => {
    const seen: unknown[] = [];
    const { hear } = bench({
      on: ["payment.captured"],
      if: [(state) => seen.push(state) > 0],
      emits: ["order.completed"],
      decide: (_, { key }) => [completed(key)],
    });

    expect(hear(captured("a"))).toBe("reacted");
    expect(seen).toEqual([["payment.captured a"]]);
  });

  it("are asked before the outside is, and not again when its answer is there", () => {
    let asked = 0;
    const reaction: Reaction<unknown, unknown> = {
      on: ["payment.captured"],
      if: [() => ++asked === 1],
      emits: ["order.completed"],
      request: () => "please",
      call: async () => "fine",
      decide: (_, { key }) => [completed(key)],
    };
    const { engine, hear } = bench(reaction);

    expect(hear(captured("a"))).toBe("asks");
    engine.transaction(() => {
      expect(engine.handle(captured("a"), { outcome: "fine" })).toEqual({ outcome: "reacted" });
      return true;
    });
    expect(asked).toBe(1);
    expect(hear(captured("b"))).toBe("ignored");
  });
});

describe("a reaction that may answer so many times", () => {
  const twice: Reaction<unknown, unknown> = {
    on: ["payment.captured", "payment.declined"],
    if: [],
    emits: ["order.completed"],
    atMost: 2,
    decide: (_, { key, type }) => (type === "payment.captured" ? [completed(key)] : []),
  };

  it("answers as often for each order, and refuses the next", () => {
    const { engine, hear } = bench(twice);

    for (const key of ["a", "b"]) {
      expect([hear(captured(key, `${key}1`)), hear(captured(key, `${key}2`))]).toEqual([
        "reacted",
        "reacted",
      ]);
      expect(() => hear(captured(key, `${key}3`))).toThrow(
        "bench has reacted to payment.captured or payment.declined 2 times already",
      );
    }
    expect(engine.outboxAfter(0)).toHaveLength(4);
  });

  it("counts neither silence, nor what comes again, nor what was refused", () => {
    const { hear } = bench(twice);
    const declined = heard("payment.declined", { orderId: "a", reason: "test" });

    for (let n = 0; n < 3; n++) expect(hear({ ...declined, id: `a${n}` })).toBe("ignored");
    for (let n = 0; n < 3; n++) hear(captured("a", "a first"));
    expect(hear(captured("a", "a second"))).toBe("reacted");
    for (let n = 0; n < 3; n++) expect(() => hear(captured("a", "a third"))).toThrow("2 times already");
  });

  it("remembers it after a restart", () => {
    const db = openDatabase(":memory:");
    for (const id of ["one", "two"]) expect(bench(twice, db).hear(captured("a", id))).toBe("reacted");

    expect(() => bench(twice, db).hear(captured("a", "three"))).toThrow("2 times already");
  });
});

describe("a table", () => {
  const empty = { tables: "", store: () => ({ load: () => undefined, record: () => {} }) };

  it("has one row for each fact", () => {
    const row = when({
      on: ["payment.captured", "payment.declined"],
      decide: () => [],
      emits: [],
    });
    const both = { ...empty, name: "both", reactions: [row, observe("payment.declined")] };

    expect(() => defineService(both)).toThrow("both reacts to payment.declined in two rows of its table");
  });

  it("puts no call off for longer than a rebuild waits for what was put off", () => {
    const patient = (upToMs: number) => () => {
      const retry = { upToMs };
      const row = perform({ on: "order.created", request: () => 1, call: async () => {}, retry });
      return defineService({ ...empty, name: "patient", reactions: [row] });
    };

    expect(patient(60_000)).not.toThrow();
    for (const upToMs of [60_001, Number.POSITIVE_INFINITY, Number.NaN]) {
      expect(patient(upToMs)).toThrow(
        `patient may wait ${upToMs} ms to repeat its call on order.created: retry.upToMs must be 60000 at most`,
      );
    }
  });

  it("says what a service hears, and all that it may say: on facts, on commands and at deadlines", () => {
    const service = defineService({
      ...empty,
      name: "all",
      reactions: [
        when({
          on: "payment.captured",
          decide: (_: undefined, { key }) => [completed(key)],
          emits: ["order.completed"],
        }),
        observe("risk.cleared"),
      ],
      commands: [
        command({
          name: "c",
          load: () => undefined,
          decide: (_: undefined, key: string) => [waived(key)],
          emits: ["shipment.waived"],
        }),
      ],
      deadlines: [
        deadline({
          name: "d",
          open: () => [],
          load: () => undefined,
          decide: (_: undefined, orderId) => [fact("shipment.withdrawn", { orderId, reason: null })],
          emits: ["shipment.withdrawn"],
        }),
      ],
    });

    expect(consumes(service)).toEqual(["payment.captured", "risk.cleared"]);
    expect(emits(service)).toEqual(["order.completed", "shipment.waived", "shipment.withdrawn"]);
    expect(isObserver(service)).toBe(false);
    expect(isObserver(defineService({ ...empty, name: "o", reactions: [observe("risk.cleared")] }))).toBe(
      true,
    );
  });
});

/** An engine with one reaction over an empty database, and what its store took note of. */
function bench(reaction: Reaction<unknown, unknown>, db = openDatabase(":memory:")) {
  const noted: string[] = [];
  const service = defineService({
    name: "bench",
    reactions: [reaction],
    tables: "",
    store: () => ({
      load: () => [...noted],
      record({ type, key, source }: Event) {
        if (source !== "bench") noted.push(`${type} ${key}`);
      },
    }),
  });
  const engine = new Engine(service, db, () => NOW);
  const hear = (event: Event): string => {
    let outcome = "";
    engine.transaction(() => {
      ({ outcome } = engine.handle(event));
      return true;
    });
    return outcome;
  };
  return { engine, hear, noted };
}
