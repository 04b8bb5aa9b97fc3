// How a scenario begins: with what happened long ago, and with what happens first.

import type { Event } from "../../contracts/events.ts";
import { START } from "./cell.ts";
import type { Move } from "./move.ts";
import type { Act } from "./scenario.ts";
import type { Listener, Setting } from "./setting.ts";
import type { Successors } from "./successors.ts";

/** The state that a scenario begins in, and how it comes to that. */
export interface Beginning {
  readonly row: Int32Array;
  readonly moves: readonly Move[];
  /** What was in the stream before: numbers of events. */
  readonly past: readonly number[];
  /** The service that is explored and what it hears, where it only listens. */
  readonly listener?: Listener | undefined;
  /** The law that the last of the moves breaks. */
  readonly broken?: string | undefined;
}

/** The most moves until what happened long ago has come to rest. */
const MOST_BEFORE = 1_000;

/** Lets the scenario begin, up to a broken law. Rejects when it needs a service that there is not. */
export async function begin<World>(
  next: Successors<World>,
  { scenario, events, given }: Setting<World>,
): Promise<Beginning> {
  const row = new Int32Array(next.width);
  const eventsOf = (numbers: readonly number[]) => numbers.map((number) => events.values[number]!);
  if (given) {
    const [stream, past] = [eventsOf(given.stream), eventsOf(given.past)];
    const listener = { service: next.cells[0]!.service.name, stream, past };
    const { moves, broken } = await comeToRest(next, row, scenario.name, past);
    return { row, moves: [{ stream }, ...moves], past: given.past, listener, broken };
  }
  const moves: Move[] = [];
  const carryOut = (acts: readonly Act[]) => {
    for (const act of acts) {
      const step = next.act(row, act, START);
      next.apply(row, step, row);
      moves.push(step.move);
      if (step.broken) return step.broken;
    }
    return undefined;
  };
  let broken = carryOut(scenario.before ?? []);
  if (scenario.before && !broken) {
    const rest = await comeToRest(next, row, scenario.name);
    moves.push(...rest.moves);
    broken = rest.broken;
  }
  const past = next.stream(row);
  broken ??= carryOut(scenario.setup);
  return { row, moves, past, broken };
}

/**
 * Lets happen in `row` what happens by itself, one way of many; only what hears of these events, if they are given. It was
 * long ago: the moves are told only where they break a law.
 */
async function comeToRest<World>(
  next: Successors<World>,
  row: Int32Array,
  name: string,
  heard?: readonly Event[],
): Promise<Pick<Beginning, "moves" | "broken">> {
  const ids = heard && new Set(heard.map(({ id }) => id));
  const moves: Move[] = [];
  while (moves.length < MOST_BEFORE) {
    const found = (await next.of(row)).find((one) => {
      if (one.how !== "sure" || (ids && !("hears" in one.move && ids.has(one.move.hears.id)))) return false;
      return one.broken || next.leadsOn(row, one);
    });
    if (!found) return { moves: [] };
    next.apply(row, found, row);
    moves.push(found.move);
    if (found.broken) return { moves, broken: found.broken };
  }
  throw new RangeError(`"${name}" does not come to rest before it begins`);
}
