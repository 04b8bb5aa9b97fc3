// The story of one order: what was said, by whom, because of what, after which wait, and what of it should not be.

import { ENDS } from "../../shared/contracts/ends.ts";
import { type Event, type FactType, parseSubject } from "../../shared/contracts/events.ts";
import { EITHER_OR, ONLY_AFTER } from "../../shared/contracts/sequence.ts";
import { shown } from "../../shared/contracts/shown.ts";
import type { wishes } from "../../shared/nats/topology.ts";
import { type AnyService, emits } from "../../shared/service/define.ts";
import { reasonIn } from "./reason.ts";
import { span } from "./words.ts";

/** A message of the flow as it was read. */
export interface Told {
  readonly seq: number;
  /** When it was stored, in milliseconds since 1970. */
  readonly at: number;
  readonly subject: string;
  /** The event in it, and its bytes; undefined for an operator's word, and for what can't be read. */
  readonly event: Event | undefined;
  readonly payload: Uint8Array;
  /** Why it can't be read. */
  readonly fault?: string;
  /** What an operator wanted: of which service, by whom, of which event, and why. */
  readonly wish?: OperatorsWish;
}

/** What an operator has said of a parked message. */
export interface OperatorsWish {
  readonly said: keyof typeof wishes;
  readonly service: string;
  readonly by: string;
  readonly eventId: string | undefined;
  readonly reason: string | undefined;
}

/** Why something was said. */
export type Cause =
  | { readonly kind: "event"; readonly type: FactType; readonly seq: number }
  | { readonly kind: "command" | "deadline"; readonly name: string }
  | { readonly kind: "operator"; readonly by: string }
  | { readonly kind: "unknown"; readonly id: string };

/** One step of an order's story. */
export interface Step {
  readonly seq: number;
  readonly at: number;
  /** The fact, or what an operator did. */
  readonly type: string;
  readonly saidBy: string;
  readonly id: string | undefined;
  readonly cause: Cause;
  /** From when its cause was stored until it was, in milliseconds; null where the cause is none of the steps. */
  readonly waitMs: number | null;
  /** Why it was said, in its own words and in one short line; null where it does not say. */
  readonly reason: string | null;
  readonly data: unknown;
  /** What is wrong with it, as sentences. */
  readonly flags: readonly string[];
}

/** The fact that has ended the order, if it has ended. */
export function endOf(told: readonly Told[]): Told | undefined {
  return told.find(({ event }) => event && ENDS.includes(event.type));
}

/** Whether what was said of a key is about an order; goods have keys as well. */
export function isOrder(told: readonly Told[]): boolean {
  return told.some(({ event }) => event?.type !== "stock.adjusted");
}

/** The steps of an order, in the order of the stream. */
export function timeline(told: readonly Told[], services: readonly AnyService[]): Step[] {
  const byId = new Map<string, Told>();
  for (const one of told) if (one.event && !byId.has(one.event.id)) byId.set(one.event.id, one);
  return told.map((one) => step(one, told, byId, services));
}

function step(
  one: Told,
  told: readonly Told[],
  byId: ReadonlyMap<string, Told>,
  services: readonly AnyService[],
): Step {
  const { seq, at, subject, event, wish, fault } = one;
  if (wish) {
    const { said, service, by, reason } = wish;
    const cause = { kind: "operator", by } as const;
    const data = { service, ...(reason && { reason }) };
    const known = { seq, at, type: said, saidBy: by, id: undefined, cause, waitMs: null };
    return { ...known, reason: reasonIn(data), data, flags: [] };
  }
  if (!event) {
    const type = parseSubject(subject)?.type ?? subject;
    const cause = { kind: "unknown", id: "" } as const;
    const flags = [`it can't be read: ${fault}`];
    const known = { seq, at, type, saidBy: "unknown", id: undefined, cause, waitMs: null };
    return { ...known, reason: null, data: null, flags };
  }
  const { id, type, source, data } = event;
  const because = byId.get(event.causationId);
  const cause = causeOf(event, because, services);
  const waitMs = because && because !== one ? at - because.at : null;
  const flags = flagsOf(one, event, because, cause, told, services);
  const reason = reasonIn(data);
  return { seq, at, type, saidBy: source, id, cause, waitMs, reason, data: shown(data), flags };
}

