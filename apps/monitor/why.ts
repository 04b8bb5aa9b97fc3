// Why an order stands where it stands: one sentence, and one safe command.

import type { WorkOfKey } from "../../shared/service/work.ts";
import type { Advice } from "./advice.ts";
import { ORDERS } from "./ask.ts";
import type { Expected, Outlook } from "./expected.ts";
import type { ConsumerStand } from "./poll.ts";
import { reasonIn } from "./reason.ts";
import { endOf, isOrder, type Told } from "./timeline.ts";
import { clock, counted, span } from "./words.ts";

/** How it stands with an order: whether somebody has to act, whether it goes on by itself later, or is going on. */
export type Situation = "unknown" | "ended" | "moving" | "waiting" | "stuck";

/** The answer. */
export interface Why {
  readonly orderId: string;
  /** Whose order it is, if the stream has its beginning. */
  readonly customer: string | null;
  readonly situation: Situation;
  /** The service that has to go on, or `NATS`; null where nobody has to. */
  readonly at: string | null;
  readonly sentence: string;
  readonly command: string;
}

/** A parked message of the order. */
export interface Aside {
  readonly id: number;
  readonly service: string;
  readonly sequence: number;
  readonly what: string;
  readonly state: "failed" | "waiting";
  readonly cause: string;
  readonly attempts: number;
}

/** All that an answer rests on. Times are milliseconds since 1970. */
export interface Circumstances {
  readonly orderId: string;
  readonly now: number;
  readonly isNatsThere: boolean;
  /** Why nothing could be read of the order though NATS is there. */
  readonly unseen?: string | undefined;
  readonly told: readonly Told[];
  readonly outlook: Outlook;
  readonly consumers: readonly ConsumerStand[];
  /** What services say of the order; none of those that do not answer. */
  readonly work: ReadonlyMap<string, WorkOfKey>;
  /** Why services are not ready, in their own words. */
  readonly troubles: ReadonlyMap<string, string>;
  readonly parked: readonly Aside[];
}

/** One thing that holds the order up; the lowest rank is told. */
interface Reason {
  readonly rank: number;
  readonly situation: Situation;
  readonly at: string;
  readonly sentence: string;
  readonly command: string;
}

const PARKED = 0;
const SILENT = 1;
const UNPUBLISHED = 2;
const STALLED = 3;
const IN_VAIN = 4;
const PERSON = 5;
const BACKLOG = 6;
const UNDER_WAY = 7;

/** What becomes of a parked message. */
export const REMEDY =
  "An operator has to redrive what is parked, once the cause is fixed, or discard it; what waits behind it then goes on.";

/** Facts that wait for that long are held up; what is younger is on its way. */
const ON_ITS_WAY_MS = 2_000;

/** Why the order does not go on, if it does not. */
export function why(found: Circumstances, advice: Advice): Why {
  const { orderId, told } = found;
  return { orderId, customer: customerOf(told), ...answer(found, advice) };
}

type Answer = Omit<Why, "orderId" | "customer">;

function customerOf(told: readonly Told[]): string | null {
  for (const { event } of told) if (event?.type === "order.created") return event.data.customerId;
  return null;
}

function answer(found: Circumstances, advice: Advice): Answer {
  const { orderId, told, isNatsThere } = found;
  const look = advice.showOrder(orderId);
  if (!isNatsThere) return withoutNats(found, advice);
  if (found.unseen !== undefined) {
    const sentence = `NATS is up, but what it has on the order can't be read: ${found.unseen}. That says nothing about how the order stands.`;
    return { situation: "unknown", at: null, sentence, command: advice.askForOrder(orderId) };
  }
  const unpublished = outboxes(found, look);
  if (told.length > 0 && !isOrder(told)) {
    const sentence = `${orderId} is not an order: all that was said about it is ${told.at(-1)!.event!.type}.`;
    return { situation: "unknown", at: null, sentence, command: look };
  }
  if (told.length === 0 && unpublished.length === 0) return untold(found, advice);
  const end = endOf(told);
  const reasons = [...unpublished, ...found.outlook.expected.map((one) => reasonFor(one, found, advice))];
  const [first] = reasons.toSorted((a, b) => a.rank - b.rank);
  const ended = end && ending(end, found.now);
  if (first) {
    const { rank: _, sentence, ...rest } = first;
    return { ...rest, sentence: ended ? `${ended}; not everything is done yet: ${sentence}` : sentence };
  }
  if (ended) return { situation: "ended", at: null, sentence: `${ended}; it is not stuck.`, command: look };
  return { situation: "stuck", at: null, sentence: lost(found), command: look };
}

