// A fault as a file: Markdown that a person reads, with a sequence diagram, and with what it takes to let it happen again.

import type { Event, FactType } from "../../contracts/events.ts";
import type { Fault } from "./explore.ts";
import { diagram, sentence, story } from "./move.ts";
import type { Listener } from "./setting.ts";

/** What it takes to let a fault happen again. */
export interface Counterexample {
  readonly scenario: string;
  /** What the flow lacked, as `check --without` takes it. */
  readonly without?: string | undefined;
  readonly broken: string;
  readonly moves: readonly string[];
  readonly listener?: Listener | undefined;
  readonly unreachable?: FactType | undefined;
}

const OPENING = "<!-- counterexample\n";
const CLOSING = "\n-->";

/** The file's text. */
export function counterexampleFile(scenario: string, fault: Fault, without?: string) {
  const { broken, moves } = fault;
  const example: Counterexample = { scenario, without, ...fault, moves: moves.map(sentence) };
  // In a comment "--" must not be: JSON may as well write the second one as an escape.
  const json = JSON.stringify(example, null, 2).replaceAll("--", "-\\u002d");
  return [
    `# ${broken}`,
    "",
    `Found in the scenario "${scenario}"${without ? `, without ${without}` : ""}:`,
    "",
    ...story(moves).map((line, index) => `${index + 1}. ${line}`),
    "",
    "```mermaid",
    diagram(moves, broken),
    "```",
    "",
    `${OPENING}${json}${CLOSING}`,
    "",
  ].join("\n");
}

/** Reads such a file. Throws, with a sentence, when it is none. */
export function readCounterexample(text: string): Counterexample {
  const from = text.lastIndexOf(OPENING);
  const to = text.indexOf(CLOSING, from);
  if (from < 0 || to < 0) throw new SyntaxError("it has no counterexample at its end");
  const example = (JSON.parse(text.slice(from + OPENING.length, to)) ?? {}) as Partial<Counterexample>;
  const { scenario, without, broken, moves, listener, unreachable } = example;
  const isText = (value: unknown) => typeof value === "string";
  const isTextIfAny = (value: unknown) => value === undefined || isText(value);
  if (!isText(scenario) || !isText(broken) || !Array.isArray(moves) || !moves.every(isText))
    throw new SyntaxError("its counterexample lacks a scenario, moves, or what is broken");
  const isEvent = (one?: Partial<Event>) =>
    isText(one?.id) &&
    isText(one?.type) &&
    isText(one?.key) &&
    isText(one?.source) &&
    Object(one?.data) === one?.data;
  const isHeard = (events: unknown) => Array.isArray(events) && events.every(isEvent);
  if (
    ![without, unreachable].every(isTextIfAny) ||
    (listener && !(isText(listener.service) && isHeard(listener.stream) && isHeard(listener.past)))
  )
    throw new SyntaxError("its counterexample has a stream, or something left out, that can't be read");
  return example as Counterexample;
}
