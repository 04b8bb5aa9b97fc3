// `flow check` and `flow replay`: the proof of the flow, and faults that happen again.

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { laws } from "../../apps/proof/laws.ts";
import { scenarios } from "../../apps/proof/scenarios.ts";
import { outside, type World } from "../../apps/proof/world.ts";
import { allServices } from "../../apps/services.ts";
import { CannotRun } from "../cannot-run.ts";
import { loadConfig } from "../config.ts";
import { type Checked, Checker, exitCode, type Subject, totals } from "../flow/check/check.ts";
import { counterexampleFile, readCounterexample } from "../flow/check/counterexample.ts";
import type { Replayed } from "../flow/check/explore.ts";
import { diagram, story } from "../flow/check/move.ts";
import { mutants, type Tried, tryMutant } from "../flow/check/mutants.ts";
import { mutantLine, mutantSummary, numbered, scenarioLine, verdict } from "../flow/check/report.ts";
import { tableFaults } from "../flow/tables.ts";
import { emits } from "../service/define.ts";
import { options } from "./arguments.ts";
import type { Out } from "./command-line.ts";
import { projectRoot } from "./project.ts";

const proof = { scenarios, outside, laws };
const services = allServices(loadConfig({}));

/** Explores every way an order may go; 0 when all is proven, 1 with a fault, 2 when it could not run. */
export async function check(args: readonly string[], out: Out): Promise<number> {
  const { json, mutate, without } = options("check takes --json, --without PART or --mutate", args, {
    json: { type: "boolean", default: false },
    mutate: { type: "boolean", default: false },
    without: { type: "string" },
  });
  if (mutate && without !== undefined) throw new CannotRun("check takes --without or --mutate, not both.");
  try {
    const tables = without === undefined ? tableFaults(services) : [];
    // Whoever has forgotten a line in a table hears it at once, not after all that may happen without it.
    if (tables.length > 0) return report({ tables, scenarios: [] }, json, out, {});
    return mutate ? await checkMutants(json, out) : await checkOne(without, json, out);
  } catch (error) {
    if (error instanceof CannotRun) throw error;
    console.error(`The check could not run: ${(error as Error).stack}`);
    return 2;
  }
}

async function checkOne(without: string | undefined, json: boolean, out: Out): Promise<number> {
  const checker = new Checker(proof);
  const first = await explore(checker, subject(without), json ? () => {} : out);
  const checked = { ...first, fault: await checker.shortest(subject(without), first) };
  return report(checked, json, out, { without });
}

async function checkMutants(json: boolean, out: Out): Promise<number> {
  const progress = json ? () => {} : out;
  const checker = new Checker(proof);
  const proven = await explore(checker, { services }, progress);
  if (exitCode(proven) !== 0) return report(proven, json, out, { mutants: [] });
  progress(`\n${verdict(proven)}\n`);
  const tried: Tried[] = [];
  for (const mutant of mutants(services)) {
    tried.push(await tryMutant(checker, mutant, proven));
    progress(mutantLine(tried.at(-1)!));
  }
  out(json ? asJson(proven, { mutants: tried }) : `\n${mutantSummary(tried)}`);
  return tried.every(({ outcome }) => outcome === "caught") ? 0 : 1;
}

function explore(checker: Checker<World>, what: Subject, out: Out): Promise<Checked> {
  const width = Math.max(...scenarios.map(({ name }) => name.length));
  return checker.check(what, undefined, (scenario) => out(scenarioLine(scenario, width)));
}

/** Says what a check came to, saves the fault if there is one, and returns the exit code. */
function report(
  checked: Checked,
  json: boolean,
  out: Out,
  { without, mutants }: { without?: string | undefined; mutants?: readonly Tried[] },
): number {
  const file = saved(checked, without);
  if (json) out(asJson(checked, { file, mutants }));
  else {
    out(`\n${verdict(checked)}`);
    if (file) out(`\nSaved with a diagram as ${file}; npm run -s flow -- replay ${file} runs it again.`);
  }
  return exitCode(checked);
}

/** The flow without the part of this name. */
function subject(without: string | undefined): Subject {
  if (without === undefined) return { services };
  const found = mutants(services).find(({ id }) => id === without);
  if (!found)
    throw new CannotRun(
      `The flow has no part "${without}": flow -- check --mutate names all parts, flow -- table shows them.`,
    );
  return found;
}

/** Writes the fault to a file, if there is one, and returns its path as seen from where the command was called. */
function saved({ fault }: Checked, without?: string): string | undefined {
  if (!fault) return undefined;
  const name = [fault.scenario, without].filter(Boolean).join(" without ");
  const path = join(projectRoot, "counterexamples", `${name.replaceAll(/[^\w.]+/g, "-")}.md`);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, counterexampleFile(fault.scenario, fault, without));
  return relative(callerFolder(), path);
}

/** What a check came to, for programs; with `mutants`, what became of each. */
function asJson(
  checked: Checked,
  { file, mutants }: { file?: string | undefined; mutants?: readonly Tried[] | undefined },
): string {
  const answer = {
    proven: exitCode(checked) === 0,
    totals: totals(checked),
    ...checked,
    fault: inWords(checked.fault),
    counterexample: file,
    mutants: mutants?.map((one) => ({ ...one, fault: inWords(one.fault) })),
  };
  return JSON.stringify(answer, null, 2);
}

function inWords(fault: Tried["fault"]) {
  return (
    fault && {
      scenario: fault.scenario,
      broken: fault.broken,
      moves: story(fault.moves),
      mermaid: diagram(fault.moves, fault.broken),
    }
  );
}

/**
 * Lets a fault that was saved happen again: 1 if it does, 0 if it does not any more, 2 when the file can't be read, and 3
 * when another fault is met on the way.
 */
export async function replay(args: readonly string[], out: Out): Promise<number> {
  const [file, extra] = args;
  if (file === undefined || extra !== undefined)
    throw new CannotRun("replay takes one file that check has saved.");
  const example = read(file);
  if (!scenarios.some(({ name }) => name === example.scenario))
    throw new CannotRun(`${file} is about a scenario that no longer exists: "${example.scenario}".`);

  const what = subject(example.without);
  const listener = example.listener?.service;
  if (
    listener !== undefined &&
    !what.services.some((one) => one.name === listener && emits(one).length === 0)
  )
    throw new CannotRun(
      `${file} is about a service that does not exist, or does more than listen: "${listener}".`,
    );

  const { moves, ...ending } = await new Checker(proof).replay(what, example);
  out([...numbered(moves), ""].join("\n"));
  out(told(ending, example.broken));
  if (!ending.broken) return 0;
  return ending.broken === example.broken ? 1 : 3;
}

/** How a replay ended, in a sentence. */
function told({ broken, missing, begins }: Omit<Replayed, "moves">, expected: string): string {
  if (broken === expected) return `Fault: ${broken}`;
  if (broken) return `Another fault: ${broken}\nThe one in the file: ${expected}`;
  if (missing) return `It no longer happens. What can't follow: ${missing}`;
  if (begins) return `It no longer happens. What the scenario begins with now: ${begins}`;
  return "All of this can still happen, and nothing is broken by it.";
}

function read(file: string) {
  try {
    return readCounterexample(readFileSync(resolve(callerFolder(), file), "utf8"));
  } catch (error) {
    throw new CannotRun(`${file} can't be replayed: ${(error as Error).message}.`);
  }
}

/** Where npm was called. */
function callerFolder(): string {
  return process.env.INIT_CWD ?? process.cwd();
}
