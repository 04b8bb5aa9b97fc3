// Orders to choose from: the service orders lists them; while it does not answer, the stream has the newest.

import type { Config } from "../../shared/config.ts";
import { parseSubject, UndecodableError } from "../../shared/contracts/events.ts";
import { readEvent } from "../../shared/nats/headers.ts";
import type { NatsObserver, Stored } from "../../shared/nats/observer.ts";
import { FLOW_STREAM } from "../../shared/nats/topology.ts";
import { get, ORDERS } from "./ask.ts";

/** Which orders. */
export interface Wanted {
  readonly status?: string | undefined;
  readonly cursor?: string | undefined;
  /** A part of their ids. */
  readonly id?: string | undefined;
  /** A part of their customer's id. */
  readonly customer?: string | undefined;
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
  readonly reason?: string;
  readonly placedAt: string;
  readonly customerId: string;
  readonly totalCents: number;
  readonly currency: string;
  readonly [more: string]: unknown;
}

const PAGE = 500;
/** The most messages that are read back from the end of the stream. */
const PAGES = 4;

/** Lists orders. */
export async function list(
  config: Config,
  observer: NatsObserver | undefined,
  wanted: Wanted,
): Promise<Listed> {
  const { status, cursor, id, customer, limit } = wanted;
  const query = new URLSearchParams({ limit: `${limit}` });
  for (const [name, value] of Object.entries({ status, cursor, id, customer }))
    if (value) query.set(name, value);
  const answer = await get(config, ORDERS, `/orders?${query}`);
  if (answer?.status === 200) {
    const { orders, next } = answer.body as { orders: ListedOrder[]; next?: string };
    return { orders, ...(next && { next }), from: "orders" };
  }
  const orders = observer ? await newest(observer) : [];
  return { orders: orders.filter(isMeant(wanted)).slice(0, limit), from: "stream" };
}

/** Whether an order is searched for. */
function isMeant({ id = "", customer = "" }: Wanted): (order: ListedOrder) => boolean {
  const [part, name] = [id.toLowerCase(), customer.toLowerCase()];
  return ({ orderId, customerId }) => orderId.includes(part) && customerId.toLowerCase().includes(name);
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
