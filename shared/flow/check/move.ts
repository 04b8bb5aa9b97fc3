// One thing that happens in a check, as a sentence and as lines of a sequence diagram.

import type { Event, FactType } from "../../contracts/events.ts";

/** What happens, as data; it is put into words only when a story is told. */
export type Move =
  | { readonly person: string; readonly does: string; readonly service: string; readonly says: Says }
  | {
      readonly service: string;
      readonly hears: Event;
      /** What the outside did meanwhile, call by call. */
      readonly calls: readonly Call[];
      readonly says: Says;
      /** What else is to be said about it: that it gave up, or was killed. */
      readonly and?: string;
    }
  | { readonly service: string; readonly strikes: string; readonly key: string; readonly says: Says }
  | { readonly service: string; readonly publishes: Event }
  | { readonly service: string; readonly killed: true }
  | { readonly outside: string }
  | { readonly stream: readonly Event[] };

export interface Call {
  readonly method: string;
  /** Undefined where no answer was heard. */
  readonly answer: string | undefined;
}

type Says = readonly FactType[];

/** The move as a sentence. */
export function sentence(move: Move): string {
  if ("stream" in move) return `the stream holds ${move.stream.map(({ id }) => id).join(", ")}`;
  if ("outside" in move) return `late, and nobody hears of it: ${move.outside}`;
  const { service } = move;
  if ("publishes" in move) return `${move.publishes.id} reaches the stream`;
  if ("killed" in move) return `${service} is killed, and starts again`;
  const said = move.says.length > 0 ? ` → ${move.says.join(", ")}` : "";
  if ("person" in move) return `${move.person} ${move.does}${said}`;
  if ("strikes" in move) return `${service}: the ${move.strikes} of ${move.key} strikes${said}`;
  const calls = move.calls.map(({ method, answer }) => answer ?? `${method}: no answer`);
  const parts = [`${service} hears ${move.hears.id}`, ...calls].join("; ");
  return `${parts}${said}${move.and ? `, ${move.and}` : ""}`;
}

/**
 * The moves as a person would tell them: what is heard a second time is heard again, and what a service hears in a row
 * without a word is one line.
 */
export function story(moves: readonly Move[]): string[] {
  const heard = new Set<string>();
  const lines: string[] = [];
  let quiet: string | undefined;
  for (const move of moves) {
    if (!("hears" in move)) {
      lines.push(sentence(move));
      quiet = undefined;
      continue;
    }
    const { service, hears, calls, says, and } = move;
    const name = `${service} hears ${hears.id}`;
    const isSilent = calls.length === 0 && says.length === 0 && !and;
    if (isSilent && quiet === service && !heard.has(name)) lines.push(`${lines.pop()}, ${hears.id}`);
    else lines.push(sentence(move).replace(name, heard.has(name) ? `${name} again` : name));
    heard.add(name);
    quiet = isSilent ? service : undefined;
  }
  return lines;
}

/** The moves as a Mermaid sequence diagram; it ends with what is broken. */
export function diagram(moves: readonly Move[], broken?: string): string {
  const people = new Set(moves.flatMap((move) => ("person" in move ? [move.person] : [])));
  const services = new Set(
    moves.flatMap((move) => [
      ...("hears" in move ? [move.hears.source] : []),
      ...("service" in move ? [move.service] : []),
    ]),
  );
  const hasOutside = moves.some((move) => "outside" in move || ("calls" in move && move.calls.length > 0));
  const names = [...people, ...services, ...(hasOutside ? ["the outside"] : [])];
  const id = (name: string) => `p${names.indexOf(name)}`;
  const over = names.length > 1 ? `p0,p${names.length - 1}` : "p0";
  return [
    "sequenceDiagram",
    ...[...people].map((name) => `actor ${id(name)} as ${label(name)}`),
    ...names.slice(people.size).map((name) => `participant ${id(name)} as ${label(name)}`),
    ...moves.flatMap((move) => arrows(move, id)),
    ...(broken ? [`Note over ${over}: ${label(broken)}`] : []),
  ]
    .map((line, index) => (index === 0 ? line : `  ${line}`))
    .join("\n");
}

function arrows(move: Move, id: (name: string) => string): string[] {
  const note = (name: string, text: string) => `Note over ${id(name)}: ${label(text)}`;
  if ("stream" in move) return [];
  if ("outside" in move) return [note("the outside", sentence(move))];
  const { service } = move;
  if ("publishes" in move || "killed" in move) return [note(service, sentence(move))];
  const says = move.says.map((type) => note(service, `says ${type}`));
  if ("person" in move) return [`${id(move.person)}->>${id(service)}: ${label(move.does)}`, ...says];
  if ("strikes" in move) return [note(service, `the ${move.strikes} of ${move.key} strikes`), ...says];
  const { hears, calls, and } = move;
  return [
    `${id(hears.source)}-)${id(service)}: ${label(hears.id)}`,
    ...calls.flatMap(({ method, answer }) => [
      `${id(service)}->>${id("the outside")}: ${label(method)}`,
      answer === undefined
        ? `${id("the outside")}--x${id(service)}: no answer`
        : `${id("the outside")}-->>${id(service)}: ${label(answer)}`,
    ]),
    ...says,
    ...(and ? [note(service, and)] : []),
  ];
}

/** Without what has a meaning of its own in Mermaid. */
function label(text: string): string {
  return text.replaceAll(/[;#]/g, ",");
}
