// The reaction tables of all services as one table, for people and for programs.

import type { FactType } from "../contracts/events.ts";
import { type AnyService, emits } from "../service/define.ts";
import { duration, words } from "./words.ts";

/** One row: what starts it, what must hold, what is done and what may be said. */
export interface Row {
  readonly service: string;
  readonly kind: "command" | "reaction" | "deadline";
  /** Any of these facts, or the name of the command or the deadline. */
  readonly on: readonly string[];
  /** All of these must hold, in words. */
  readonly if: readonly string[];
  /** `performs` asks the outside world first; `takes note` has no effect but on what the service knows. */
  readonly does: "performs" | "decides" | "takes note";
  /** The name of what is performed or decided, in words; undefined when it has none. */
  readonly what?: string;
  readonly says: readonly FactType[];
  /** How long a call is repeated before the service gives it up, in milliseconds. */
  readonly giveUpAfterMs?: number;
  /** The most times that it answers for one key. */
  readonly atMost?: number;
}

/** All rows of these services, in the services' order: commands, reactions, deadlines. */
export function flowTable(services: readonly AnyService[]): Row[] {
  return services.flatMap((service) => [
    ...service.commands.map((command) => decided(service, "command", command)),
    ...service.reactions.map((reaction) => reacting(service, reaction)),
    ...service.deadlines.map((deadline) => decided(service, "deadline", deadline)),
  ]);
}

/** The table as Markdown. A service that hears every fact has a short row. */
export function markdownTable(services: readonly AnyService[]): string {
  const said = new Set(services.flatMap(emits));
  const rows = flowTable(services).map((row) => [
    row.service,
    occasion(row, said),
    row.if.join(" and "),
    row.what ? `${row.does}: ${row.what}` : row.does,
    row.says.map((type) => `\`${type}\``).join(", "),
    limits(row).join(", "),
  ]);
  const header = ["service", "on", "if", "does", "says", "deadlines"];
  return [header, header.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
}

/** The name of what a reaction asks or decides; undefined when it was written in place. */
export function nameOf({ request, decide }: AnyService["reactions"][number]): string | undefined {
  return named(request) ?? named(decide);
}

function reacting({ name: service }: AnyService, reaction: AnyService["reactions"][number]): Row {
  const { on, call, decide, emits, giveUp, atMost } = reaction;
  const what = nameOf(reaction);
  return {
    service,
    kind: "reaction",
    on,
    if: reaction.if.map((guard) => words(guard.name) || "(a condition without a name)"),
    does: call ? "performs" : decide ? "decides" : "takes note",
    ...(what && { what }),
    says: emits,
    ...(giveUp && { giveUpAfterMs: giveUp.afterMs }),
    ...(atMost !== undefined && { atMost }),
  };
}

type Decided = AnyService["commands"][number] | AnyService["deadlines"][number];

function decided({ name: service }: AnyService, kind: "command" | "deadline", row: Decided): Row {
  const what = named(row.decide);
  return { service, kind, on: [row.name], if: [], does: "decides", ...(what && { what }), says: row.emits };
}

function named(part: { name: string } | undefined): string | undefined {
  return part && !["", "request", "decide"].includes(part.name) ? words(part.name) : undefined;
}

function occasion({ kind, on }: Row, said: ReadonlySet<string>): string {
  if (kind !== "reaction") return on[0]!.endsWith(kind) ? on[0]! : `${kind} ${on[0]}`;
  const everything = on.length > 1 && [...said].every((type) => on.includes(type));
  return everything ? "every fact" : on.map((type) => `\`${type}\``).join(" or ");
}

function limits({ giveUpAfterMs, atMost }: Row): string[] {
  return [
    ...(giveUpAfterMs === undefined ? [] : [`give up after ${duration(giveUpAfterMs)}`]),
    ...(atMost === undefined ? [] : [`at most ${atMost} for one key`]),
  ];
}