function ending({ at, event }: Told, now: number): string {
  const reason = reasonIn(event!.data);
  return `The order was ${event!.type.replace("order.", "")} at ${clock(at, now)}${reason ? `: ${reason}` : ""}`;
}

function withoutNats(found: Circumstances, advice: Advice): Answer {
  const [first] = outboxes(found, "");
  const held = first ? ` Meanwhile ${first.sentence}` : "";
  const sentence = `NATS is not reachable: nothing goes on until it is back, but nothing is lost.${held}`;
  return { situation: "stuck", at: "NATS", sentence, command: advice.startNats() };
}

/** The stream has nothing of it. That there is no such order is only known when those who would know have said so. */
function untold({ orderId, work }: Circumstances, advice: Advice): Answer {
  const situation = "unknown";
  const knowing = [...work].filter(([, { handled }]) => handled.length > 0).map(([service]) => service);
  if (knowing.length > 0) {
    const who = `${knowing.join(", ")} ${knowing.length === 1 ? "has" : "have"}`;
    const sentence = `The stream has nothing on order ${orderId} any more, but ${who} handled events of it: it is older than what the stream keeps, or was deleted there.`;
    return { situation, at: null, sentence, command: advice.askForOrder(orderId) };
  }
  if (!work.has(ORDERS)) {
    const sentence = `Nothing has been said about order ${orderId} so far, and ${ORDERS} does not answer: it may have taken it without being able to say so.`;
    return { situation, at: ORDERS, sentence, command: advice.restart(ORDERS) };
  }
  const sentence = `There is no order ${orderId}: nothing was ever said about it.`;
  return { situation, at: null, sentence, command: advice.listOrders() };
}

/** What is decided and not in the stream. */
function outboxes({ work, now, isNatsThere, troubles }: Circumstances, command: string): Reason[] {
  return [...work].flatMap(([service, { unpublished }]) => {
    const [first] = unpublished;
    if (!first) return [];
    const age = now - first.at;
    const isHeldUp = age > ON_ITS_WAY_MS;
    const types = unpublished.map(({ type }) => type).join(" and ");
    const because = isHeldUp && isNatsThere ? `: ${troubles.get(service) ?? "NATS does not accept it"}` : "";
    const sentence = `${service} has decided ${types}, which has been waiting in its outbox for ${span(age)}${because}.`;
    const rank = isHeldUp ? UNPUBLISHED : UNDER_WAY;
    return [{ rank, situation: isHeldUp ? "stuck" : "moving", at: service, sentence, command }];
  });
}

function reasonFor(expected: Expected, found: Circumstances, advice: Advice): Reason {
  const { service: at, kind } = expected;
  const reason =
    kind === "parked"
      ? parked(expected, found, advice)
      : kind === "waits"
        ? person(expected, found, advice)
        : (paused(expected, found, advice) ??
          silent(expected, found, advice) ??
          inVain(expected, found, advice) ??
          stalled(expected, found, advice) ??
          underWay(expected, found, advice));
  // Who has nothing to say holds nobody up: an order may go on without a mail.
  return { ...reason, at, rank: expected.says.length > 0 ? reason.rank : reason.rank + 10 };
}

type Found = Omit<Reason, "at">;

