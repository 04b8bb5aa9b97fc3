// The flow check proves the flow as it is, and misses each part that is taken away.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { laws } from "../../apps/proof/laws.ts";
import { scenarios } from "../../apps/proof/scenarios.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import type { Event } from "../../shared/contracts/events.ts";
import { Cell } from "../../shared/flow/check/cell.ts";
import { type CheckedScenario, Checker, exitCode } from "../../shared/flow/check/check.ts";
import { Exploration, MOST_STATES } from "../../shared/flow/check/explore.ts";
import { mutants, type Tried, tryMutant } from "../../shared/flow/check/mutants.ts";
import { Numbers } from "../../shared/flow/check/numbers.ts";
import { mutantLine, mutantSummary, verdict } from "../../shared/flow/check/report.ts";
import type { Scenario } from "../../shared/flow/check/scenario.ts";
import { emits } from "../../shared/service/define.ts";
import { projectRoot } from "../../shared/stack/project.ts";
import { flow } from "./flow-command.ts";

const services = allServices(loadConfig({}));
const checker = new Checker({ scenarios, outside, laws });

describe("the flow check", () => {
  it("proves that every order ends well, and finds what each part of the flow is there for", {
    timeout: 900_000,
  }, async () => {
    const { code, out } = await flow("check", "--mutate", "--json");

    const answer = JSON.parse(out);
    const survivors = answer.mutants.filter(({ outcome }: Tried) => outcome !== "caught");
    expect({ code, survivors }).toEqual({ code: 0, survivors: [] });
    const most = Math.max(...answer.scenarios.map(({ states }: CheckedScenario) => states));
    expect(most).toBeLessThan(MOST_STATES / 4);
    expect(answer).toMatchObject({
      proven: true,
      totals: { states: expect.any(Number), transitions: expect.any(Number), seconds: expect.any(Number) },
      scenarios: { length: scenarios.length },
      mutants: { length: mutants(services).length },
    });
  });

  it("takes away every reaction, guard and deadline, and each habit of the kit", () => {
    const ids = mutants(services).map(({ id }) => id);

    expect(new Set(ids).size).toBe(ids.length);
    const reactions = services.flatMap(({ name, reactions }) =>
      reactions.flatMap(({ on }) => on.map((type) => `${name}:${type}`)),
    );
    expect(ids).toEqual(
      expect.arrayContaining([
        ...reactions,
        "shipping:order.created:isOpen",
        "payments:order.created:giveUp",
        "risk:review-deadline",
        "inbox",
        "outbox",
        "commit-before-publish",
        "commit-before-ack",
      ]),
    );
  });

  it.each(["a small order", "an order of two goods, one of them short", "a large order that nobody reviews"])(
    "comes to the same ends of %s, whether facts are in the stream at once or some time later",
    async (name) => {
      const scenario = scenarios.find((one) => one.name === name)!;
      const [atOnce, later] = [await endsOf(scenario), await endsOf({ ...scenario, kills: true })];

      expect(later.streams).toEqual(atOnce.streams);
      expect(later.states).toBeGreaterThan(atOnce.states);
    },
  );
});

describe("a check that is cut off", () => {
  const few = scenarios.slice(0, 2);
  const proof = { scenarios: few, outside, laws };

  it("proves nothing, and says so", async () => {
    const { states } = (await checker.check({ services }, [few[0]!.name])).scenarios[0]!;
    const cutOff = await new Checker(proof, 100).check({ services });

    expect(exitCode(cutOff)).toBe(2);
    expect(cutOff.scenarios).toMatchObject([{ name: few[0]!.name, incomplete: true }]);
    expect(verdict(cutOff)).toBe(`Not proven: "${few[0]!.name}" has too many states.`);
    expect(readFileSync(join(projectRoot, "docs/choreography.md"), "utf8")).toContain(
      `more than ${MOST_STATES.toLocaleString("en")} states`,
    );
    expect(exitCode(await new Checker(proof, states).check({ services }, [few[0]!.name]))).toBe(0);
  });

  it("counts no mutant as caught, and none as a survivor", async () => {
    const proven = await new Checker(proof).check({ services });
    const same = { id: "tea", services };
    const few = await tryMutant(new Checker(proof, 100), same, proven);
    const all = await tryMutant(new Checker(proof), same, proven);
    const stuck = await tryMutant(new Checker(proof), mutants(services)[0]!, proven);

    expect([few, all]).toMatchObject([{ outcome: "not explored" }, { outcome: "survives" }]);
    expect(mutantLine(few)).toBe("NOT EXPLORED  tea");
    expect(mutantLine(stuck)).toMatch(
      /^caught {8}orders:payment\.captured: A is stuck.* \(a .* order, \d+ moves\)$/,
    );
    expect(mutantSummary([stuck, stuck])).toBe("All 2 mutants are caught.");
    expect(mutantSummary([few, all, stuck])).toBe(
      "1 of 3 mutants survive: nothing shows what tea is there for.\n" +
        "1 of 3 mutants have too many states to be explored: tea.",
    );
  });
});

describe("a fault", () => {
  it("is told by a shortest story of all scenarios, whichever comes first", async () => {
    const names = ["a large order that is reviewed", "a small order", "a trial order"];
    const some = names.map((name) => scenarios.find((one) => one.name === name)!);
    const stuck = mutants(services).find(({ id }) => id === "orders:payment.declined")!;
    const lengths = await Promise.all(
      names.map(async (name) => (await checker.check(stuck, [name])).fault!.moves.length),
    );

    const few = new Checker({ scenarios: some, outside, laws });
    const first = await few.check(stuck);
    const best = await few.shortest(stuck, first);

    expect(first.fault).toMatchObject({ scenario: names[0], moves: { length: lengths[0] } });
    expect(best!.moves.length).toBe(Math.min(...lengths));
    expect(best!.moves.length).toBeLessThan(lengths[0]!);
  });
});

/** The streams that a scenario may end with. */
async function endsOf(scenario: Scenario) {
  const events = new Numbers<Event>();
  const speaking = services.filter((service) => emits(service).length > 0);
  const cells = speaking.map((service) => new Cell(service, { events, ids: new Map(), own: laws.own }));
  const exploration = new Exploration(cells, { scenario, outside, laws, events });
  const { streams, states, fault } = await exploration.run();
  expect(fault).toBeUndefined();
  const texts = streams.map((stream) => stream.map((event) => JSON.stringify(events.values[event])).sort());
  return { states, streams: texts.sort() };
}
