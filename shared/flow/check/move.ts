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
  return told(move, "hears" in move ? [move.hears.id] : []);
}

/** The move as a sentence, in which all these are heard. */
function told(move: Move, hears: readonly string[]): string {
  if ("stream" in move) return `the stream holds ${move.stream.map(({ id }) => id).join(", ")}`;
  if ("outside" in move) return `late, and nobody hears of it: ${move.outside}`;
  const { service } = move;
  if ("publishes" in move) return `${move.publishes.id} reaches the stream`;
  if ("killed" in move) return `${service} is killed, and starts again`;
  const said = move.says.length > 0 ? ` → ${move.says.join(", ")}` : "";
  if ("person" in move) return `${move.person} ${move.does}${said}`;
  if ("strikes" in move) return `${service}: the ${move.strikes} of ${move.key} strikes${said}`;
  const calls = move.calls.map(({ method, answer }) => answer ?? `${method}: no answer`);
  const parts = [`${service} hears ${hears.join(", ")}`, ...calls].join("; ");
  return `${parts}${said}${move.and ? `, ${move.and}` : ""}`;
}

/**
 * The moves as a person would tell them. What a service hears and says nothing about is told together with what it does
 * next, since nobody could tell the difference; what it hears a second time, it hears again.
 */
export function story(moves: readonly Move[]): string[] {
  const heard = new Set<string>();
  const quiet = new Map<string, { readonly move: Move; readonly ids: string[] }>();
  const lines: string[] = [];
  for (const move of moves) {
    if (!("service" in move)) {
      lines.push(sentence(move));
      continue;
    }
    const { service } = move;
    const before = quiet.get(service);
    quiet.delete(service);
    if (!("hears" in move)) {
      if (before) lines.push(told(before.move, before.ids));
      lines.push(sentence(move));
      continue;
    }
    const { id } = move.hears;
    const name = `${service} hears ${id}`;
    const ids = [...(before?.ids ?? []), heard.has(name) ? `${id} again` : id];
    heard.add(name);
    const isSilent = move.calls.length === 0 && move.says.length === 0 && !move.and;
    if (isSilent) quiet.set(service, { move, ids });
    else lines.push(told(move, ids));
  }
  return [...lines, ...[...quiet.values()].map(({ move, ids }) => told(move, ids))];
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