function parked({ service, on }: Expected, { parked }: Circumstances, advice: Advice): Found {
  const lane = parked.filter((one) => one.service === service).toSorted((a, b) => a.sequence - b.sequence);
  const failed = lane.find(({ state }) => state === "failed") ?? lane[0];
  const behind = lane.length - 1;
  const tries = failed && failed.attempts > 1 ? ` after ${failed.attempts} tries` : "";
  const wait =
    behind > 0
      ? ` ${counted(behind, "later event")} of the order ${behind > 1 ? "wait" : "waits"} behind it.`
      : "";
  const others = [...new Set(parked.map((one) => one.service))].filter((name) => name !== service);
  const too =
    others.length > 0
      ? ` ${others.join(", ")} ${others.length > 1 ? "have" : "has"} parked events of this order as well.`
      : "";
  const sentence = `${service} could not handle ${failed?.what ?? on!.type}${tries} and has parked it: ${failed?.cause ?? "unknown"}.${wait}${too} ${REMEDY}`;
  return { rank: PARKED, situation: "stuck", sentence, command: advice.showParked(failed?.id ?? 0) };
}

function person(expected: Expected, found: Circumstances, advice: Advice): Found {
  const { service, what, by, otherwise, says, commands } = expected;
  const { orderId, now } = found;
  const isDue = by! <= now;
  const when = isDue ? `was at ${clock(by!, now)}` : `is at ${clock(by!, now)}`;
  // Neither a person's answer nor a deadline comes to anything while nobody is there.
  if (isDown(service, found)) {
    const whom = commands.length === 0 ? "" : ` for a person to ${commands.join(" or ")} it`;
    const sentence = `${service} is not running: the order waits there${whom}, and nobody can answer until it is back; the ${what} ${when}.`;
    return { rank: SILENT, situation: "stuck", sentence, command: advice.restart(service) };
  }
  const left = isDue ? "at any moment" : `at ${clock(by!, now)}, in ${span(by! - now)}`;
  const end = `the ${what} says ${otherwise.join(" or ")} ${left}.`;
  const situation = "waiting";
  if (commands.length === 0) {
    const sentence = `The order waits: ${end}`;
    return { rank: PERSON, situation, sentence, command: advice.showOrder(orderId) };
  }
  const deeds = commands.join(" or ");
  const where = `It is answered on the monitor's page, or by POST ${advice.reviewAt(orderId)}.`;
  const sentence = `The order waits for a person to ${deeds} it: ${says.join(" or ")}. Without an answer ${end} ${where}`;
  return { rank: PERSON, situation, sentence, command: advice.showOrder(orderId) };
}

function paused(expected: Expected, found: Circumstances, advice: Advice): Found | undefined {
  const { service, on } = expected;
  const { work, now } = found;
  const until = standOf(service, found)?.pausedUntil;
  // A call that is under way ends all the same.
  if (until === undefined || work.get(service)?.isBusy) return undefined;
  const then = isDown(service, found)
    ? `${service} is not running either: it has to be started as well.`
    : `Restarting ${service} does not change that.`;
  const sentence = `Somebody has paused the consumer of ${service} in NATS until ${clock(until, now)}: ${on!.type} has been waiting for it for ${span(now - on!.at)}. ${then}`;
  return { rank: SILENT, situation: "stuck", sentence, command: advice.resume(service) };
}

function silent({ service, on }: Expected, found: Circumstances, advice: Advice): Found | undefined {
  const stand = standOf(service, found);
  if (stand?.status !== "NOBODY LISTENING") return undefined;
  const trouble = found.troubles.get(service);
  const state = isDown(service, found)
    ? "is not running"
    : `is running but does not listen to NATS${trouble ? ` (${trouble})` : ""}`;
  const others = stand.lag > 1 ? `, along with ${counted(stand.lag - 1, "other event")}` : "";
  const sentence = `${service} ${state}: ${on!.type} has been waiting for it for ${span(found.now - on!.at)}${others}.`;
  return { rank: SILENT, situation: "stuck", sentence, command: advice.restart(service) };
}

