// What every service promises, whoever it is: the same suite for all of them. A new service gets it by being listed.

import { beforeEach, describe, expect, it, vi } from "vitest";
import { type Event, type FactType, UndecodableError } from "../../shared/contracts/events.ts";
import { openDatabase } from "../../shared/service/database.ts";
import type { AnyService } from "../../shared/service/define.ts";
import { type Flow, forOrder, ORDER, type Part, type Scenario, scenarios, stopTime } from "./flow.ts";
import { answerTo, dump, Machine } from "./machine.ts";
import { momentsOf } from "./moments.ts";
import { apart, isOvertaken, nameOf, playWhilePossible, reorderings } from "./reorder.ts";
import { BUGS, talkative } from "./spoiled.ts";

/** What holds of one service and one order, whatever came first: FLOW.md, as that service sees it. */
export type Law = (seen: Seen) => void;

export interface Seen {
  readonly machine: Machine;
  /** The types of the events it has taken, each once. */
  readonly heard: ReadonlySet<FactType>;
  /** The types of the facts it has said. */
  readonly said: readonly FactType[];
}

/** What is particular about a service. */
export interface Particulars {
  /**
   * Its answer may depend on what comes first when a cancellation overtakes an event; its law holds all the same. Any
   * other service says the same facts, asks the same of the outside and ends in the same state in every order.
   */
  readonly answersToWhatComesFirst?: boolean;
  readonly law?: Law;
}

