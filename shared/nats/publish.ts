// Publishes outbox rows to the stream in order, as one atomic batch when that is cheaper; and looks what is there.

import type { JetStreamClient, JetStreamManager } from "@nats-io/jetstream";
import { type MsgHdrs, type NatsConnection, nuid } from "nats";
import { parseSubject, subjectOf } from "../contracts/events.ts";
import type { OutboxRow } from "../service/engine.ts";
import { isEventId } from "../service/event-id.ts";
import { SENT_TOGETHER } from "../service/lost.ts";
import { toHeaders } from "./headers.ts";
import { isAway } from "./observer.ts";
import { FLOW_STREAM } from "./topology.ts";

/** With fewer rows than this, single publishes cost the server fewer fsyncs than a batch's staging. */
const BATCH_FROM = 8;

const TIMEOUT_MS = 5_000;

/**
 * Publishes `rows`, 1,000 of them at most, and returns how many of them, counted from the first, are
 * stored for certain. A row stored earlier counts as stored, unless it is published `again`: then its id is another one for
 * the broker. Throws when not even the first one is.
 */
export async function publishRows(
  connection: NatsConnection,
  js: JetStreamClient,
  service: string,
  rows: readonly OutboxRow[],
  again?: string,
): Promise<number> {
  const headersOf: HeadersOf = (row, more) =>
    toHeaders(row, service, { ...(again && { "Nats-Msg-Id": [`${row.event_id} ${again}`] }), ...more });
  if (rows.length >= BATCH_FROM && (await publishBatch(connection, rows, headersOf))) return rows.length;
  return publishSingly(js, rows, headersOf);
}

/** The id of the newest event in the stream that has the subject of a row; undefined when there is none with an id. */
export async function newestLike({ direct }: JetStreamManager, row: OutboxRow): Promise<string | undefined> {
  const message = await direct.getMessage(FLOW_STREAM, { last_by_subj: subjectOf(row) });
  return message?.header.get("ce-id");
}

/**
 * The id of the newest event on each of these subjects, where `service` has said it, not before `since`. Whoever may write there may sign
 * as anyone, so an id has to be one that follows from the event's cause; and who writes what nobody can read has said nothing.
 */
export async function newestFacts(
  { direct }: JetStreamManager,
  service: string,
  subjects: readonly string[],
  since: number,
): Promise<string[]> {
  const newest = (last_by_subj: string) =>
    direct.getMessage(FLOW_STREAM, { last_by_subj }).catch((error) => {
      if (isAway(error)) throw error;
      return null;
    });
  const messages = await Promise.all(subjects.map(newest));
  return messages.flatMap((message) => {
    if (message?.header.get("ce-source") !== service) return [];
    const [id, causeId, time] = ["ce-id", "ce-causationid", "ce-time"].map((name) =>
      message.header.get(name),
    );
    if (!isEventId(id!, parseSubject(message.subject)!, causeId!, service)) return [];
    return Date.parse(time!) >= since ? [id!] : [];
  });
}

type HeadersOf = (row: OutboxRow, more?: Record<string, string[]>) => MsgHdrs;

/**
 * All rows or none, with one fsync (ADR-50). False when the server refused, as it does when one row was stored
 * before: the caller then publishes singly, which tells the two apart.
 */
async function publishBatch(
  connection: NatsConnection,
  rows: readonly OutboxRow[],
  headersOf: HeadersOf,
): Promise<boolean> {
  const batchId = nuid.next();
  const inBatch = (index: number, commit?: object) =>
    headersOf(rows[index]!, {
      "Nats-Batch-Id": [batchId],
      "Nats-Batch-Sequence": [`${index + 1}`],
      ...commit,
    });
  const last = rows.length - 1;
  for (let index = 0; index < last; index++) {
    const row = rows[index]!;
    connection.publish(subjectOf(row), row.payload, { headers: inBatch(index) });
  }
  const reply = await connection.request(subjectOf(rows[last]!), rows[last]!.payload, {
    headers: inBatch(last, { "Nats-Batch-Commit": ["1"] }),
    timeout: TIMEOUT_MS,
  });
  const ack = reply.json<{ count?: number; error?: object }>();
  return !ack.error && ack.count === rows.length;
}

async function publishSingly(
  js: JetStreamClient,
  rows: readonly OutboxRow[],
  headersOf: HeadersOf,
): Promise<number> {
  for (let stored = 0; stored < rows.length; stored += SENT_TOGETHER) {
    const sent = rows.slice(stored, stored + SENT_TOGETHER);
    const acks = await Promise.allSettled(
      sent.map((row) =>
        js.publish(subjectOf(row), row.payload, { headers: headersOf(row), timeout: TIMEOUT_MS }),
      ),
    );
    const failed = acks.findIndex(({ status }) => status === "rejected");
    if (failed === -1) continue;
    if (stored + failed > 0) return stored + failed;
    throw (acks[0] as PromiseRejectedResult).reason;
  }
  return rows.length;
}