function inVain(
  expected: Expected,
  { work, now, orderId }: Circumstances,
  advice: Advice,
): Found | undefined {
  const { service, on, what, by, otherwise } = expected;
  const own = work.get(service);
  const tries = own?.tries.find(({ eventId }) => eventId === on!.id);
  const isPaused = expected.kind === "performs" && own?.pausedUntil != null;
  if (!tries && !isPaused) return undefined;
  const cause = tries?.cause ?? own?.pausedFor ?? "unknown";
  const times = tries ? `, ${counted(tries.times, "time")} since ${clock(tries.firstAt, now)}` : "";
  const asked = tries
    ? `${service} has asked in vain for the ${what ?? "call"} after ${on!.type}${times}: ${cause}.`
    : `${service} can't ask for the ${what ?? "call"} after ${on!.type}, since nobody outside answers: ${cause}.`;
  const paused = isPaused
    ? ` Calls are paused for all orders, except for one at a time to find out whether anybody answers again.`
    : "";
  const end =
    by === null
      ? " It goes on by itself."
      : ` It goes on by itself until ${clock(by, now)}: then ${otherwise.join(" and ")}.`;
  return {
    rank: IN_VAIN,
    situation: "waiting",
    sentence: asked + paused + end,
    command: advice.showOrder(orderId),
  };
}

function stalled({ service, on }: Expected, found: Circumstances, advice: Advice): Found | undefined {
  const stand = standOf(service, found);
  if (stand?.status !== "STALLED") return undefined;
  const sentence = `${service} listens but makes no progress: ${stand.why}. ${on!.type} is one of them.`;
  return { rank: STALLED, situation: "stuck", sentence, command: advice.restart(service) };
}

function underWay({ service, on, what, says }: Expected, found: Circumstances, advice: Advice): Found {
  const { now, orderId, work } = found;
  const command = advice.showOrder(orderId);
  const stand = standOf(service, found);
  const age = span(now - on!.at);
  if (stand && on!.seq > stand.deliveredSeq && stand.pending > 0) {
    const left = stand.etaSeconds === null ? "" : `, for about ${span(stand.etaSeconds * 1_000)} more`;
    const sentence = `${service} is working through ${counted(stand.lag, "event")}${left}: ${on!.type} has been waiting for its turn for ${age}.`;
    return { rank: BACKLOG, situation: "moving", sentence, command };
  }
  if (!work.has(service)) {
    const sentence = `${service} does not answer at the moment, so nobody knows whether it is at work on ${on!.type}, which was said ${age} ago.`;
    return { rank: UNDER_WAY, situation: "moving", sentence, command };
  }
  const does = work.get(service)?.isBusy ? `is asking for the ${what ?? "call"} after` : "is at work on";
  const next = says.length > 0 ? `; next is ${says.join(" or ")}` : "";
  const sentence = `${service} ${does} ${on!.type}, which was said ${age} ago${next}.`;
  return { rank: UNDER_WAY, situation: "moving", sentence, command };
}

/** Nobody has anything to do, and it has not ended. */
function lost({ told, outlook, now }: Circumstances): string {
  const given = told.find(({ wish }) => wish?.said === "discarded")?.wish;
  const waits = outlook.waiting.map(
    ({ service, missing }) => `${service} waits for ${missing.join(" and ")}`,
  );
  const rest = waits.length > 0 ? `; ${waits.join(", ")}` : "";
  const last = told.at(-1)!;
  if (given) {
    const reason = given.reason ? ` (${given.reason})` : "";
    return `Nobody has anything left to do for this order: ${given.by} has discarded a message at ${given.service}${reason}${rest}.`;
  }
  return `Nobody has anything left to do for this order, but it has not ended: the last thing said was ${last.event?.type ?? last.subject}, at ${clock(last.at, now)}${rest}.`;
}

function standOf(service: string, { consumers }: Circumstances): ConsumerStand | undefined {
  return consumers.find(({ name }) => name === service);
}

/** Neither asks NATS for events nor answers. */
function isDown(service: string, found: Circumstances): boolean {
  return !found.work.has(service) && standOf(service, found)?.status === "NOBODY LISTENING";
}
