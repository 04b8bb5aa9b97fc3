// Orders to choose from: the service orders lists them; while it does not answer, the stream has the newest.

import type { Config } from "../../shared/config.ts";
import { parseSubject, UndecodableError } from "../../shared/contracts/events.ts";
import { readEvent } from "../../shared/nats/headers.ts";
import type { NatsObserver, Stored } from "../../shared/nats/observer.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { get } from "./ask.ts";

/** Which orders. */
export interface Wanted {
  readonly status?: string | undefined;
  readonly cursor?: string | undefined;
  /** How their ids begin. */
  readonly id?: string | undefined;
  readonly limit: number;
}

/** A page of orders, newest first. */
export interface Listed {
  readonly orders: readonly ListedOrder[];
  readonly next?: string;
  readonly from: "orders" | "stream";
}

/** An order in a list; the service orders tells more of it. */
export interface ListedOrder {
  readonly orderId: string;
  readonly status: string;
  readonly placedAt: string;
  readonly totalCents: number;
  readonly [more: string]: unknown;
}

const PAGE = 500;
/** The most messages that are read back from the end of the stream. */
const PAGES = 4;

/** The last id that begins like this, for a list that goes back from there; ids are UUIDs of version 7. */
const LAST_ID = "ffffffff-ffff-7fff-bfff-ffffffffffff";

/** Lists orders. */
export async function list(
  config: Config,
  observer: NatsObserver | undefined,
  wanted: Wanted,
): Promise<Listed> {
  const { status, cursor, id, limit } = wanted;
  const begin = id?.toLowerCase() ?? "";
  const before = cursor ?? (begin ? justBehind(begin) : undefined);
  const query = new URLSearchParams({ limit: `${limit}` });
  if (status) query.set("status", status);
  if (before) query.set("cursor", before);
  const answer = await get(config, "orders", `/orders?${query}`);
  if (answer?.status === 200) {
    const page = answer.body as { orders: ListedOrder[]; next?: string };
    const orders = page.orders.filter(({ orderId }) => orderId.startsWith(begin));
    const isCut = orders.length < page.orders.length;
    return { orders, ...(page.next && !isCut && { next: page.next }), from: "orders" };
  }
  const orders = observer ? await newest(observer) : [];
  return {
    orders: orders.filter(({ orderId }) => orderId.startsWith(begin)).slice(0, limit),
    from: "stream",
  };
}

/** The id that comes after all that begin like this. */
function justBehind(begin: string): string {
  const padded = begin + LAST_ID.slice(begin.length);
  const at = padded.length - 1;
  return begin.length < LAST_ID.length ? padded : `${padded.slice(0, at)}${next(padded[at]!)}`;
}

function next(digit: string): string {
  return Math.min(15, Number.parseInt(digit, 16) + 1).toString(16);
}

/** The orders that were placed last, as far back as 2,000 messages of the stream go. */
async function newest(observer: NatsObserver): Promise<ListedOrder[]> {
  const { lastSeq } = await observer.stream(FLOW_STREAM);
  const pages = Array.from({ length: PAGES }, (_, n) => lastSeq + 1 - PAGE * (n + 1)).filter(
    (seq) => seq + PAGE > 1,
  );
  const found = await Promise.all(
    pages.map((seq) => observer.messages(FLOW_STREAM, Math.max(1, seq), seq < 1 ? PAGE + seq - 1 : PAGE)),
  );
  return found
    .flat()
    .sort((a, b) => b.seq - a.seq)
    .flatMap((message) => placed(message) ?? []);
}

function placed({ subject, header: headers, data }: Stored): ListedOrder | undefined {
  if (parseSubject(subject)?.type !== "order.created") return undefined;
  try {
    const event = readEvent({ subject, headers, data });
    if (event.type !== "order.created") return undefined;
    const { orderId, totalCents, currency, customerId, plan } = event.data;
    const placedAt = new Date(event.time).toISOString();
    return { orderId, status: "unknown", placedAt, totalCents, currency, customerId, plan };
  } catch (error) {
    if (error instanceof UndecodableError) return undefined;
    throw error;
  }
}
