// What the kit does for every service, as far as the check can do without it to see what comes of that.

import type { Surroundings } from "./around.ts";
import type { Successor } from "./setting.ts";

/** The kit's habits. All true in production; the check proves of each that the flow needs it. */
export interface Kit {
  /** What was heard before is not heard again. */
  readonly inbox: boolean;
  /** A fact is not published before what it follows from is committed. */
  readonly commitsBeforePublish: boolean;
  /** An event is not acknowledged before what follows from it is committed. */
  readonly commitsBeforeAck: boolean;
  /** Facts are kept until they are published: with the state, in one transaction. */
  readonly outbox: boolean;
}

/** The kit as it is. */
export const WHOLE_KIT: Kit = {
  inbox: true,
  commitsBeforePublish: true,
  commitsBeforeAck: true,
  outbox: true,
};

/**
 * What may happen in a state where the kit lacks a habit: beside what happens anyway, a service is killed at the one
 * moment that the habit is about.
 */
export function unkept<World>(
  kit: Kit,
  found: readonly Successor[],
  around: number,
  surroundings: Surroundings<World>,
): Successor[] {
  const { lost } = surroundings.at(around);
  const heard = found.filter((one) => !lost.includes(nameOf(one)));
  return [...heard, ...heard.flatMap((one) => killed(kit, one, around, surroundings))];
}

function killed<World>(
  kit: Kit,
  one: Successor,
  around: number,
  surroundings: Surroundings<World>,
): Successor[] {
  const { move, said } = one;
  if (!("hears" in move)) return [];
  const after = one.around < 0 ? around : one.around;
  const { stray, unsaid, lost } = surroundings.at(after);
  const news = said.filter((event) => !stray.includes(event) && !unsaid.includes(event));
  const found: Successor[] = [];
  if (!kit.commitsBeforePublish && news.length > 0) {
    const and = "published, and killed before it commits";
    const change = surroundings.change(after, { stray: [...stray, ...news].sort() });
    found.push({ ...one, move: { ...move, and }, how: "chance", to: -1, around: change });
  }
  if (!kit.outbox && news.length > 0) {
    const and = "committed, and killed before it publishes";
    const change = surroundings.change(after, { unsaid: [...unsaid, ...news].sort() });
    found.push({ ...one, move: { ...move, and }, how: "chance", around: change });
  }
  if (!kit.commitsBeforeAck) {
    const and = "acknowledged, and killed before it commits";
    const change = surroundings.change(after, { lost: [...lost, nameOf(one)].sort() });
    found.push({ ...one, move: { ...move, says: [], and }, how: "chance", to: -1, around: change, said: [] });
  }
  return found;
}

/** Which service hears what. */
function nameOf({ cell, move }: Successor): string {
  return "hears" in move ? `${cell} ${move.hears.id}` : "";
}
