// `explain`: what a rule forbids, and why; or all of them in short.

import { CannotRun } from "../cannot-run.ts";
import { type RuleKind, type RuleName, rules } from "./rules.ts";

const KINDS: Readonly<Record<RuleKind, string>> = {
  avro: "A valid Avro schema",
  compatibility: "A reader and a writer, by the Avro specification",
  house: "A reader and a writer, by this project",
  release: "The folder and the lock",
};

/** The text about one rule, or without a name the list of them. Throws `CannotRun` for a rule that there is not. */
export function explain(name: string | undefined): string {
  if (name === undefined) return list();
  if (!Object.hasOwn(rules, name)) {
    throw new CannotRun(`There is no rule "${name}". The rules are: ${Object.keys(rules).join(", ")}.`);
  }
  const { kind, what, why } = rules[name as RuleName];
  return `${name}  (${KINDS[kind]})\n  ${what}\n  ${why}`;
}

function list(): string {
  const names = Object.keys(rules) as RuleName[];
  const width = Math.max(...names.map(({ length }) => length));
  return Object.entries(KINDS)
    .map(([kind, title]) => {
      const lines = names
        .filter((name) => rules[name].kind === kind)
        .map((name) => `  ${name.padEnd(width)}  ${rules[name].what}`);
      return [title, ...lines].join("\n");
    })
    .join("\n\n");
}