function causeOf(
  { causationId, source }: Event,
  because: Told | undefined,
  services: readonly AnyService[],
): Cause {
  if (because?.event) return { kind: "event", type: because.event.type, seq: because.seq };
  const service = services.find(({ name }) => name === source);
  const begins = ({ name }: { name: string }) => causationId.startsWith(`${name} `);
  const command = service?.commands.find(begins);
  if (command) return { kind: "command", name: command.name };
  const deadline = service?.deadlines.find(begins);
  if (deadline) return { kind: "deadline", name: deadline.name };
  return { kind: "unknown", id: causationId };
}

function flagsOf(
  one: Told,
  event: Event,
  because: Told | undefined,
  cause: Cause,
  told: readonly Told[],
  services: readonly AnyService[],
): string[] {
  const notInTable = undeclared(event, cause, services);
  return [
    notInTable,
    cause.kind === "unknown" && `what led to it, ${cause.id}, is not in the stream`,
    because && because.seq > one.seq && `it is in the stream before what led to it, at ${because.seq}`,
    again(one, event, told),
    because && because.seq < one.seq && !notInTable && early(one, event, told),
    late(event, because, told, services),
  ].filter((flag) => typeof flag === "string");
}

/** Nobody's table allows it. */
function undeclared({ type, source }: Event, cause: Cause, services: readonly AnyService[]): string | false {
  const service = services.find(({ name }) => name === source);
  if (!service) return `there is no service ${source}`;
  if (!emits(service).includes(type)) return `${source} has no row in its table that says ${type}`;
  if (cause.kind !== "event") return false;
  const isAllowed = service.reactions.some(
    ({ on, emits }) => on.includes(cause.type) && emits.includes(type),
  );
  return !isAllowed && `${source} has no row in its table that says ${type} on ${cause.type}`;
}

/** It was said before, or the order had ended before, or something was said that excludes it. */
function again({ seq }: Told, { id, type }: Event, told: readonly Told[]): string | false {
  const earlier = told.filter((other) => other.seq < seq && other.event);
  const same = earlier.find(({ event }) => event!.id === id);
  if (same) return `it is in the stream already, at ${same.seq}`;
  const excludes = EITHER_OR.filter((some) => some.includes(type)).flat();
  const other = earlier.find(({ event }) => excludes.includes(event!.type));
  if (!other) return false;
  const said = `${other.event!.type} at ${other.seq}`;
  if (ENDS.includes(type)) return `the order had ended already, with ${said}`;
  return `an order has one or the other, and there was ${said}`;
}

/** It was said before all was there that it needs. */
function early({ seq }: Told, { type }: Event, told: readonly Told[]): string | false {
  const needed = ONLY_AFTER.flatMap(([only, ...after]) => (only === type ? after : []));
  const missing = needed.filter((one) => !told.some(({ seq: at, event }) => at < seq && event?.type === one));
  return missing.length > 0 && `it is in the stream before ${missing.join(" and ")}`;
}

/** A deadline that strikes is this much late at most, in milliseconds, where its service runs. */
const STRIKES_WITHIN_MS = 10_000;

/** It comes after the time at which a deadline should have decided. */
function late(
  { type, time, source, data }: Event,
  because: Told | undefined,
  told: readonly Told[],
  services: readonly AnyService[],
): string | false {
  const graceMs = "decidedBy" in data && data.decidedBy === "DEADLINE" ? STRIKES_WITHIN_MS : 0;
  const decideBy = told.flatMap(({ event }) =>
    event?.source === source && "decideBy" in event.data && event.type !== type ? [event.data.decideBy] : [],
  )[0];
  if (decideBy !== undefined && time > decideBy + graceMs)
    return `it comes ${span(time - decideBy)} after its deadline`;
  const on = because?.event;
  const row = services
    .find(({ name }) => name === source)
    ?.reactions.find(({ on: facts, emits }) => on && facts.includes(on.type) && emits.includes(type));
  const overdue = on && row?.giveUp ? time - on.time - row.giveUp.afterMs : 0;
  return overdue > 0 && `it comes ${span(overdue)} after it should have been given up`;
}