/** Declares the contract of `service` as tests. It is watched in the `flow` first, then played alone. */
export function describeContract(service: AnyService, flow: Flow, of: Particulars = {}): void {
  const known = new Map<Scenario, Promise<Watched>>();

  /** The service's part in a scenario, and what comes of it when nothing disturbs it. */
  function watch(scenario: Scenario = scenarios[0]!): Promise<Watched> {
    const watched = known.get(scenario) ?? flow.partOf(service, scenario).then(playUndisturbed);
    known.set(scenario, watched);
    return watched;
  }

  async function playUndisturbed(part: Part): Promise<Watched> {
    const machine = new Machine(service);
    for (const step of part.steps) await machine.play(step);
    const expected = resultOf(machine);
    expectSound(machine);
    expectLawful(machine);
    machine.close();
    return { ...part, expected };
  }

  function expectSound(machine: Machine): void {
    expect(machine.deliveries.filter(({ end }) => end !== "acked")).toEqual([]);
    expect(machine.earlyAcks).toEqual([]);
    expect(machine.outside.misuses).toEqual([]);
    expect(machine.broker.stored).toEqual(machine.outbox);
    // What is published again is the same to the byte.
    for (const row of machine.broker.given) expect(machine.outbox).toContainEqual(row);
  }

  function expectLawful(machine: Machine): void {
    const heard = new Set([...machine.acked].map(({ type }) => type));
    of.law?.({ machine, heard, said: machine.facts.map(({ type }) => type) });
  }

  beforeEach(stopTime);

  describe.each(scenarios)("in $name", (scenario) => {
    it("says the same as it does among the others, under the same ids", async () => {
      const { story, expected } = await watch(scenario);

      expect(expected.facts).toEqual(story.filter(({ source }) => source === service.name));
    });

    it("does nothing more when everything comes twice, together or one after the other", async () => {
      const { steps, expected } = await watch(scenario);
      for (const together of [true, false]) {
        const machine = new Machine(service);
        for (const step of steps) {
          if (together && "event" in step) await machine.take(step.event, step.event);
          else for (const again of [step, step]) await machine.play(again);
        }

        expect(resultOf(machine)).toEqual(expected);
        expectSound(machine);
        machine.close();
      }
    });

    it("does nothing more when everything comes again at the end, before or after a restart", async () => {
      const { steps, expected } = await watch(scenario);
      const machine = new Machine(service);
      for (const step of [...steps, ...steps]) await machine.play(step);

      expect(resultOf(machine)).toEqual(expected);
      await machine.restart();
      for (const step of steps.toReversed()) await machine.play(step);

      expect(resultOf(machine)).toEqual(expected);
      expectSound(machine);
      machine.close();
    });

    it.each(momentsOf(service))(
      "loses and doubles nothing when it is killed at every step, $name",
      async ({ prepare, wait }) => {
        const { steps, expected } = await watch(scenario);
        const machine = new Machine(service, { onDisk: true });
        for (const step of steps) {
          prepare(machine);
          await machine.play(step);
          await wait?.();
          await machine.crash();
          await machine.redeliver();
          if ("command" in step) {
            expect(await machine.command(step.command)).toEqual({
              outcome: "done",
              answer: answerTo(step.command),
            });
          }
        }

        expect(resultOf(machine)).toEqual(expected);
        expectSound(machine);
        machine.close();
      },
    );

    it("comes to the same end, or to a lawful one, in every order of deliveries that can be", async () => {
      const { steps, dependsOn, expected } = await watch(scenario);
      const { first, rest } = apart(steps);
      let played = 0;
      for (const reordered of reorderings(rest)) {
        for (const together of [false, true]) {
          const machine = new Machine(service);
          for (const step of first) await machine.play(step);
          if (await playWhilePossible(machine, reordered, { dependsOn, together })) {
            played++;
            const order = reordered.map(nameOf).join(", ");
            expect(
              machine.deliveries.flatMap(({ cause }) => cause ?? []),
              order,
            ).toEqual([]);
            expectSound(machine);
            expectLawful(machine);
            if (!(of.answersToWhatComesFirst && isOvertaken(reordered, rest))) {
              expect(withoutIds(resultOf(machine)), order).toEqual(withoutIds(expected));
            }
          }
          machine.close();
        }
      }
      expect(played).toBeGreaterThan(0);
    });

    it("can have its tables made anew from what it heard and said, whatever of it comes first", async () => {
      const { story, expected } = await watch(scenario);
      const said = story.filter(({ source }) => source === service.name);
      const heard = story.filter(({ source }) => source !== service.name);

      for (const told of [story, [...said, ...heard.toReversed()], [...heard.toReversed(), ...said]]) {
        const db = openDatabase(":memory:");
        db.exec(service.tables);
        const store = service.store(db);
        for (const event of told) store.record(event);

        expect(dump(db)).toEqual(expected.state);
        db.close();
      }
    });
  });

  it("parks what can't be read, with the cause, and goes on", async () => {
    const { steps, expected } = await watch();
    const machine = new Machine(service);
    const cause = new UndecodableError("not Avro");

    for (const step of steps) {
      expect(await machine.take(cause)).toMatchObject([{ end: "parked", cause: cause.message }]);
      await machine.play(step);
    }

    expect(resultOf(machine)).toEqual(expected);
    machine.close();
  });

  it.each(BUGS)(
    "parks an order's events while there is a bug in $name, handles other orders, and the rest in order when it is mended and an operator says so",
    async ({ plant }) => {
      const { steps, expected } = await watch();
      const { first, events } = apart(steps);
      const bad = events.map((event) => forOrder(event, OTHER));
      const machine = new Machine(service);
      for (const step of first) for (const each of [step, forOrder(step, OTHER)]) await machine.play(each);
      const before = factsOf(machine, OTHER);
      await machine.restart(plant(service, OTHER));

      for (const [index, event] of events.entries()) {
        expect(await machine.take(bad[index]!, event)).toMatchObject([
          { end: "parked", cause: expect.any(String) },
          { end: "acked" },
        ]);
      }
      expect(factsOf(machine, ORDER)).toEqual(expected.facts.filter(({ key }) => key === ORDER));
      expect(factsOf(machine, OTHER)).toEqual(before);

      await machine.restart();
      for (const event of bad) expect(await machine.take(event)).toMatchObject([{ end: "parked" }]);
      expect(machine.shelf.held).toEqual(bad.map(({ id }) => id));
      await machine.tell("redrive", bad[0]!);
      expect(machine.shelf.held).toEqual([]);
      expect(factsOf(machine, OTHER)).toHaveLength(factsOf(machine, ORDER).length);
      expect(machine.broker.stored).toEqual(machine.outbox);
      machine.close();
    },
  );

  it.each([
    { takes: "all it is given", most: Number.POSITIVE_INFINITY },
    { takes: "one fact at a time", most: 1 },
  ])(
    "acks nothing while the broker refuses its facts, and says them in order when it is back and takes $takes",
    async ({ most }) => {
      const { steps, dependsOn, expected } = await watch();
      const machine = new Machine(service);
      machine.broker.most = most;
      let unacked = 0;
      const recover = async () => {
        unacked += machine.deliveries.filter(({ end }) => !end).length;
        machine.broker.mood = "works";
        await vi.advanceTimersByTimeAsync(LONGEST_PAUSE_MS);
        await machine.take();
        expectSound(machine);
      };

      machine.broker.mood = "refuses";
      for (const step of steps) {
        if (!dependsOn(step).every((type) => machine.broker.stored.some((row) => row.type === type))) {
          await recover();
          machine.broker.mood = "refuses";
        }
        for (const each of [step, forOrder(step, OTHER)]) await machine.play(each);
      }
      await recover();

      expect(factsOf(machine, ORDER)).toEqual(expected.facts.filter(({ key }) => key === ORDER));
      expect(factsOf(machine, OTHER)).toHaveLength(factsOf(machine, ORDER).length);
      if (expected.facts.some(isAnswer)) expect(unacked).toBeGreaterThan(0);
      machine.close();
    },
  );

  it("can't say on an event what its table does not declare, and stores nothing of the attempt", async () => {
    const { steps } = await watch();
    for (const [index, step] of steps.entries()) {
      if (!("event" in step)) continue;
      const machine = new Machine(service);
      for (const earlier of steps.slice(0, index)) await machine.play(earlier);
      const { facts, state } = resultOf(machine);
      await machine.restart(talkative(service));

      expect(await machine.take(step.event)).toMatchObject([{ end: "parked", cause: UNDECLARED }]);
      expect(resultOf(machine)).toMatchObject({ facts, state });
      machine.close();
    }
  });

  it("can't say on a command what its table does not declare, and stores nothing of the attempt", async () => {
    const { steps } = await watch();
    const machine = new Machine(talkative(service));
    const before = resultOf(machine);
    for (const step of steps) {
      if (!("command" in step)) continue;
      expect(await machine.command(step.command)).toMatchObject({ message: UNDECLARED });
    }

    expect(resultOf(machine)).toEqual(before);
    machine.close();
  });

  if (service.deadlines.length > 0) {
    it("can't say at a deadline what its table does not declare, and carries it out when that is mended", async () => {
      const scenario = scenarios.find(({ later }) => later && "clock" in later);
      const { steps, expected } = await watch(scenario);
      const passing = steps.findIndex((step) => "clock" in step);
      const machine = new Machine(service);
      for (const step of steps.slice(0, passing)) await machine.play(step);
      const before = resultOf(machine);
      await machine.restart(talkative(service));

      await machine.play(steps[passing]!);
      expect(resultOf(machine)).toEqual(before);

      await machine.restart();
      for (const step of steps.slice(passing)) await machine.play(step);
      expect(resultOf(machine)).toEqual(expected);
      machine.close();
    });
  }

  it("can't take an event that its table does not name, and stores nothing of the attempt", async () => {
    const { events } = apart((await watch()).steps);
    for (const event of events) {
      const machine = new Machine({ ...service, reactions: [] });
      const before = resultOf(machine);

      const cause = `${service.name} does not react to ${event.type}`;
      expect(await machine.take(event)).toMatchObject([{ end: "parked", cause }]);
      expect(resultOf(machine)).toEqual(before);
      machine.close();
    }
  });
}

const OTHER = ORDER.replace(/1$/, "2");
const LONGEST_PAUSE_MS = 5_000;
const UNDECLARED = /^\w+ may not say [\w.-]+ here: its table does not declare it$/;

type Watched = Part & { readonly expected: Result };

interface Result {
  readonly facts: Event[];
  readonly state: Record<string, unknown[]>;
  readonly effects: string[];
}

function resultOf({ facts, state, outside }: Machine): Result {
  return { facts, state, effects: outside.effects.toSorted() };
}

/** An id follows from the cause; when events change places, another of them may be the cause. */
function withoutIds({ facts, ...rest }: Result) {
  const said = facts.map(({ type, data }) => ({ type, data }));
  return { ...rest, facts: said.toSorted((a, b) => (a.type < b.type ? -1 : 1)) };
}

function factsOf({ facts }: Machine, orderId: string): Event[] {
  return facts.filter(({ key }) => key === orderId);
}

/** Whether a fact was said on an event: the ids of commands and deadlines have a space in them. */
function isAnswer({ causationId }: Event): boolean {
  return !causationId.includes(" ");
}
