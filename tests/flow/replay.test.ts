// A fault that the check finds is a file that a person reads, and that happens again when it is replayed.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { laws } from "../../apps/proof/laws.ts";
import { scenarios } from "../../apps/proof/scenarios.ts";
import { outside } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { loadConfig } from "../../shared/config.ts";
import { Checker } from "../../shared/flow/check/check.ts";
import { counterexampleFile, readCounterexample } from "../../shared/flow/check/counterexample.ts";
import { type Move, story } from "../../shared/flow/check/move.ts";
import { flow } from "./flow-command.ts";

const services = allServices(loadConfig({}));
const folder = mkdtempSync(join(tmpdir(), "quadrille-replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

const STUCK = "A is cancelled, and its stock is still reserved";

async function found(without: string) {
  const { code, out } = await flow("check", "--without", without);
  expect(code).toBe(1);
  const file = /Saved with a diagram as (\S+);/.exec(out)![1]!;
  return { out, file, text: readFileSync(file, "utf8") };
}

/** What becomes of a file with this text. */
async function replayed(text: string) {
  const file = join(folder, "counterexample.md");
  writeFileSync(file, text);
  return await flow("replay", file);
}

interface Totals {
  readonly states: number;
}

interface Answer {
  readonly status: string;
}

describe("a counterexample", { timeout: 60_000 }, () => {
  it("is told, saved, and happens again", async () => {
    const { out, file } = await found("inventory:order.cancelled");

    expect(out).toContain(
      `Fault: ${STUCK} ("a small order")\n   1  the warehouse puts 10 TEA on the shelf → stock.adjusted\n`,
    );
    const again = await flow("replay", file);
    expect(again).toMatchObject({ code: 1, err: "" });
    expect(again.out).toContain(`Fault: ${STUCK}`);
    const moves = (text: string) => text.match(/^ +\d+ {2}.+$/gm);
    expect(moves(again.out)).toEqual(moves(out));
  });

  it("is Markdown with the story and a sequence diagram", async () => {
    const { text } = await found("inventory:order.cancelled");

    expect(text).toMatch(new RegExp(`^# ${STUCK}\n`));
    expect(text).toContain("\n2. the customer places order A → order.created\n");
    const diagram = /```mermaid\n([^`]+)\n```/.exec(text)![1]!.split("\n");
    expect(diagram[0]).toBe("sequenceDiagram");
    expect(diagram).toContain("  actor p0 as the warehouse");
    expect(diagram).toContain("  participant p2 as inventory");
    for (const line of diagram.slice(1))
      expect(line).toMatch(
        /^ {2}((actor|participant) p\d+ as [\w ]+|p\d+(->>|-\)|-->>|--x)p\d+: [^;#]+|Note over p\d+(,p\d+)?: [^;#]+)$/,
      );
    expect(diagram.at(-1)).toContain(STUCK);
  });

  it("of a service that only listens begins with the stream", async () => {
    const { out, file } = await found("notifications:order.completed");

    expect(out).toMatch(
      /Fault: no mail tells of order\.completed of A \("a small order"\)\n {3}1 {2}the stream holds .*order\.completed of A/,
    );
    expect(await flow("replay", file)).toMatchObject({
      code: 1,
      out: expect.stringContaining("Fault: no mail tells of order.completed of A"),
    });
  });

  it("of a kit that lacks something happens again as well", async () => {
    const { file } = await found("commit-before-ack");

    expect((await flow("replay", file)).out).toContain("killed before it commits");
  });

  it("is over once the flow is mended: the replay says how far it still goes", async () => {
    const { text } = await found("inventory:order.cancelled");

    expect(await replayed(text.replace('"without": "inventory:order.cancelled",', ""))).toMatchObject({
      code: 0,
      out: expect.stringMatching(/nothing is broken by it|no longer happens/),
    });
  });

  it("of another fault than the one that is met says which is which", async () => {
    const { text } = await found("inventory:order.cancelled");

    expect(await replayed(text.replaceAll(STUCK, "A is late"))).toEqual({
      code: 3,
      err: "",
      out: expect.stringMatching(new RegExp(`Another fault: ${STUCK}\nThe one in the file: A is late\n$`)),
    });
  });

  it("of a scenario that begins otherwise now does not happen any more", async () => {
    const { text } = await found("inventory:order.cancelled");

    expect(await replayed(text.replaceAll("puts 10 TEA", "puts 9 TEA"))).toMatchObject({
      code: 0,
      out: expect.stringContaining(
        "What the scenario begins with now: the warehouse puts 10 TEA on the shelf → stock.adjusted",
      ),
    });
  });

  it("of a fact that nothing leads to explores the scenario again", async () => {
    const miser: typeof outside = {
      ...outside,
      respond: (...asked) =>
        outside.respond(...asked).filter(({ answer }) => (answer as Answer)?.status !== "authorized"),
    };
    const poor = new Checker({ scenarios, outside: miser, laws });
    const { fault } = await poor.check({ services }, ["a small order"]);
    const text = counterexampleFile("a small order", fault!);

    expect(fault!.broken).toBe("there is no way from here to order.completed");
    expect(text).toContain("\n2. the customer places order A → order.created\n");
    expect(await poor.replay({ services }, readCounterexample(text))).toMatchObject({
      broken: fault!.broken,
    });
    expect(await replayed(text)).toMatchObject({
      code: 0,
      out: expect.stringContaining("nothing is broken by it"),
    });
  });

  it("keeps whatever texts it has, two dashes included", async () => {
    const { text } = await found("inventory:order.cancelled");
    const broken = text.replace('"scenario": "', '"scenario": "a-\\u002d> ');

    expect(readCounterexample(broken).scenario).toMatch(/^a--> /);
  });
});

describe("a story", () => {
  it("tells what a service hears without a word with what it does next, and says what it hears again", () => {
    const hears = (id: string, more: object = {}) =>
      ({ service: "shop", hears: { id, source: "till" }, calls: [], says: [], ...more }) as unknown as Move;
    const moves = [
      hears("a"),
      hears("b"),
      hears("c", { calls: [{ method: "ask", answer: undefined }] }),
      hears("d"),
      { outside: "money" },
      hears("c", { says: ["order.completed"] }),
      hears("e"),
      { ...hears("a"), service: "till" } as Move,
      hears("a"),
    ];

    expect(story(moves)).toEqual([
      "shop hears a, b, c; ask: no answer",
      "late, and nobody hears of it: money",
      "shop hears d, c again → order.completed",
      "till hears a",
      "shop hears e, a again",
    ]);
  });
});

/** A counterexample of a service that only listens, as JSON. */
function listenerFile(service: string) {
  const listener = { service, stream: [], past: [] };
  return JSON.stringify({ scenario: "a small order", broken: "all", moves: [], listener });
}

describe("a replay", () => {
  it.each([
    [[], /^replay takes one file that check has saved\.\n$/],
    [["a.md", "b.md"], /^replay takes one file/],
    [["no-such-file.md"], /^no-such-file\.md can't be replayed: ENOENT.*\n$/],
    [["README.md"], /^README\.md can't be replayed: it has no counterexample at its end\.\n$/],
  ])("of %j is refused in one sentence", async (args, sentence) => {
    expect(await flow("replay", ...args)).toEqual({ code: 2, out: "", err: expect.stringMatching(sentence) });
  });

  it.each([
    ['{"scenario": "a small order"}', /lacks a scenario, moves, or what is broken/],
    ['{"scenario": "tea", "broken": "all", "moves": []}', /about a scenario that no longer exists: "tea"/],
    [
      '{"scenario": "a small order", "broken": "all", "moves": [], "without": "tea"}',
      /The flow has no part "tea"/,
    ],
    [listenerFile("postman"), /a service that does not exist, or does more than listen: "postman"/],
    [listenerFile("orders"), /a service that does not exist, or does more than listen: "orders"/],
    ["null", /lacks a scenario, moves, or what is broken/],
    ["{", /can't be replayed/],
  ])("of a file with %s is refused", async (json, sentence) => {
    const text = `<!-- counterexample\n${json}\n-->\n`;

    expect(await replayed(text)).toMatchObject({ code: 2, err: expect.stringMatching(sentence) });
  });
});

describe("check", () => {
  it.each([
    [["--without", "nobody:order.created"], /^The flow has no part "nobody:order\.created": .*\n$/],
    [["--without"], /^check takes --json, --without PART or --mutate: .*\n$/],
    [["--fast"], /^check takes --json, --without PART or --mutate: .*\n$/],
    [["--mutate", "--without", "inbox"], /^check takes --without or --mutate, not both\.\n$/],
  ])("refuses %j in one sentence", async (args, sentence) => {
    expect(await flow("check", ...args)).toEqual({ code: 2, out: "", err: expect.stringMatching(sentence) });
  });

  it("prints JSON with the verdict, the moves, the diagram and the file", { timeout: 60_000 }, async () => {
    const { code, out } = await flow("check", "--json", "--without", "orders:stock.rejected");

    const { proven, totals, scenarios, fault, counterexample } = JSON.parse(out);
    expect({ code, proven }).toEqual({ code: 1, proven: false });
    expect(totals.states).toBe(scenarios.reduce((sum: number, one: Totals) => sum + one.states, 0));
    expect(scenarios[0]).toMatchObject({
      name: "a small order",
      states: expect.any(Number),
      transitions: expect.any(Number),
      depth: expect.any(Number),
      ms: expect.any(Number),
    });
    expect(fault).toMatchObject({
      scenario: "an order of two goods, one of them short",
      broken: "A is stuck: it never ends",
      moves: expect.arrayContaining(["the customer places order A → order.created"]),
      mermaid: expect.stringMatching(/^sequenceDiagram\n/),
    });
    expect(readFileSync(counterexample, "utf8")).toContain("# A is stuck: it never ends");
  });
});
