// How far a service has published its facts, where that is not at once, and what may happen on the way.

import type { Event } from "../../contracts/events.ts";
import type { Cell } from "./cell.ts";
import type { Successor } from "./setting.ts";

/** The most facts of one service. */
export const MOST_FACTS = 64;

/** One number for how many facts of a service the stream has, and how many the service knows to be there. */
export function progressOf(stored: number, sent: number): number {
  return stored * MOST_FACTS + sent;
}

/** How many facts the stream has. */
export function storedOf(progress: number): number {
  return Math.floor(progress / MOST_FACTS);
}

/** How many facts the service knows to be in the stream. */
export function sentOf(progress: number): number {
  return progress % MOST_FACTS;
}

/** The next fact reaches the stream, or the service is killed and forgets how far it had come. */
export function publishing(
  { service, states }: Cell,
  cell: number,
  state: number,
  progress: number,
  events: readonly Event[],
): Successor[] {
  const { said, persisted } = states[state]!;
  if (said.length >= MOST_FACTS) throw new RangeError(`${service.name} says more than ${MOST_FACTS} facts`);
  const [stored, sent] = [storedOf(progress), sentOf(progress)];
  const base = { cell, to: -1, around: -1, said: [] };
  const found: Successor[] = [];
  if (sent < said.length) {
    const publishes = events[said[sent]!]!;
    const after = progressOf(Math.max(stored, sent + 1), sent + 1);
    found.push({ ...base, move: { service: service.name, publishes }, how: "sure", progress: after });
  }
  if (sent !== persisted) {
    const after = progressOf(stored, persisted);
    found.push({ ...base, move: { service: service.name, killed: true }, how: "chance", progress: after });
  }
  return found;
}
